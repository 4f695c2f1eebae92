// urql, which takes every media type that there is, and its persisted exchange.
import assert from 'node:assert/strict';
import { createClient, fetchExchange, gql } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';

const url = process.argv[2];
const types = [];
const noted = async (address, options) => {
  const response = await fetch(address, options);
  types.push(response.headers.get('content-type').split(';')[0]);
  return response;
};
const models = gql`query Models { models { id } }`;

for (const preferGetMethod of [false, true]) {
  const client = createClient({ url, fetch: noted, preferGetMethod, exchanges: [fetchExchange] });
  const answer = await client.query(models, {}).toPromise();
  assert.equal(answer.error, undefined);
  assert.ok(answer.data.models.length > 11);
}
assert.deepEqual(types, ['application/graphql-response+json', 'application/graphql-response+json']);

const persisted = createClient({
  url,
  fetch: noted,
  preferGetMethod: true,
  exchanges: [persistedExchange({ preferGetForPersistedQueries: true }), fetchExchange],
});
for (const repetition of [1, 2]) {
  const answer = await persisted.query(gql`query Persisted { models { id name } }`, {}).toPromise();
  assert.equal(answer.error, undefined, `repetition ${repetition}`);
  assert.ok(answer.data.models.length > 11);
}
assert.equal(types.length, 5);

const client = createClient({ url, preferGetMethod: false, exchanges: [fetchExchange] });
const made = await client
  .mutation(
    gql`mutation M($input: GenerateImageInput!) {
      generateImage(input: $input) { image { id } userErrors { code path } }
    }`,
    { input: { prompt: '' } },
  )
  .toPromise();
assert.equal(made.error, undefined);
const paths = made.data.generateImage.userErrors.map((error) => error.path.join('.'));
assert.ok(paths.includes('input.prompt'), String(paths));
const wrong = await client.query(gql`query W { nothing }`, {}).toPromise();
assert.equal(wrong.error.graphQLErrors[0].extensions.code, 'BAD_REQUEST');
