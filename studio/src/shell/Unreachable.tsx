import { Button } from '../design/Button';
import { useWords } from '../language/Language';
import { Welcome } from './Welcome';

/** Shown instead of the studio while the server does not answer. */
export function Unreachable({ message, retry }: { message: string; retry: () => void }) {
  const { states, actions } = useWords();
  return (
    <Welcome title={message ? states.errorTitle : states.offlineTitle}>
      <p role="alert">{message || states.offline}</p>
      <Button kind="primary" icon="again" label={actions.retry} onClick={retry} />
    </Welcome>
  );
}
