import { useEffect, useState } from 'react';
import { Link } from 'wouter';
import { Button } from '../../design/Button';
import { Empty, Notice } from '../../design/states';
import { Money } from '../../design/values';
import { useFormat, useWords } from '../../language/Language';
import { Picture } from '../../pictures/Picture';
import type { Attempt } from './attempts';
import styles from './Make.module.css';

/** The requested images: finished, running and failed. */
export function Attempts({
  attempts,
  onRetry,
  onDismiss,
}: {
  attempts: readonly Attempt[];
  onRetry: (attempt: Attempt) => void;
  onDismiss: (attempt: Attempt) => void;
}) {
  const { make } = useWords();
  if (attempts.length === 0) {
    return (
      <Empty icon="make" title={make.emptyTitle}>
        {make.empty}
      </Empty>
    );
  }
  return (
    <ol className={styles.attempts}>
      {attempts.map((attempt) => (
        <li key={attempt.key}>
          <Shown attempt={attempt} onRetry={() => onRetry(attempt)} onDismiss={() => onDismiss(attempt)} />
        </li>
      ))}
    </ol>
  );
}

function Shown({ attempt, onRetry, onDismiss }: { attempt: Attempt; onRetry: () => void; onDismiss: () => void }) {
  const { make, actions, states } = useWords();
  const format = useFormat();
  const { state, input } = attempt;
  if (state.kind === 'running') return <Running attempt={attempt} />;
  if (state.kind === 'made') {
    const { image, warnings } = state;
    return (
      <figure>
        <Link href={`/studio/images/${image.id}`} style={{ aspectRatio: `${image.width} / ${image.height}` }}>
          <Picture url={image.r2Url} placeholder={image.placeholder} alt={image.prompt} />
        </Link>
        <figcaption>
          <Money dollars={image.cost} /> · {format.seconds(image.seconds)}
        </figcaption>
        {warnings.map((message) => (
          <Notice key={message} kind="warning">
            {message}
          </Notice>
        ))}
      </figure>
    );
  }
  const canRetry = state.kind === 'lost' || state.isRetryable;
  return (
    <div className={styles.failed}>
      <Notice kind="error">
        <p>{state.message || states.offlineTitle}</p>
        <p className={styles.hint}>{state.kind === 'lost' ? make.lost : make.failed}</p>
      </Notice>
      <p className={styles.hint}>{input.prompt}</p>
      <div className={styles.buttons}>
        {canRetry && <Button icon="again" label={actions.retry} onClick={onRetry} />}
        <Button kind="quiet" label={actions.dismiss} onClick={onDismiss} />
      </div>
    </div>
  );
}

function Running({ attempt: { startedAt, input } }: { attempt: Attempt }) {
  const { make } = useWords();
  const format = useFormat();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const ratio = input.width && input.height ? `${input.width} / ${input.height}` : '1';
  return (
    <div className={styles.running} style={{ aspectRatio: ratio }} role="status" aria-label={make.running}>
      <strong aria-hidden="true">{format.seconds(Math.floor((now - startedAt) / 1000))}</strong>
      <p>{make.running}</p>
    </div>
  );
}
