import type { ReactNode } from 'react';
import type { CombinedError } from 'urql';
import { problemOf } from '../api/problems';
import { useFormat, useWords } from '../language/Language';
import { useViewer } from '../session/Session';
import { Button } from './Button';
import { Icon, type IconName } from './icons';
import styles from './states.module.css';

/** A placeholder for content that is loading. */
export function Loading() {
  const words = useWords();
  return (
    <div className={styles.state} role="status">
      <span className={styles.spinner} aria-hidden="true" />
      <p>{words.states.loading}</p>
    </div>
  );
}

/** What stands where there is no content (yet): what it would be, and how to get it. */
export function Empty({
  icon,
  title,
  children,
  actions,
}: {
  icon: IconName;
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <div className={styles.state}>
      <span className={styles.icon}>
        <Icon name={icon} size={28} />
      </span>
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {actions && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}

/** Says why something could not be loaded, in words that help, and offers to try again. */
export function ErrorState({ error, retry }: { error: CombinedError; retry?: () => void }) {
  const { states, actions, navigation } = useWords();
  const format = useFormat();
  const viewer = useViewer();
  const problem = problemOf(error);
  const wait = problem.retryAfter === null ? null : format.seconds(problem.retryAfter);
  const [icon, title, text]: [IconName, string, string] = {
    offline: ['offline', states.offlineTitle, states.offline] as [IconName, string, string],
    busy: ['warning', states.busyTitle, states.busy(wait)] as [IconName, string, string],
    forbidden: [
      'keys', states.forbiddenTitle, states.forbidden(navigation.roles[viewer.role]),
    ] as [IconName, string, string],
    unauthenticated: ['keys', states.errorTitle, problem.message] as [IconName, string, string],
    other: ['warning', states.errorTitle, problem.message] as [IconName, string, string],
  }[problem.kind];
  return (
    <div role="alert">
      <Empty
        icon={icon}
        title={title}
        actions={
          retry && problem.kind !== 'forbidden' && <Button icon="again" label={actions.retry} onClick={retry} />
        }
      >
        {text}
      </Empty>
    </div>
  );
}

/** A notice within a page: good to know, a warning, or an error. */
export function Notice({ kind = 'info', children }: { kind?: 'info' | 'warning' | 'error'; children: ReactNode }) {
  return (
    <div className={styles[kind]} {...(kind === 'error' && { role: 'alert' })}>
      <Icon name={kind === 'info' ? 'info' : 'warning'} size={18} />
      <div>{children}</div>
    </div>
  );
}
