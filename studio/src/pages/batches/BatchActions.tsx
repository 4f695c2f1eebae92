import { newIdempotencyKey } from 'gql-server-client';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { useChange } from '../../api/useChange';
import { Button } from '../../design/Button';
import { Confirmation } from '../../design/Dialog';
import { useToast } from '../../design/Toasts';
import { useFormat, useWords } from '../../language/Language';
import { useMay } from '../../session/Session';
import { CANCEL, RESUME, RETRY, type Batch } from './queries';
import { isActive } from './status';

/** What can be done with a batch in its state. */
export function BatchActions({ batch }: { batch: Batch }) {
  const { batches: words } = useWords();
  const format = useFormat();
  const may = useMay();
  const toast = useToast();
  const [, goTo] = useLocation();
  const [isAsking, setAsking] = useState(false);
  // A retry whose answer was lost is sent again as the same request.
  const [retryKey] = useState(newIdempotencyKey);
  const cancel = useChange(CANCEL);
  const resume = useChange(RESUME);
  const retry = useChange(RETRY);
  if (!may('CREATOR')) return null;

  async function cancelIt() {
    if (await cancel.run({ input: { id: batch.id } })) toast({ text: words.cancelled });
    setAsking(false);
  }

  async function retryIt() {
    const payload = await retry.run({ input: { id: batch.id, idempotencyKey: retryKey } });
    if (payload?.batch) goTo(`/studio/batches/${payload.batch.id}`);
  }

  return (
    <>
      {batch.status === 'PAUSED' && (
        <Button
          kind="primary"
          icon="play"
          label={words.resume}
          isBusy={resume.isBusy}
          onClick={() => void resume.run({ input: { id: batch.id } })}
        />
      )}
      {!isActive(batch) && batch.failed > 0 && (
        <Button
          kind="primary"
          icon="again"
          label={words.retryFailed(batch.failed, format.number(batch.failed))}
          isBusy={retry.isBusy}
          onClick={() => void retryIt()}
        />
      )}
      {isActive(batch) && batch.status !== 'CANCELING' && (
        <Button kind="danger" icon="close" label={words.cancel} onClick={() => setAsking(true)} />
      )}
      {isAsking && (
        <Confirmation
          title={words.cancelTitle}
          confirm={words.cancel}
          isBusy={cancel.isBusy}
          onConfirm={() => void cancelIt()}
          onClose={() => setAsking(false)}
        >
          <p>{words.cancelText(format.number(batch.queued))}</p>
        </Confirmation>
      )}
    </>
  );
}
