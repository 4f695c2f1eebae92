// What graphql-codegen's client preset makes: types that hold, and hashes that are found.
import { graphql } from './gql';
import type { TypedDocumentString } from './gql/graphql';

const MODELS = graphql(`
  query CodegenModels($filter: ModelFilter) {
    models(filter: $filter) {
      id
      costPerImage
    }
  }
`);

export async function run(url: string): Promise<void> {
  const { models } = await ask(MODELS, { filter: { isRecommended: true } });
  const cost: number = models[0].costPerImage;
  // @ts-expect-error it is a number
  const text: string = models[0].costPerImage;
  if (!(cost > 0) || text === '') throw new Error('no models');

  async function ask<Data, Variables>(
    document: TypedDocumentString<Data, Variables>,
    variables: Variables,
  ): Promise<Data> {
    const hash = document.__meta__?.['hash'] as string;
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json',
      },
      body: JSON.stringify({
        variables,
        extensions: { persistedQuery: { version: 1, sha256Hash: hash } },
      }),
    });
    const answer = await response.json();
    if (answer.errors) throw new Error(JSON.stringify(answer.errors));
    return answer.data;
  }
}
