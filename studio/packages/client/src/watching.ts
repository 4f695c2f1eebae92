import type { CallOptions, Connection } from './connection.js';
import { isTemporary, GqlServerError, notFound, ServerUnreachable } from './errors.js';
import {
  BatchProgressDocument, FinishedItemsDocument, type BatchProgressSubscription, type FinishedItemsQuery,
} from './generated.js';
import { batchFrom, itemFrom, progressFrom, type BatchProgress } from './results.js';
import type { Subscriptions } from './subscriptions.js';
import { backoff, pause } from './waiting.js';

const POLL_MILLISECONDS = 2000;
const POLLS = 15;
/** The server returns at most so many items at once. */
const PAGE = 100;

export interface WatchOptions extends CallOptions {
  /** The last `sequence` that you received; 0, the default, reports every finished item. */
  after?: number | undefined;
}

/**
 * Yields the progress of a batch until it has finished: each finished item once, also over lost
 * connections and restarts of the server. Where WebSockets do not pass, it polls.
 */
export async function* watchBatch(
  connection: Connection,
  subscriptions: Subscriptions,
  id: string,
  { after = 0, signal }: WatchOptions,
): AsyncGenerator<BatchProgress, void, void> {
  let position = after;
  for (let failures = 0; ; ) {
    signal?.throwIfAborted();
    try {
      if (subscriptions.isPossible) {
        const events = subscriptions.run(String(BatchProgressDocument), { id, after: position }, { signal });
        for await (const data of events) {
          const progress = progressFrom((data as BatchProgressSubscription).batchProgress);
          position = progress.sequence;
          failures = 0;
          yield progress;
        }
        return;
      }
    } catch (error) {
      if (!(error instanceof GqlServerError)) throw error;
      if (error.code === 'BAD_REQUEST') await read(connection, id, position, signal); // says if there is no such batch
      if (!isTemporary(error)) throw error;
      // An error of the server, and not of the way to it: wait, and continue there.
      if (!(error instanceof ServerUnreachable)) {
        await pause(error.retryAfter === null ? backoff(failures++) : error.retryAfter * 1000, signal);
        continue;
      }
    }
    for (let polls = 0; polls < POLLS; polls += 1) {
      const { batch, finishedItems } = await read(connection, id, position, signal);
      position = finishedItems.at(-1)?.sequence ?? position;
      yield { sequence: position, batch: batchFrom(batch), finishedItems: finishedItems.map(itemFrom) };
      const isWhole = finishedItems.length < PAGE;
      if (batch.finishedAt !== null && isWhole) return;
      if (isWhole) await pause(POLL_MILLISECONDS, signal);
    }
  }
}

async function read(connection: Connection, id: string, after: number, signal: AbortSignal | undefined) {
  const data = await connection.run(String(FinishedItemsDocument), { id, after }, { isSafe: true, signal });
  const { batch } = data as FinishedItemsQuery;
  if (!batch) throw notFound('Batch', id);
  const { finishedItems, ...rest } = batch;
  return { batch: rest, finishedItems };
}
