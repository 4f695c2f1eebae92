import type { Client } from 'graphql-ws';
import type { CallOptions, Connection } from './connection.js';
import { GqlServerError, RequestError, ServerUnreachable, type ResponseError } from './errors.js';
import { closeCodeOf, createResumingSocket, REFUSED_CODE } from './resuming.js';
import { backoff, LONGEST_MILLISECONDS } from './waiting.js';

/** graphql-ws needs only a part of it, which Node, browsers and the package `ws` all have. */
export type WebSocketConstructor = new (url: string, protocol: string) => unknown;

const TOO_MANY_SOCKETS = 4429;

/** The server's WebSocket, which is open while there are subscriptions. */
export class Subscriptions {
  readonly #client: Client | null;
  #hasWorked = false;

  /** Without WebSockets, as in Node 20, there is none. */
  constructor(connection: Connection, retrySeconds: number, webSocket: WebSocketConstructor | undefined) {
    const implementation: unknown = webSocket ?? globalThis.WebSocket;
    this.#client = implementation
      ? createResumingSocket({
          url: connection.graphqlUrl.replace(/^http/, 'ws'),
          webSocketImpl: implementation,
          connectionParams: () => connection.headers(),
          // A socket that never opened may be blocked on the way.
          shouldRetry: (event) => this.#hasWorked && closeCodeOf(event) !== REFUSED_CODE,
          retryAttempts: Math.ceil((retrySeconds * 1000) / LONGEST_MILLISECONDS) + 3,
          retryWait: (retries) => new Promise((resolve) => setTimeout(resolve, backoff(retries))),
          on: { connected: () => void (this.#hasWorked = true) },
        })
      : null;
  }

  get isPossible(): boolean {
    return this.#client !== null;
  }

  /**
   * Yields the data of a subscription's events, and ends when there will be no more.
   *
   * After a lost connection it continues from the last event; see `createResumingSocket`.
   */
  async *run(
    query: string,
    variables: Record<string, unknown>,
    { signal }: CallOptions,
  ): AsyncGenerator<unknown, void, void> {
    signal?.throwIfAborted();
    if (!this.#client) throw new ServerUnreachable('there are no WebSockets here; give the option webSocket.');
    const events = this.#client.iterate<Record<string, unknown>>({ query, variables });
    const stop = () => void events.return?.();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      for await (const { data, errors } of events) {
        if (errors) throw new RequestError(errors as unknown as readonly ResponseError[]);
        yield data;
      }
      signal?.throwIfAborted();
    } catch (error) {
      signal?.throwIfAborted();
      throw errorOf(error);
    } finally {
      signal?.removeEventListener('abort', stop);
      stop();
    }
  }

  close(): void {
    void this.#client?.dispose();
  }
}

/** Returns what ended a subscription: errors of the server, or how its WebSocket was closed. */
function errorOf(cause: unknown): GqlServerError {
  if (cause instanceof GqlServerError) return cause;
  if (Array.isArray(cause)) return new RequestError(cause as ResponseError[]);
  const closed = closeCodeOf(cause);
  const reason = closed === null ? '' : (cause as CloseEvent).reason;
  const code = closed === REFUSED_CODE ? 'UNAUTHENTICATED' : closed === TOO_MANY_SOCKETS ? 'TOO_MANY_CONNECTIONS' : null;
  if (code) return new RequestError([{ message: reason || code, extensions: { code } }]);
  return new ServerUnreachable(reason || 'its WebSocket was closed.');
}
