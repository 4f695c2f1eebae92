// Everything once. node basics.ts URL KEY
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { inspect } from 'node:util';
import {
  GqlServerClient, GqlServerError, nanodollars, Rejected, RequestError, ServerUnreachable, UnexpectedResponse,
  type GeneratedImage, type Money, type UserErrorCode,
} from 'gql-server-client';

/** A WebSocket that something on the way refuses. */
class Refusing extends WebSocket {
  constructor() {
    super('ws://127.0.0.1:9');
  }
}

const [url = '', apiKey = ''] = process.argv.slice(2);
const client = new GqlServerClient(url, { apiKey });
const model = '@cf/black-forest-labs/flux-1-schnell';
const editor = '@cf/stabilityai/stable-diffusion-xl-base-1.0';
const inpainter = '@cf/runwayml/stable-diffusion-v1-5-inpainting';

const image: GeneratedImage = await client.generate({ prompt: 'A red fox', model, tags: ['animals'] });
const cost: Money = image.cost;
assert.equal(cost, '0.01');
assert.deepEqual(image.warnings, []);
assert.equal(image.model.id, model);
const file = await client.download(image);
assert.equal(file.size, image.sizeBytes);
assert.equal((await client.download(image.id)).size, image.sizeBytes);
const expired = { id: image.id, url: image.url.replace(/signature=[^&]*/, 'signature=x') };
if (expired.url !== image.url) assert.equal((await client.download(expired)).size, image.sizeBytes);

const source = await client.upload(file);
const mask = await client.upload(file);
assert.notEqual(mask.id, source.id);
const edited = await client.generate({ prompt: 'In winter', model: editor, sourceImageIds: [source.id], strength: 0.5 });
const masked = await client.generate({
  prompt: 'A hat', model: inpainter, sourceImageIds: [source.id], maskImageId: mask.id,
});
assert.equal((await client.remake({ id: image.id, seed: null })).prompt, image.prompt);
assert.equal((await client.image(edited.id)).prompt, 'In winter');

const listed: string[] = [];
for await (const { id } of client.images()) listed.push(id);
assert.equal(listed.length, 4);
for (const { id } of [image, edited, masked]) assert(listed.includes(id));
for await (const { tags } of client.images({ tags: ['animals'] })) assert.deepEqual(tags, ['animals']);

const costs = await client.costs();
assert.equal(costs.totalImages, 4);
const sum = costs.byModel.reduce((total, part) => total + nanodollars(part.totalCost), 0n);
assert.equal(sum, nanodollars(costs.totalCost));
assert.equal(sum, costs.timeline.reduce((total, part) => total + nanodollars(part.totalCost), 0n));
const prompts = ['A kite', 'A kettle', 'A key'];
const estimate = await client.estimateCost({ batch: { model, pictures: { prompts } } });
assert.equal(estimate.cost, '0.03');
assert((await client.models()).some((one) => one.id === model && one.costPerImage === '0.01'));
type Names = { models: { name: string }[] };
const { models } = await client.request<Names, Record<string, never>>('{ models { name } }');
assert(models[0]?.name);

const refused = await rejected(client.generate({ prompt: 'A fox', model, steps: 99 }), Rejected);
const code: UserErrorCode | undefined = refused.errors[0]?.code;
assert.deepEqual([code, refused.code, refused.field], ['OUT_OF_RANGE', 'OUT_OF_RANGE', 'steps']);
assert.match(refused.message, /from 1 to 8/);
assert(refused.suggestion);
assert.equal(refused.mayHaveRun, false);
const limited = await rejected(client.generate({ prompt: 'A fox', model, maxCost: 0.001 }), Rejected);
const [first] = limited.errors;
assert(first?.__typename === 'MaxCostExceeded' && first.maxCost === 0.001);
const unfinished = client.watchBatch('bat_none');
for (const call of [() => client.image('img_none'), () => client.batch('bat_none'), () => unfinished.next()]) {
  assert.match((await rejected<Rejected>(call(), Rejected)).code, /^(IMAGE|BATCH)_NOT_FOUND$/);
}
assert.equal((await rejected(client.request('{ nothing }'), RequestError)).code, 'BAD_REQUEST');
const text = new Blob(['no image'], { type: 'image/png' });
assert.equal((await rejected(client.upload(text), Rejected)).code, 'INVALID');

const secret = 'gqls_secret_that_nobody_prints';
const stranger = new GqlServerClient(url, { apiKey: () => Promise.resolve(secret) });
const batchOfStranger = stranger.watchBatch('bat_none');
for (const call of [() => stranger.models(), () => batchOfStranger.next()]) {
  const unauthenticated: RequestError = await rejected<RequestError>(call(), RequestError);
  assert.equal(unauthenticated.code, 'UNAUTHENTICATED');
  assert(!inspect([unauthenticated, stranger], { depth: 9, showHidden: true }).includes(secret));
}
assert.throws(() => new GqlServerClient(url.replace('//', '//user:password@')), /apiKey/);

const nowhere = new GqlServerClient('http://127.0.0.1:9', { retrySeconds: 60 });
const away = await rejected(nowhere.models(), ServerUnreachable);
assert.equal(away.code, 'UNREACHABLE');
const other = createServer((_, response) => void response.writeHead(404).end('<h1>Not this one</h1>'));
const port = await new Promise<number>((resolve) => {
  other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port));
});
const wrong = new GqlServerClient(`http://127.0.0.1:${port}`);
assert.equal((await rejected(wrong.models(), UnexpectedResponse)).status, 404);
other.close();

const stop = new AbortController();
const batch = await client.createBatch({ model, pictures: { prompts } });
const watching = client.watchBatch(batch.id, { signal: stop.signal });
await watching.next();
stop.abort(new Error('enough'));
await assert.rejects(watching.next(), /enough/);
await assert.rejects(client.models({ signal: stop.signal }), /enough/);
// Without WebSockets, as in Node 20, it polls.
const polling = new GqlServerClient(url, { apiKey, webSocket: Refusing });
const finished: number[] = [];
for await (const { finishedItems } of polling.watchBatch(batch.id)) {
  finished.push(...finishedItems.map(({ index }) => index));
}
assert.deepEqual(finished.sort(), [0, 1, 2]);
client.close();

async function rejected<E extends GqlServerError>(call: Promise<unknown>, kind: new (...args: never[]) => E): Promise<E> {
  try {
    await call;
  } catch (error) {
    assert(error instanceof kind, inspect(error));
    return error;
  }
  assert.fail('it did not reject');
}
