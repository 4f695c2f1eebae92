// A connection that breaks after each first request, and an image that is late. node retries.ts URL KEY
import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { GqlServerClient, Rejected, ServerUnreachable, type GqlServerError } from 'gql-server-client';

const [url = '', apiKey = ''] = process.argv.slice(2);
const model = '@cf/black-forest-labs/flux-1-schnell';
const direct = new GqlServerClient(url, { apiKey });
let breaks = 0;
// Passes requests on, and breaks the connection when the response comes, as often as `breaks` says.
const proxy = createServer((socket) => {
  const server = connect(Number(new URL(url).port), '127.0.0.1');
  socket.pipe(server);
  server.on('data', (data) => {
    if (breaks > 0) {
      breaks -= 1;
      socket.destroy();
    } else {
      socket.write(data);
    }
  });
  for (const end of [socket, server]) {
    end.on('error', () => undefined);
    end.on('close', () => (socket.destroy(), server.destroy()));
  }
});
const port = await new Promise<number>((resolve) => {
  proxy.listen(0, '127.0.0.1', () => resolve((proxy.address() as { port: number }).port));
});
const retried: GqlServerError[] = [];
const client = new GqlServerClient(`http://127.0.0.1:${port}`, { apiKey, onRetry: (error) => retried.push(error) });
await client.models();

breaks = 2;
const image = await client.generate({ prompt: 'A red fox', model });
assert.equal(retried.length, 2);
assert(retried.every((error) => error instanceof ServerUnreachable && error.mayHaveRun));
assert.equal((await direct.costs()).totalImages, 1);
breaks = 1;
const file = await client.download(image);
breaks = 1;
const source = await client.upload(file);
assert(source.id);
breaks = 1;
const batch = await client.createBatch({ model, pictures: { prompts: ['A kite'] } });
for await (const _ of client.watchBatch(batch.id));
assert.equal((await direct.costs()).totalImages, 2);

// A mutation without an idempotency key is not repeated: it says that it may have run.
breaks = 1;
const remove = 'mutation ($id: ID!) { deleteImage(input: { id: $id }) { userErrors { code } } }';
await assert.rejects(client.request(remove, { id: image.id }), { name: 'ServerUnreachable', mayHaveRun: true });

// An image that is not ready in time is waited for, and paid once.
const late = await direct.generate({ prompt: 'Late', model });
assert.equal((await direct.image(late.id)).id, late.id);
const impatient = direct.generate({ prompt: 'Later', model }, { waitSeconds: 0 });
await assert.rejects(impatient, (error) => error instanceof Rejected && error.errors[0]?.__typename === 'GenerationPending');
proxy.close();
client.close();
direct.close();
