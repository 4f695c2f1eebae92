import { initGraphQLTada } from 'gql.tada';
import type { introspection } from '../graphql-env';

/** Writes an operation or a fragment; its types come from schema.graphql. */
export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { DateTime: string; Seed: number; JSON: unknown; Upload: Blob };
}>();

export { readFragment, type FragmentOf, type ResultOf, type VariablesOf } from 'gql.tada';
