// graphql-ws and graphql-sse: a batch is watched, left in the middle, and watched to its end.
import assert from 'node:assert/strict';
import { createClient as createSocket } from 'graphql-ws';
import { createClient as createStream } from 'graphql-sse';

const url = process.argv[2];
const TOTAL = 40;
const watch = `subscription Watch($id: ID!, $after: Int!) {
  batchProgress(id: $id, after: $after) { sequence finishedItems { sequence } } }`;
const clients = {
  'graphql-ws': () => createSocket({ url: url.replace('http', 'ws'), retryAttempts: 0 }),
  'graphql-sse': () => createStream({ url, retryAttempts: 0 }),
};

for (const [name, connect] of Object.entries(clients)) {
  const id = await begin();
  const seen = [];
  let after = 0;
  const follow = async (most) => {
    const client = connect();
    let updates = 0;
    for await (const result of client.iterate({ query: watch, variables: { id, after } })) {
      assert.equal(result.errors, undefined, name);
      const update = result.data.batchProgress;
      seen.push(...update.finishedItems.map((item) => item.sequence));
      after = update.sequence;
      updates += 1;
      if (updates === most && after > 0) break;
      if (most === 1 && after === 0) updates = 0;
    }
    await client.dispose();
  };
  await follow(1);
  assert.ok(seen.length < TOTAL, `${name} left in the middle`);
  await follow(Infinity);
  assert.deepEqual(seen, Array.from({ length: TOTAL }, (_, index) => index + 1), name);
}

async function begin() {
  const query = `mutation Begin($input: GenerateBatchInput!) {
    generateBatch(input: $input) { batch { id } userErrors { message } } }`;
  const prompts = Array.from({ length: TOTAL }, (_, number) => `A red fox, ${number}`);
  const input = { model: '@cf/black-forest-labs/flux-1-schnell', pictures: { prompts } };
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { input } }),
  });
  const answer = await response.json();
  assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
  assert.deepEqual(answer.data.generateBatch.userErrors, []);
  return answer.data.generateBatch.batch.id;
}
