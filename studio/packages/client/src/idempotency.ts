/**
 * Returns an idempotency key for a new request. Repeated with its key, a request runs and is charged
 * once.
 */
export function newIdempotencyKey(): string {
  // crypto.randomUUID is missing on pages without TLS.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
