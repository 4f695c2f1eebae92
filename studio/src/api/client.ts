import { closeCodeOf, createResumingSocket, GqlServerClient, PREFLIGHT_HEADERS, REFUSED_CODE } from 'gql-server-client';
import { Client, fetchExchange, mapExchange, subscriptionExchange, type Exchange, type ExecutionResult } from 'urql';
import { keyHeaders } from '../session/api-key';
import { GRAPHQL_URL, SERVER_URL, SOCKET_URL } from './addresses';
import { cache } from './cache';
import { problemOf } from './problems';

/** How the pages reach the server, with one key. */
export interface Api {
  /** For everything but endless lists: answers are normalized and shared between pages. */
  client: Client;
  /** For lists without end, which keep what they show themselves, within a bound. */
  uncached: Client;
  /** For what the cache need not know, such as uploads: it retries by itself. */
  server: GqlServerClient;
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
  const server = new GqlServerClient(SERVER_URL, { apiKey: () => current ?? '' });
  const socket = createResumingSocket({
    url: SOCKET_URL,
    connectionParams: () => keyHeaders(current),
    on: {
      closed(event) {
        if (closeCodeOf(event) === REFUSED_CODE) onRefused((event as CloseEvent).reason);
      },
    },
  });
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
      fetchOptions: () => ({ headers: { ...keyHeaders(current), ...PREFLIGHT_HEADERS } }),
      exchanges: [watch, ...first, fetchExchange, subscriptions],
    });
  return {
    client: open(cache()),
    uncached: open(),
    server,
    renew: (next) => {
      current = next;
      socket.terminate(); // it connects again with the new key
    },
    close: () => {
      void socket.dispose();
      server.close();
    },
  };
}
