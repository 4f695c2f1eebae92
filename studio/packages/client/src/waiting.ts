const FIRST_MILLISECONDS = 250;
/** The longest wait between two attempts, without its jitter. */
export const LONGEST_MILLISECONDS = 5000;

/** Waits, and rejects with the signal's reason when it is aborted. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** Returns how long to wait before an attempt; the jitter keeps clients apart after a restart. */
export function backoff(failures: number): number {
  return Math.min(FIRST_MILLISECONDS * 2 ** failures, LONGEST_MILLISECONDS) * (0.75 + Math.random() / 2);
}
