// Apollo Client: a query, a mutation, automatic persisted queries, an upload.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import UploadHttpLink from 'apollo-upload-client/UploadHttpLink.mjs';

const uri = process.argv[2];
const sent = [];
const noted = (address, options) => {
  sent.push({ address: String(address), method: options?.method, body: options?.body });
  return fetch(address, options);
};
const client = (link) => new ApolloClient({ link, cache: new InMemoryCache() });
const plain = client(new HttpLink({ uri, fetch: noted }));

const made = await plain.mutate({
  mutation: gql`
    mutation Make($input: GenerateImageInput!) {
      generateImage(input: $input) {
        image { id prompt cost createdAt }
        userErrors { message path }
      }
    }
  `,
  variables: { input: { prompt: 'A red fox', model: '@cf/black-forest-labs/flux-1-schnell' } },
});
assert.deepEqual(made.data.generateImage.userErrors, []);
const { id } = made.data.generateImage.image;

const found = await plain.query({
  query: gql`
    query Found($id: ID!) {
      node(id: $id) { id ... on Image { prompt } }
      images(first: 1) { edges { node { id } } }
    }
  `,
  variables: { id },
});
assert.equal(found.data.node.prompt, 'A red fox');
assert.equal(found.data.images.edges[0].node.id, id);

const failed = plain.query({ query: gql`{ nothing }` });
await assert.rejects(failed, (error) => {
  assert.equal(error.errors[0].extensions.code, 'BAD_REQUEST');
  return true;
});

for (const useGETForHashedQueries of [false, true]) {
  sent.length = 0;
  const hashes = new PersistedQueryLink({
    useGETForHashedQueries,
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
  });
  const query = gql(`query Hashed${useGETForHashedQueries} { models { id } }`);
  for (const repetition of [1, 2]) {
    const link = hashes.concat(new HttpLink({ uri, fetch: noted }));
    const answer = await client(link).query({ query });
    assert.ok(answer.data.models.length > 11, `repetition ${repetition}`);
  }
  // Unknown at first, then sent with its hash, then known.
  assert.equal(sent.length, 3);
  assert.equal(sent[2].method, useGETForHashedQueries ? 'GET' : 'POST');
  assert.ok(!`${sent[2].address}${sent[2].body}`.includes('models'));
}

const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const uploading = client(
  new UploadHttpLink({ uri, headers: { 'Apollo-Require-Preflight': 'true' } }),
);
const uploaded = await uploading.mutate({
  mutation: gql`
    mutation Upload($file: Upload!) {
      uploadSourceImage(input: { file: $file }) {
        sourceImage { id width }
        userErrors { message }
      }
    }
  `,
  variables: { file: new File([pixel], 'pixel.png', { type: 'image/png' }) },
});
assert.deepEqual(uploaded.data.uploadSourceImage.userErrors, []);
assert.equal(uploaded.data.uploadSourceImage.sourceImage.width, 1);
