/**
 * Returns an idempotency key for a new request. Repeated with its key, a request runs and is charged
 * once.
 */
export function newIdempotencyKey(): string {
  // crypto.randomUUID is missing on pages without TLS.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Returns an input with its idempotency key, or with a new one if it has none. */
export function withIdempotencyKey<Input extends { idempotencyKey?: string | null | undefined }>(input: Input): Input {
  return { ...input, idempotencyKey: input.idempotencyKey ?? newIdempotencyKey() };
}
