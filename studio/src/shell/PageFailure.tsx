import { Component, type ReactNode } from 'react';
import { Button } from '../design/Button';
import { Empty } from '../design/states';
import { useWords } from '../language/Language';

type Kind = 'offline' | 'newVersion' | 'error';

/** Shown instead of a page that cannot be loaded: a new version replaced its files, or there is no network. */
export class PageFailure extends Component<{ children: ReactNode }, { kind: Kind | null }> {
  override state: { kind: Kind | null } = { kind: null };

  static getDerivedStateFromError(error: unknown) {
    return { kind: kindOf(error) };
  }

  override render() {
    return this.state.kind ? <Failed kind={this.state.kind} /> : this.props.children;
  }
}

function kindOf(error: unknown): Kind {
  if (!(error instanceof Error) || !/dynamically imported module|module script|preload/i.test(error.message)) return 'error';
  return navigator.onLine ? 'newVersion' : 'offline';
}

function Failed({ kind }: { kind: Kind }) {
  const { states, actions } = useWords();
  const [icon, title, text] = (
    {
      offline: ['offline', states.offlineTitle, states.offlinePage],
      newVersion: ['again', states.newVersionTitle, states.newVersion],
      error: ['warning', states.errorTitle, states.brokenPage],
    } as const
  )[kind];
  return (
    <div role="alert">
      <Empty
        icon={icon}
        title={title}
        actions={<Button kind="primary" icon="again" label={actions.reload} onClick={() => location.reload()} />}
      >
        {text}
      </Empty>
    </div>
  );
}
