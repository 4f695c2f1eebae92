import { useSyncExternalStore } from 'react';
import { Notice } from '../design/states';
import { useWords } from '../language/Language';

/** Says that the browser has no network, while it has none. */
export function OfflineBanner() {
  const { states } = useWords();
  const isOnline = useSyncExternalStore(watch, () => navigator.onLine);
  return (
    <div role="status">
      {!isOnline && <Notice kind="warning">{states.offlineBanner}</Notice>}
    </div>
  );
}

function watch(changed: () => void): () => void {
  addEventListener('online', changed);
  addEventListener('offline', changed);
  return () => {
    removeEventListener('online', changed);
    removeEventListener('offline', changed);
  };
}
