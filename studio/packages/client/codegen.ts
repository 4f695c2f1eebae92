import type { CodegenConfig } from '@graphql-codegen/cli';

/** Writes the types of src/operations.graphql, and of the schema as far as they need it. */
const config: CodegenConfig = {
  schema: '../../../schema.graphql',
  documents: 'src/operations.graphql',
  generates: {
    'src/generated.ts': {
      plugins: ['typescript-operations', 'typed-document-node'],
      config: {
        documentMode: 'string',
        useTypeImports: true,
        enumType: 'string-literal',
        dedupeFragments: true,
        skipTypename: true,
        scalars: {
          ID: 'string',
          DateTime: 'string',
          JSON: 'unknown',
          Seed: 'number',
          Upload: 'Blob',
        },
      },
    },
  },
};

export default config;
