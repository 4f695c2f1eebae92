import { Badge } from '../../design/Card';
import { Bar } from '../../design/Bar';
import { useFormat, useWords } from '../../language/Language';
import type { Batch, BatchStatus } from './queries';

const KINDS = {
  QUEUED: 'plain',
  RUNNING: 'accent',
  PAUSED: 'warning',
  CANCELING: 'warning',
  SUCCEEDED: 'good',
  PARTIALLY_FAILED: 'warning',
  FAILED: 'bad',
  CANCELED: 'plain',
} as const;

const ACTIVE: readonly BatchStatus[] = ['QUEUED', 'RUNNING', 'PAUSED', 'CANCELING'];

/** Returns whether something may still happen to a batch. */
export function isActive({ status }: Pick<Batch, 'status'>): boolean {
  return ACTIVE.includes(status);
}

export function BatchBadge({ status }: { status: BatchStatus }) {
  return <Badge kind={KINDS[status]} label={useWords().batches.statuses[status]} />;
}

/** What has finished of a batch, by how it ended. */
export function BatchBar({ batch, isThin = false }: { batch: Batch; isThin?: boolean }) {
  const { batches } = useWords();
  const format = useFormat();
  const { total, succeeded, failed, canceled } = batch;
  return (
    <Bar
      label={batches.progress}
      text={batches.finishedOf(format.number(succeeded + failed + canceled), format.number(total))}
      total={total}
      isThin={isThin}
      parts={[
        { kind: batch.status === 'PAUSED' ? 'warning' : 'good', value: succeeded },
        { kind: 'bad', value: failed },
        { kind: 'muted', value: canceled },
      ]}
    />
  );
}
