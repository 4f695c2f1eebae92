import {
  GqlServerError, isNotRun, isTemporary, RequestError, ServerUnreachable, UnexpectedResponse, type ResponseError,
} from './errors.js';
import { extractFiles, multipartBody, PREFLIGHT_HEADERS } from './multipart.js';
import { backoff, pause } from './waiting.js';

export interface CallOptions {
  /** Ends the call. It then rejects with the signal's reason; what the server has started goes on. */
  signal?: AbortSignal | undefined;
}

export interface ConnectionOptions {
  /** The API key, `gqls_…`, or a token; or what returns the current one. */
  apiKey?: string | (() => string | Promise<string>) | undefined;
  /** For how long to retry while the server is away, in seconds; 60 by default. A server that was never there is not retried. */
  retrySeconds?: number | undefined;
  /** For how long to wait for a response, in seconds; 120 by default. */
  timeoutSeconds?: number | undefined;
  /** Sends HTTP requests instead of the global `fetch`. */
  fetch?: typeof fetch | undefined;
  /** Receives each error that is retried. */
  onRetry?: ((error: GqlServerError) => void) | undefined;
}

/** Sends requests over HTTP, and retries those that fail temporarily. */
export class Connection {
  readonly graphqlUrl: string;
  readonly #options: ConnectionOptions;
  #wasReached = false;

  constructor(url: string, options: ConnectionOptions) {
    this.graphqlUrl = `${checkedUrl(url)}/graphql`;
    this.#options = options;
  }

  async headers(): Promise<Record<string, string>> {
    const { apiKey } = this.#options;
    const key = typeof apiKey === 'function' ? await apiKey() : apiKey;
    return key ? { authorization: `Bearer ${key}` } : {};
  }

  /**
   * Runs an operation and returns its data.
   *
   * @param isSafe Whether to repeat it when the response was lost.
   */
  async run(
    query: string,
    variables: unknown,
    { isSafe, signal }: CallOptions & { isSafe: boolean },
  ): Promise<unknown> {
    const extracted = extractFiles(variables ?? {});
    const operation = { query, variables: extracted.variables };
    const isMultipart = extracted.files.length > 0;
    return this.retrying(isSafe, signal, async () => {
      const response = await this.fetch(this.graphqlUrl, signal, {
        method: 'POST',
        headers: {
          accept: 'application/graphql-response+json, application/json',
          ...(isMultipart ? PREFLIGHT_HEADERS : { 'content-type': 'application/json' }),
          ...(await this.headers()),
        },
        body: isMultipart ? multipartBody(operation, extracted.files) : JSON.stringify(operation),
      });
      return dataOf(response);
    });
  }

  /** Does something until it succeeds, fails for good, or the server was away for too long. */
  async retrying<T>(isSafe: boolean, signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
    let end: number | null = null;
    let mayHaveRun = false;
    for (let failures = 0; ; failures += 1) {
      try {
        const result = await attempt();
        this.#wasReached = true;
        return result;
      } catch (error) {
        if (!(error instanceof GqlServerError)) throw error;
        mayHaveRun ||= isTemporary(error) && !isNotRun(error);
        error.mayHaveRun = mayHaveRun;
        end ??= Date.now() + (this.#options.retrySeconds ?? 60) * 1000;
        const wait = error.retryAfter === null ? backoff(failures) : error.retryAfter * 1000;
        const isAway = error instanceof ServerUnreachable;
        if (!isAway) this.#wasReached = true;
        if (!isTemporary(error) || !(isSafe || isNotRun(error)) || (isAway && !this.#wasReached)) throw error;
        if (Date.now() + wait > end) throw error;
        this.#options.onRetry?.(error);
        await pause(wait, signal);
      }
    }
  }

  /** Sends one request; a failure of the network is a `ServerUnreachable`. */
  async fetch(url: string, signal: AbortSignal | undefined, init: RequestInit = {}): Promise<Response> {
    const timeout = AbortSignal.timeout((this.#options.timeoutSeconds ?? 120) * 1000);
    const send = this.#options.fetch ?? fetch;
    try {
      const response = await send(url, { ...init, signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
      // The whole body: a connection that breaks in the middle is a failure of this attempt.
      const body = await response.blob();
      return new Response(body.size > 0 ? body : null, response);
    } catch (error) {
      signal?.throwIfAborted();
      throw new ServerUnreachable(timeout.aborted ? 'it did not answer in time.' : reasonOf(error));
    }
  }
}

/** Returns the address of a server, without a slash at its end. */
function checkedUrl(url: string): string {
  const parts = URL.canParse(url) ? new URL(url) : null;
  if (!parts || !/^https?:$/.test(parts.protocol)) {
    throw new TypeError('url: give the address of a server, such as http://127.0.0.1:8000');
  }
  if (parts.username || parts.password || parts.search || parts.hash) {
    throw new TypeError('url: give only the address; the key is the option apiKey.');
  }
  return parts.href.replace(/\/+$/, '');
}

async function dataOf(response: Response): Promise<unknown> {
  let body: unknown;
  try {
    body = await response.json();
  } catch {
    throw new UnexpectedResponse(response.status, retryAfterOf(response));
  }
  if (typeof body !== 'object' || body === null) throw new UnexpectedResponse(response.status);
  const { data, errors } = body as { data?: unknown; errors?: readonly ResponseError[] };
  if (Array.isArray(errors) && errors.length > 0) throw new RequestError(errors, response.status);
  if (!data) throw new UnexpectedResponse(response.status, retryAfterOf(response));
  return data;
}

function retryAfterOf(response: Response): number | null {
  const seconds = Number(response.headers.get('retry-after') ?? NaN);
  return Number.isFinite(seconds) ? seconds : null;
}

/** Returns why a request failed, as Node says it in the cause. */
function reasonOf(error: unknown): string {
  const { cause, message } = error instanceof Error ? error : { cause: undefined, message: 'it does not answer.' };
  return cause instanceof Error && cause.message ? cause.message : message;
}
