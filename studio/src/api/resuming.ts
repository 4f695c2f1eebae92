import type { ClientOptions, SubscribePayload } from 'graphql-ws';

type Event = { batchProgress?: { sequence?: number }; imageCreated?: { id?: string } };

/**
 * Makes subscriptions continue after a lost connection where they were: graphql-ws subscribes again
 * with the first variables, so `after` is replaced by the position of the last event.
 *
 * An operation must declare the variable `after` and select `sequence` or the image's `id`.
 */
export function resuming(
  listeners: Pick<NonNullable<ClientOptions['on']>, 'closed'> = {},
): Pick<ClientOptions, 'on' | 'jsonMessageReplacer'> {
  const last = new Map<string, string | number>(); // by operation
  return {
    on: {
      ...listeners,
      message(message) {
        if (message.type === 'next') {
          const { batchProgress, imageCreated } = (message.payload.data ?? {}) as Event;
          const after = batchProgress?.sequence ?? imageCreated?.id;
          if (after !== undefined) last.set(message.id, after);
        } else if (message.type === 'complete' || message.type === 'error') {
          last.delete(message.id);
        }
      },
    },
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
  };
}
