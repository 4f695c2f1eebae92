import type { UserErrorFragment } from './generated.js';
import { SUGGESTIONS } from './suggestions.js';

/** An error in the `errors` of a response. */
export interface ResponseError {
  message: string;
  path?: readonly (string | number)[] | undefined;
  extensions?: Readonly<Record<string, unknown>> | undefined;
}

/** An error in a request's input, or of its execution, by its `__typename`. */
export type UserError = UserErrorFragment;

/** Any error of the client, except that aborted calls reject with their signal's reason. */
export class GqlServerError extends Error {
  override name = 'GqlServerError';
  /** Error code, such as `RATE_LIMITED`. See the server's documentation of errors. */
  readonly code: string;
  /** When a retry may succeed, in seconds. Null where the server did not say. */
  readonly retryAfter: number | null;
  /**
   * Whether the server may have carried out the request although it failed, because the response
   * was lost. Repeat such a request with the same idempotency key.
   */
  mayHaveRun = false;

  constructor(message: string, code: string, retryAfter: number | null = null) {
    super(message);
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /** How to fix the error. Null for codes that this version does not know. */
  get suggestion(): string | null {
    return SUGGESTIONS[this.code] ?? null;
  }

  /** Path of the invalid field in the input, such as `width` or `pictures.prompts.3`. Null if there is none. */
  get field(): string | null {
    return null;
  }
}

/** The server did not carry out the request, and reports every error in it: a mutation's `userErrors`. */
export class Rejected extends GqlServerError {
  override name = 'Rejected';
  /** At least one; the first has the code of the whole. */
  readonly errors: readonly UserError[];

  constructor(errors: readonly [UserError, ...UserError[]]) {
    super(errors.map(({ message }) => message).join('\n'), errors[0].code);
    this.errors = errors;
  }

  override get field(): string | null {
    return fieldOf(this.errors[0]?.path ?? []) || null;
  }
}

/** The server did not run the request, or a part of it failed: the `errors` of a response. */
export class RequestError extends GqlServerError {
  override name = 'RequestError';
  /** What the server says about the error for programs, such as `limit`. */
  readonly extensions: Readonly<Record<string, unknown>>;
  /** HTTP status of the response. Null over a WebSocket. */
  readonly status: number | null;
  readonly errors: readonly ResponseError[];

  constructor(errors: readonly ResponseError[], status: number | null = null) {
    const [first] = errors;
    const extensions = first?.extensions ?? {};
    const { code, retryAfter } = extensions;
    super(
      first?.message ?? 'The server reported an error without a message.',
      typeof code === 'string' ? code : 'UNKNOWN',
      typeof retryAfter === 'number' ? retryAfter : null,
    );
    this.extensions = extensions;
    this.errors = errors;
    this.status = status;
  }
}

/** The server did not answer for as long as the client retries. */
export class ServerUnreachable extends GqlServerError {
  override name = 'ServerUnreachable';

  constructor(reason: string) {
    super(`The server cannot be reached: ${reason}`, 'UNREACHABLE');
  }
}

/** The response is not one of gql_server: a proxy may have answered, or the URL is wrong. */
export class UnexpectedResponse extends GqlServerError {
  override name = 'UnexpectedResponse';
  readonly status: number;

  constructor(status: number, retryAfter: number | null = null) {
    super(`The response is not one of gql_server (HTTP status ${status}).`, 'UNEXPECTED_RESPONSE', retryAfter);
    this.status = status;
  }
}

const NOT_RUN = new Set(['RATE_LIMITED', 'TOO_MANY_CONNECTIONS', 'TOO_MANY_SUBSCRIPTIONS']);
const TEMPORARY = new Set(['UNAVAILABLE', 'SERVER_STOPPING', 'REQUEST_TIMEOUT', 'UNREACHABLE', ...NOT_RUN]);
const TEMPORARY_STATUSES = new Set([408, 429, 502, 503, 504]);

/** Returns whether the same request may succeed later. */
export function isTemporary(error: GqlServerError): boolean {
  if (error instanceof UnexpectedResponse) return TEMPORARY_STATUSES.has(error.status);
  return TEMPORARY.has(error.code);
}

/** Returns whether the server certainly did not carry out the request. */
export function isNotRun(error: GqlServerError): boolean {
  return NOT_RUN.has(error.code);
}

/** Returns what a payload has; throws its `userErrors` if it has nothing. */
export function accepted<T>(result: T | null, errors: readonly UserError[]): T {
  if (result !== null) return result;
  const [first, ...others] = errors;
  if (!first) throw new UnexpectedResponse(200);
  throw new Rejected([first, ...others]);
}

/** Returns the error for an object that does not exist, or belongs to another user. */
export function notFound(noun: 'Image' | 'Batch', id: string): Rejected {
  return new Rejected([
    {
      __typename: `${noun}NotFound`,
      message: `There is no ${noun.toLowerCase()} ${JSON.stringify(id.slice(0, 100))}.`,
      code: noun === 'Image' ? 'IMAGE_NOT_FOUND' : 'BATCH_NOT_FOUND',
      path: ['id'],
    },
  ]);
}

/**
 * Returns the messages of errors by the field that they concern, such as `width` or
 * `pictures.prompts.3`; those of no single field are under the empty name.
 */
export function messagesByField(
  errors: readonly { message: string; path: readonly string[] }[],
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { path, message } of errors) {
    const name = fieldOf(path);
    found[name] = found[name] ? `${found[name]} ${message}` : message;
  }
  return found;
}

function fieldOf(path: readonly string[]): string {
  return (path[0] === 'input' ? path.slice(1) : path).join('.');
}
