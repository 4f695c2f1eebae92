import { multipartBody, PREFLIGHT_HEADERS } from 'gql-server-client';
import { createGraphiQLFetcher, type Fetcher, type FetcherParams } from '@graphiql/toolkit';
import { buildClientSchema, parse, type ExecutionResult, type GraphQLSchema, type IntrospectionQuery } from 'graphql';
import { keyHeaders } from '../session/api-key';
import { observed } from './answer';
import { filesFor, uploadPlaces, withPlaces } from './uploads';

/** The address of the API: this very page, without its query and without a slash at its end. */
export const ENDPOINT = location.origin + location.pathname.replace(/\/$/, '');
const SOCKET = ENDPOINT.replace(/^http/, 'ws');

/**
 * Creates GraphiQL's fetcher: HTTP for queries and mutations, WebSockets for subscriptions, and
 * multipart requests where files were chosen.
 *
 * GraphiQL's first introspection is answered from what was read already, later ones by the server.
 */
export function createFetcher(key: string | null, introspection: IntrospectionQuery | null): Fetcher {
  const headers = keyHeaders(key);
  const schema = introspection && buildClientSchema(introspection);
  const fetcher = createGraphiQLFetcher({
    url: ENDPOINT,
    subscriptionUrl: SOCKET,
    headers,
    wsConnectionParams: headers,
  });
  // One spelling of each name, so that the headers editor overrides the key.
  return (params, options) => {
    if (params.operationName === 'IntrospectionQuery' && introspection) {
      const data = { ...introspection };
      introspection = null;
      return Promise.resolve({ data });
    }
    const given = lowerCased(options?.headers);
    if (params.operationName === 'IntrospectionQuery') return fetcher(params, { ...options, headers: given });
    const files = filesOf(params, schema);
    if (files.length > 0) return observed(postFiles(params, files, { ...headers, ...given }));
    return observed(fetcher(params, { ...options, headers: given }));
  };
}

function filesOf({ query, operationName }: FetcherParams, schema: GraphQLSchema | null) {
  return filesFor(uploadPlaces(parse(query), operationName, schema));
}

async function postFiles(params: FetcherParams, files: ReturnType<typeof filesOf>, headers: Record<string, string>) {
  const response = await fetch(ENDPOINT, {
    method: 'POST',
    headers: { accept: 'application/json', ...PREFLIGHT_HEADERS, ...headers },
    body: multipartBody({ ...params, variables: withPlaces(params.variables, files) }, files),
  });
  return (await response.json()) as ExecutionResult;
}

/** Posts one operation; rejects where the server cannot be reached. */
export async function post(query: string, key: string | null): Promise<Answer> {
  const response = await fetch(ENDPOINT, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...keyHeaders(key) },
    body: JSON.stringify({ query }),
  });
  const body = (await response.json()) as Omit<Answer, 'status'>;
  return { ...body, status: response.status };
}

export interface Answer {
  status: number;
  data?: Record<string, unknown> | null;
  errors?: { message: string }[];
}

function lowerCased(headers: Record<string, unknown> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
}
