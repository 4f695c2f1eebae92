import { isTemporary, RequestError, type ResponseError } from 'gql-server-client';
import type { CombinedError } from 'urql';

/** Why an operation failed, as far as a page handles it differently. */
export interface Problem {
  kind: 'offline' | 'unauthenticated' | 'forbidden' | 'busy' | 'other';
  /** The server's own words. Empty where it did not answer. */
  message: string;
  /** Seconds after which a retry may succeed, where the server says so. */
  retryAfter: number | null;
}

/** Returns what an error of the API means for the page. */
export function problemOf({ graphQLErrors, response }: CombinedError): Problem {
  const status: unknown = response?.status;
  if (graphQLErrors.length === 0) {
    const kind = status === 401 ? 'unauthenticated' : status === 503 || status === 429 ? 'busy' : 'offline';
    return { kind, message: '', retryAfter: null };
  }
  const error = new RequestError(graphQLErrors as unknown as ResponseError[]);
  return { kind: kindOf(error), message: error.message, retryAfter: error.retryAfter };
}

function kindOf(error: RequestError): Problem['kind'] {
  if (error.code === 'UNAUTHENTICATED') return 'unauthenticated';
  if (error.code === 'FORBIDDEN') return 'forbidden';
  return isTemporary(error) ? 'busy' : 'other';
}
