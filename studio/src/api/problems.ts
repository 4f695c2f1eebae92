import type { CombinedError } from 'urql';

/** Why an operation failed, as far as a page handles it differently. */
export interface Problem {
  kind: 'offline' | 'unauthenticated' | 'forbidden' | 'busy' | 'other';
  /** The server's own words. Empty where it did not answer. */
  message: string;
  /** Seconds after which a retry may succeed, where the server says so. */
  retryAfter: number | null;
}

const BUSY = new Set(['RATE_LIMITED', 'UNAVAILABLE', 'SERVER_STOPPING', 'REQUEST_TIMEOUT', 'TOO_MANY_CONNECTIONS']);

/** Returns what an error of the API means for the page. */
export function problemOf(error: CombinedError): Problem {
  const [first] = error.graphQLErrors;
  const status: unknown = error.response?.status;
  if (!first) {
    const kind = status === 401 ? 'unauthenticated' : status === 503 || status === 429 ? 'busy' : 'offline';
    return { kind, message: '', retryAfter: null };
  }
  const { code, retryAfter } = first.extensions;
  return {
    kind: kindOf(code),
    message: first.message,
    retryAfter: typeof retryAfter === 'number' ? retryAfter : null,
  };
}

function kindOf(code: unknown): Problem['kind'] {
  if (code === 'UNAUTHENTICATED') return 'unauthenticated';
  if (code === 'FORBIDDEN') return 'forbidden';
  return typeof code === 'string' && BUSY.has(code) ? 'busy' : 'other';
}
