// Every client that watches over HTTP or a socket, while the server is stopped and started again:
// each knows that it was cut off, comes back with `after`, and receives each image once.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { ApolloClient, CombinedProtocolErrors, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { Client, fetchExchange } from '@urql/core';
import { createClient as createStream } from 'graphql-sse';
import { createClient as createSocket } from 'graphql-ws';
import { meros } from 'meros/node';
import { request } from 'node:http';

const url = process.argv[2];
const document = `subscription Watch($after: ID) { imageCreated(after: $after) { id } }`;
const PARTS = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json';

// Each reports IDs to `seen` until it is cut off, and then returns normally; anything else is thrown.
const clients = {
  async 'Apollo, multipart'(after, seen) {
    const cache = new InMemoryCache();
    const client = new ApolloClient({ link: new HttpLink({ uri: url }), cache });
    await new Promise((resolve, reject) => {
      client.subscribe({ query: gql(document), variables: { after } }).subscribe({
        next({ data, error }) {
          if (error === undefined) seen(data.imageCreated.id);
          else if (isStop(error)) resolve();
          else reject(error);
        },
        error: reject,
        complete: () => reject(new Error('complete')),
      });
    });
  },
  async 'urql, text/event-stream'(after, seen) {
    const client = new Client({ url, exchanges: [fetchExchange], fetchSubscriptions: true });
    await new Promise((resolve, reject) => {
      client.subscription(gql(document), { after }).subscribe(({ data, error, hasNext }) => {
        if (error) reject(error);
        else if (data && hasNext) seen(data.imageCreated.id);
        else resolve();
      });
    });
  },
  async 'graphql-sse'(after, seen) {
    const client = createStream({ url, retryAttempts: 0 });
    try {
      for await (const { data } of client.iterate({ query: document, variables: { after } })) {
        seen(data.imageCreated.id);
      }
    } catch (error) {
      assert.match(String(error.message), /closed|fetch failed/);
      return;
    }
    throw new Error('complete');
  },
  async 'graphql-ws'(after, seen) {
    const client = createSocket({ url: url.replace('http', 'ws'), retryAttempts: 0 });
    try {
      for await (const { data } of client.iterate({ query: document, variables: { after } })) {
        seen(data.imageCreated.id);
      }
    } catch (error) {
      assert.ok(error.code === 1012 || error.type === 'error', String(error));
      return;
    }
    throw new Error('complete');
  },
  async 'meros, multipart'(after, seen) {
    const headers = { accept: PARTS, 'content-type': 'application/json' };
    const response = await new Promise((resolve, reject) => {
      const sending = request(url, { method: 'POST', headers }, resolve);
      sending.on('error', reject);
      sending.end(JSON.stringify({ query: document, variables: { after } }));
    });
    let wasTold = false;
    for await (const { body, json } of await meros(response)) {
      assert.ok(json, String(body));
      if (body.errors) {
        assert.equal(body.payload, null);
        assert.equal(body.errors[0].extensions.code, 'SERVER_STOPPING');
        wasTold = true;
      } else if (body.payload) {
        seen(body.payload.data.imageCreated.id);
      }
    }
    assert.ok(wasTold);
  },
};

const seen = Object.fromEntries(Object.keys(clients).map((name) => [name, []]));
const made = [await makeImage()];
let isOver = false;
for (const [name, watch] of Object.entries(clients)) void follow(name, watch);
for (let number = 0; number < 3; number += 1) made.push(await makeImage());
await allTold();
console.log('stop'); // the test stops the server, makes an image, and starts it again
made.push(await makeImage());
await allTold();
made.push(await makeImage());
await allTold();
isOver = true;
process.exit(0);

async function follow(name, watch) {
  for (let attempt = 0; attempt < 100 && !isOver; attempt += 1) {
    const after = seen[name].at(-1) ?? made[0];
    try {
      await watch(after, (id) => seen[name].push(id));
    } catch (error) {
      // Nothing listens while the server is stopped.
      if (!/ECONNREFUSED|fetch failed|socket hang up|terminated/.test(`${error} ${error.cause}`)) {
        console.error(name, error);
        process.exit(1);
      }
    }
    await pause(100);
  }
}

async function allTold() {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (Object.values(seen).every((ids) => ids.length >= made.length - 1)) break;
    await pause(50);
  }
  for (const [name, ids] of Object.entries(seen)) assert.deepEqual(ids, made.slice(1), name);
}

async function makeImage() {
  const query = `mutation { generateImage(input: {
    prompt: "A red fox", model: "@cf/black-forest-labs/flux-1-schnell" }) { image { id } } }`;
  for (let attempt = 0; ; attempt += 1) {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
      });
      return (await response.json()).data.generateImage.image.id;
    } catch (error) {
      if (attempt === 100) throw error;
      await pause(100);
    }
  }
}

function isStop(error) {
  return (
    CombinedProtocolErrors.is(error) && error.errors[0].extensions.code === 'SERVER_STOPPING'
  );
}
