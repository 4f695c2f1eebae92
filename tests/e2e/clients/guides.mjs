// The code of docs/clients/*.md for JavaScript, as modules with the same functions: each uploads, reads
// pages, repeats a request, and watches a batch while the server is stopped and started again.
//
//   GQL_SERVER_URL=http://127.0.0.1:8000 node guides.mjs ./apollo.mjs …
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const COUNT = 60;
const pixel = new File([await readFile(new URL('./pixel.png', import.meta.url))], 'pixel.png', {
  type: 'image/png',
});
const clients = {};
for (const path of process.argv.slice(2)) {
  const imported = await import(path);
  clients[path] = imported.default ?? imported;
}

let generated = 0;
for (const [name, client] of Object.entries(clients)) {
  const uploaded = await client.upload(pixel);
  assert.deepEqual(uploaded.userErrors, [], name);
  assert.match(uploaded.sourceImage.id, /^src_/);
  const first = await client.generate('A red fox', `${name}-1`);
  assert.deepEqual(first.userErrors, [], name);
  const again = await client.generate('A red fox', `${name}-1`);
  assert.equal(again.image.id, first.image.id, name);
  const second = await client.generate('A red fox');
  assert.notEqual(second.image.id, first.image.id, name);
  generated += 2;
  const read = (await client.readAll(1)).map((image) => image.id);
  assert.equal(read.length, generated, name);
  assert.equal(new Set(read).size, generated, name);
}

const response = await fetch(`${process.env.GQL_SERVER_URL}/graphql`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    query: `mutation ($prompts: [String!]!) { generateBatch(input: {
      model: "@cf/lykon/dreamshaper-8-lcm", width: 256, height: 256, pictures: { prompts: $prompts } }) {
      batch { id } } }`,
    variables: { prompts: Array.from({ length: COUNT }, (_, number) => `A red fox, ${number}`) },
  }),
});
const { id } = (await response.json()).data.generateBatch.batch;
const seen = Object.fromEntries(Object.keys(clients).map((name) => [name, []]));
const watching = Object.entries(clients).map(([name, client]) =>
  client.watch(id, (items) => seen[name].push(...items.map((item) => item.sequence))),
);
while (!Object.values(seen).every((sequences) => sequences.length >= 3)) await pause(20);
console.log('stop'); // the test stops the server and starts it again
const during = await Promise.all(Object.values(clients).map((client) => client.generate('A hare')));
await Promise.all(watching);
const all = Array.from({ length: COUNT }, (_, index) => index + 1);
for (const [name, sequences] of Object.entries(seen)) assert.deepEqual(sequences, all, name);
for (const { image } of during) assert.match(image.id, /^img_/);
process.exit(0);
