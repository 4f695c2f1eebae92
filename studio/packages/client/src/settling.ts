import { pause } from './waiting.js';

const PENDING: ReadonlySet<string> = new Set(['GENERATION_PENDING', 'IDEMPOTENCY_IN_PROGRESS', 'BATCH_PENDING']);
const PAUSE_MILLISECONDS = 1000;

/**
 * Sends a request until it has ended, and returns its payload: while its image or batch is pending,
 * it is sent again. The request must have an idempotency key, so that all of them are one.
 *
 * @param send Sends the request once.
 * @param waitSeconds For how long to wait. The last payload then says that it is pending.
 */
export async function untilSettled<P extends { userErrors: readonly { code: string }[] }>(
  send: () => Promise<P>,
  { waitSeconds = Infinity, signal }: { waitSeconds?: number; signal?: AbortSignal | undefined } = {},
): Promise<P> {
  const end = Date.now() + waitSeconds * 1000;
  for (;;) {
    const payload = await send();
    const [first] = payload.userErrors;
    if (!first || !PENDING.has(first.code) || Date.now() + PAUSE_MILLISECONDS > end) return payload;
    await pause(PAUSE_MILLISECONDS, signal);
  }
}
