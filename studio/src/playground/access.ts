import { getIntrospectionQuery, type IntrospectionQuery } from 'graphql';
import { post } from './endpoint';

/** What the server lets this tab do. */
export type Access =
  | { kind: 'loading' }
  | { kind: 'open'; introspection: IntrospectionQuery | null; version: number }
  | { kind: 'keyNeeded'; message: string | null }
  | { kind: 'schemaHidden'; message: string }
  | { kind: 'unreachable'; message: string };

/** What the playground asks of the schema; GraphiQL asks for the same when it is read again. */
export const SCHEMA_OPTIONS = { schemaDescription: true, inputValueDeprecation: true };

let version = 0;

/** Introspects the server, with the key if there is one. */
export async function findAccess(key: string | null): Promise<Access> {
  try {
    const { status, data, errors } = await post(getIntrospectionQuery(SCHEMA_OPTIONS), key);
    const message = errors?.[0]?.message ?? `HTTP ${status}`;
    if (status === 401) return { kind: 'keyNeeded', message: key ? message : null };
    if (data?.__schema) return opened(data as unknown as IntrospectionQuery);
    if (status < 500) return { kind: 'schemaHidden', message };
    return { kind: 'unreachable', message };
  } catch (error) {
    return { kind: 'unreachable', message: error instanceof Error ? error.message : String(error) };
  }
}

/** Opens the playground; without a schema it neither documents nor completes anything. */
export function opened(introspection: IntrospectionQuery | null): Access {
  version += 1;
  return { kind: 'open', introspection, version };
}
