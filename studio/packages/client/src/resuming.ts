import { createClient, type Client, type ClientOptions, type SubscribePayload } from 'graphql-ws';

type Event = { batchProgress?: { sequence?: number }; imageCreated?: { id?: string } };

/** The server closes a WebSocket with this code when the key is not accepted, or no longer. */
export const REFUSED_CODE = 4403;

/**
 * Creates a client of graphql-ws whose subscriptions continue after a lost connection where they
 * were: nothing is missed or repeated. Use it directly, or in Apollo's `GraphQLWsLink`, urql's
 * `subscriptionExchange` or Relay's network.
 *
 * graphql-ws subscribes again with the first variables, so `after` is replaced by the position of
 * the last event. An operation must declare the variable `after`, and select `sequence` of
 * `batchProgress` or the `id` of `imageCreated`.
 *
 * @param options Those of graphql-ws. By default it retries without end, unless the key is refused.
 */
export function createResumingSocket(options: Omit<ClientOptions, 'jsonMessageReplacer'>): Client {
  const last = new Map<string, string | number>(); // by operation
  const client = createClient({
    retryAttempts: Infinity,
    shouldRetry: (event) => closeCodeOf(event) !== REFUSED_CODE,
    ...options,
    jsonMessageReplacer(key, message) {
      if (key !== '' || !message?.id || !last.has(message.id)) return message;
      const after = last.get(message.id);
      if (message.type !== 'subscribe') {
        last.delete(message.id);
        return message;
      }
      const payload = message.payload as SubscribePayload;
      return { ...message, payload: { ...payload, variables: { ...payload.variables, after } } };
    },
  });
  client.on('message', (message) => {
    if (message.type === 'next') {
      const { batchProgress, imageCreated } = (message.payload.data ?? {}) as Event;
      const after = batchProgress?.sequence ?? imageCreated?.id;
      if (after !== undefined) last.set(message.id, after);
    } else if (message.type === 'complete' || message.type === 'error') {
      last.delete(message.id);
    }
  });
  return client;
}

/** Returns the code with which a WebSocket was closed; null if the event is another one. */
export function closeCodeOf(event: unknown): number | null {
  const isClose = typeof event === 'object' && event !== null && 'code' in event && 'reason' in event;
  return isClose && typeof event.code === 'number' ? event.code : null;
}
