// A batch, watched while its server is killed and started again. node restart.ts URL KEY
import assert from 'node:assert/strict';
import { GqlServerClient } from 'gql-server-client';

const [url = '', apiKey = ''] = process.argv.slice(2);
const IMAGES = 40;
const client = new GqlServerClient(url, { apiKey });
const prompts = Array.from({ length: IMAGES }, (_, number) => `A red fox, ${number}`);
const { id } = await client.createBatch({ model: '@cf/lykon/dreamshaper-8-lcm', pictures: { prompts } });
const seen: number[] = [];
let last = 0;
for await (const { sequence, batch, finishedItems } of client.watchBatch(id)) {
  assert(sequence >= last);
  last = sequence;
  const before = seen.length;
  seen.push(...finishedItems.map(({ index }) => index));
  if (before < 5 && seen.length >= 5) console.log('kill'); // the test kills the server and starts it again
  assert.equal(batch.total, IMAGES);
}
assert.deepEqual(seen.sort((a, b) => a - b), prompts.map((_, index) => index));
assert.equal((await client.batch(id)).status, 'SUCCEEDED');
// Continued, as by another process: only what followed.
const later: (number | null)[] = [];
for await (const { finishedItems } of client.watchBatch(id, { after: IMAGES - 3 })) {
  later.push(...finishedItems.map(({ sequence }) => sequence));
}
assert.equal(later.length, 3);
client.close();
