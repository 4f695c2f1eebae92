import { Client, fetchExchange, mapExchange, subscriptionExchange, type Exchange, type ExecutionResult } from 'urql';
import { createClient as createSocket, type Client as Socket } from 'graphql-ws';
import { keyHeaders } from '../session/api-key';
import { GRAPHQL_URL, SOCKET_URL } from './addresses';
import { cache } from './cache';
import { problemOf } from './problems';
import { resuming } from './resuming';

/** How the pages reach the server, with one key. */
export interface Api {
  /** For everything but endless lists: answers are normalized and shared between pages. */
  client: Client;
  /** For lists without end, which keep what they show themselves, within a bound. */
  uncached: Client;
  /** Uses another key from now on; subscriptions continue where they are. */
  renew: (key: string) => void;
  close: () => void;
}

/**
 * Opens the API.
 *
 * @param onRefused Called when the server does not accept the key, or no longer.
 */
export function openApi(key: string | null, onRefused: (message: string) => void): Api {
  let current = key;
  const socket = openSocket(() => keyHeaders(current), onRefused);
  const watch = mapExchange({
    onError(error) {
      const problem = problemOf(error);
      if (problem.kind === 'unauthenticated') onRefused(problem.message);
    },
  });
  const subscriptions = subscriptionExchange({
    forwardSubscription: ({ query = '', variables }) => ({
      subscribe: (sink) => ({
        unsubscribe: socket.subscribe(
          { query, variables },
          { ...sink, next: (result) => sink.next(result as ExecutionResult) },
        ),
      }),
    }),
  });
  const open = (...first: Exchange[]) =>
    new Client({
      url: GRAPHQL_URL,
      preferGetMethod: false,
      // Multipart requests need the second header, which no form of another site can send.
      fetchOptions: () => ({ headers: { ...keyHeaders(current), 'graphql-require-preflight': '1' } }),
      exchanges: [watch, ...first, fetchExchange, subscriptions],
    });
  return {
    client: open(cache()),
    uncached: open(),
    renew: (next) => {
      current = next;
      socket.terminate(); // it connects again with the new key
    },
    close: () => void socket.dispose(),
  };
}

const REFUSED = 4403;

function openSocket(headers: () => Record<string, string>, onRefused: (message: string) => void): Socket {
  return createSocket({
    url: SOCKET_URL,
    connectionParams: headers,
    retryAttempts: Infinity,
    shouldRetry: (event) => !isClosed(event) || event.code !== REFUSED,
    ...resuming({
      closed(event) {
        if (isClosed(event) && event.code === REFUSED) onRefused(event.reason);
      },
    }),
  });
}

function isClosed(event: unknown): event is CloseEvent {
  return event instanceof CloseEvent;
}
