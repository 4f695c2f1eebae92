// Every client that subscribes again by itself, while the server is stopped and started again: what
// docs/guide/watching.md shows makes it continue from the last event, and it receives each event once.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { ApolloClient, InMemoryCache, gql } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { Client, subscriptionExchange } from '@urql/core';
import { createClient as createStream } from 'graphql-sse';
import relay from 'relay-runtime';
import { createResumingClient } from './resuming.mjs';

const url = process.argv[2];
const PICTURES = 100;
const watch = `subscription Watch($id: ID!, $after: Int!) {
  batchProgress(id: $id, after: $after) { sequence finishedItems { sequence } } }`;
const images = `subscription Images($after: ID) { imageCreated(after: $after) { id } }`;
const patient = { retryWait: () => pause(200) };
let connections = 0;

// Each calls `seen` with the data of each event, and returns when there will be no more.
const clients = {
  async 'graphql-ws'(variables, seen) {
    for await (const { data } of socket().iterate({ query: watch, variables })) seen(data);
  },
  async Apollo(variables, seen) {
    const link = new GraphQLWsLink(socket());
    const client = new ApolloClient({ link, cache: new InMemoryCache() });
    const query = gql(watch);
    await new Promise((complete, error) => {
      client
        .subscribe({ query, variables, fetchPolicy: 'no-cache' })
        .subscribe({
          next: (result) => (result.error ? error(result.error) : seen(result.data)),
          error,
          complete,
        });
    });
  },
  async urql(variables, seen) {
    const sockets = socket();
    const exchange = subscriptionExchange({
      forwardSubscription: (request) => ({
        subscribe: (sink) => ({ unsubscribe: sockets.subscribe(request, sink) }),
      }),
    });
    const client = new Client({ url, exchanges: [exchange] });
    await new Promise((resolve, reject) => {
      client.subscription(gql(watch), variables).subscribe(({ data, error, hasNext }) => {
        if (error) reject(error);
        else if (hasNext) seen(data);
        else resolve();
      });
    });
  },
  async Relay(variables, seen) {
    const sockets = socket();
    const network = relay.Network.create(
      () => assert.fail(),
      ({ text: query }, given) =>
        relay.Observable.create((sink) => sockets.subscribe({ query, variables: given }, sink)),
    );
    const operation = { name: 'Watch', operationKind: 'subscription', text: watch, metadata: {} };
    await new Promise((complete, error) => {
      const next = (result) => seen(result.data);
      network.execute(operation, variables, {}).subscribe({ next, error, complete });
    });
  },
  async 'graphql-sse'(variables, seen) {
    const client = createStream({ url, retryAttempts: 1000, retry: () => pause(200) });
    for await (const { data } of client.iterate({ query: watch, variables })) {
      variables.after = data.batchProgress.sequence;
      seen(data);
    }
  },
};

const first = (await ask(`mutation { generateImage(input: { prompt: "The first",
  model: "@cf/black-forest-labs/flux-1-schnell" }) { image { id } } }`)).generateImage.image.id;
const prompts = Array.from({ length: PICTURES }, (_, number) => `A red fox, ${number}`);
const { batch } = (await ask(
  `mutation Begin($prompts: [String!]!) { generateBatch(input: {
    model: "@cf/lykon/dreamshaper-8-lcm", width: 256, height: 256, pictures: { prompts: $prompts } }) {
    batch { id } } }`,
  { prompts },
)).generateBatch;
const seen = Object.fromEntries(Object.keys(clients).map((name) => [name, []]));
const watching = Object.entries(clients).map(([name, follow]) =>
  follow({ id: batch.id, after: 0 }, ({ batchProgress }) =>
    seen[name].push(...batchProgress.finishedItems.map((item) => item.sequence)),
  ),
);
const kept = [];
void (async () => {
  const request = { query: images, variables: { after: first } };
  for await (const { data } of socket().iterate(request)) kept.push(data.imageCreated.id);
})();
while (![...Object.values(seen), kept].every((events) => events.length >= 3)) await pause(20);
const before = connections;
console.log('stop'); // the test stops the server and starts it again
await Promise.all(watching);
while (kept.length < PICTURES) await pause(20);
await pause(300);
const all = Array.from({ length: PICTURES }, (_, index) => index + 1);
for (const [name, sequences] of Object.entries(seen)) assert.deepEqual(sequences, all, name);
assert.equal(new Set(kept).size, PICTURES);
assert.equal(kept.length, PICTURES);
assert.ok(connections >= before + 5, 'each WebSocket was opened again');
process.exit(0);

function socket() {
  const client = createResumingClient({ url: url.replace('http', 'ws'), ...patient });
  client.on('connected', () => (connections += 1));
  return client;
}

async function ask(query, variables) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const answer = await response.json();
  assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
  return answer.data;
}
