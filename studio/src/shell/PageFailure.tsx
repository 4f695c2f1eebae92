import { Component, type ReactNode } from 'react';
import { Button } from '../design/Button';
import { Empty } from '../design/states';
import { useWords } from '../language/Language';

/** Stands in for a page that cannot be shown: most likely a new version replaced its files. */
export class PageFailure extends Component<{ children: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render() {
    return this.state.hasFailed ? <Failed /> : this.props.children;
  }
}

function Failed() {
  const { states, actions } = useWords();
  return (
    <div role="alert">
      <Empty
        icon="again"
        title={states.newVersionTitle}
        actions={<Button kind="primary" label={actions.reload} onClick={() => location.reload()} />}
      >
        {states.newVersion}
      </Empty>
    </div>
  );
}
