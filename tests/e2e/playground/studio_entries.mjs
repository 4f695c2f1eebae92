// What goes into the studio: files that are dropped, a batch from a file, input that is wrong, batches that are
// resumed and retried; and what it shows while the server or the network is away.
//
//   node studio_entries.mjs http://127.0.0.1:8000
//
// The server asks for no key.
import assert from 'node:assert/strict';
import { api, FAST_MODEL, hasSettled, holdsItsPolicy, inBrowser, looksRight, makeImages, openStudio, TIMEOUT } from './studio.mjs';

const [origin] = process.argv.slice(2);
const EDITING = encodeURIComponent('@cf/runwayml/stable-diffusion-v1-5-img2img');
const BATCH = 'mutation($input: GenerateBatchInput!) { generateBatch(input: $input) { batch { id } } }';

await inBrowser(async (browser) => {
  const [id] = await makeImages(origin, ['A harbor at noon']);
  const watched = await openStudio(browser, origin);
  const { page } = watched;
  await dropsAFile(page, id);
  await saysWhatIsWrong(page);
  await makesABatchOfAFile(page);
  await resumesABatch(page);
  await retriesABatch(page);
  await holdsItsPolicy(watched, /ERR_FAILED/); // an answer was lost
  await showsThatNobodyAnswers(browser, id);
});

async function dropsAFile(page, id) {
  await page.goto(`${origin}/studio/make?model=${EDITING}`);
  const { image } = await api(origin, 'query($id: ID!) { image(id: $id) { url } }', { id });
  const bytes = Buffer.from(await (await fetch(image.url)).arrayBuffer()).toString('base64');
  const area = page.getByText('Drop an image here, or paste one.');
  await area.waitFor({ timeout: TIMEOUT });
  await area.dispatchEvent('drop', { dataTransfer: await filesOf(page, 'note.txt', 'text/plain', btoa('no image')) });
  await page.getByText('“note.txt” is not an image', { exact: false }).waitFor();
  await area.dispatchEvent('drop', { dataTransfer: await filesOf(page, 'broken.png', 'image/png', btoa('no image')) });
  await page.getByRole('alert').filter({ hasText: 'broken.png' }).waitFor();
  await area.dispatchEvent('drop', { dataTransfer: await filesOf(page, 'harbor.png', 'image/png', bytes) });
  await page.getByAltText('harbor.png').waitFor({ timeout: TIMEOUT });
  assert.equal(await page.getByRole('alert').count(), 0);
  await page.getByRole('button', { name: 'Remove source image 1' }).click();
  // Pasted, wherever the focus is.
  const pasted = await filesOf(page, 'pasted.png', 'image/png', bytes);
  await page.evaluate((clipboardData) => dispatchEvent(new ClipboardEvent('paste', { clipboardData })), pasted);
  await page.getByAltText('pasted.png').waitFor({ timeout: TIMEOUT });
}

/** What the server refuses stands beside the field that it concerns. */
async function saysWhatIsWrong(page) {
  await page.goto(`${origin}/studio/make?model=${encodeURIComponent(FAST_MODEL)}`);
  await page.getByLabel('Prompt').first().fill('A fox with too many steps');
  await page.locator('form').evaluate((form) => (form.noValidate = true)); // the server's rules, not the browser's
  await page.getByLabel('Steps').fill('99');
  await errorOf(page.getByLabel('Steps'), /8|steps/i);
  await page.getByLabel('Steps').fill('4');
  await page.getByLabel('Tags').fill('x'.repeat(200));
  await errorOf(page.getByLabel('Tags'), /tag/i); // before anything is spent
  await page.getByLabel('Tags').fill('');
  await page.locator('[aria-invalid]').waitFor({ state: 'detached' });
  await page.getByLabel('Prompt').first().fill('ab');
  await page.locator('button[type="submit"]').click();
  await errorOf(page.getByLabel('Prompt').first(), /3/);
  await looksRight(page, 'studio-make-errors');

  await page.goto(`${origin}/studio/batches/new`);
  await page.getByLabel('One prompt per line').fill('A fox');
  await page.locator('form').evaluate((form) => (form.noValidate = true));
  await page.getByLabel('Webhook').fill('ftp://example.com');
  await errorOf(page.getByLabel('Webhook'), /http/i);
  await page.getByLabel('Webhook').fill('');
}

/** The message is announced with the control, and it is red for a reason. */
async function errorOf(control, message) {
  await control.and(control.page().locator('[aria-invalid]')).waitFor({ timeout: TIMEOUT });
  const ids = (await control.getAttribute('aria-describedby')).split(' ');
  const texts = await Promise.all(ids.map((id) => control.page().locator(`[id="${id}"]`).innerText()));
  assert.match(texts.join(' '), message);
}

async function makesABatchOfAFile(page) {
  await page.goto(`${origin}/studio/batches/new`);
  const file = page.locator('input[type="file"]');
  await file.setInputFiles({ name: 'binary.txt', mimeType: 'text/plain', buffer: Buffer.from([1, 0, 2]) });
  await page.getByText('This is not a text file.').waitFor();
  const text = '\uFEFF# foxes\r\nA red fox\r\n\r\nA white fox\r\nA fox in the fog\r\n';
  await file.setInputFiles({ name: 'foxes.txt', mimeType: 'text/plain', buffer: Buffer.from(text) });
  await page.getByText('3 prompts').waitFor();
  await page.getByLabel('Name', { exact: true }).fill('Foxes');
  await page.locator('button[type="submit"]:not([aria-busy])').click();
  await page.getByRole('heading', { name: 'Foxes' }).waitFor({ timeout: TIMEOUT });
  await page.getByRole('status').getByText('Done', { exact: true }).first().waitFor({ timeout: TIMEOUT });
  const query = 'query($id: ID!) { batch(id: $id) { items(first: 9) { edges { node { prompt } } } } }';
  const { batch } = await api(origin, query, { id: page.url().split('/').at(-1) });
  assert.deepEqual(batch.items.edges.map(({ node }) => node.prompt), ['A red fox', 'A white fox', 'A fox in the fog']);
  await page.goto(`${origin}/studio/batches`);
  await page.getByRole('link', { name: 'Foxes' }).waitFor({ timeout: TIMEOUT });
}

async function resumesABatch(page) {
  const prompts = ['A fox that waits [preview:pause 6]', 'A fox that does not'];
  const { generateBatch } = await api(origin, BATCH, { input: { model: FAST_MODEL, pictures: { prompts } } });
  await page.goto(`${origin}/studio/batches/${generateBatch.batch.id}`);
  await page.getByText('used up its free neurons').waitFor({ timeout: TIMEOUT });
  await page.getByRole('button', { name: 'Resume now' }).click();
  await page.getByRole('status').getByText('Done', { exact: true }).first().waitFor({ timeout: TIMEOUT });
  assert.equal(await page.locator('[data-status="SUCCEEDED"]').count(), 2);
}

async function retriesABatch(page) {
  const prompts = ['A fox that fails [preview:refuse]', 'Another [preview:refuse]', 'A fox that does not'];
  const { generateBatch } = await api(origin, BATCH, { input: { model: FAST_MODEL, pictures: { prompts } } });
  await page.goto(`${origin}/studio/batches/${generateBatch.batch.id}`);
  // The answer is lost once: the same request is sent again, and makes one batch.
  let lost = 0;
  await page.route('**/graphql', async (route) => {
    if (!route.request().postData()?.includes('retryBatch') || lost) return route.continue();
    lost += 1;
    await route.fetch();
    return route.abort();
  });
  const retry = page.getByRole('button', { name: 'Retry the 2 failed images' });
  await retry.click({ timeout: TIMEOUT });
  await page.getByText('No connection to the server').waitFor();
  await retry.click();
  await page.getByRole('heading', { name: 'Batch of 2 images' }).waitFor();
  await page.unroute('**/graphql');
  const { batches } = await api(origin, '{ batches(first: 20) { edges { node { retryOf { id } } } } }');
  const retries = batches.edges.filter(({ node }) => node.retryOf?.id === generateBatch.batch.id);
  assert.equal(retries.length, 1);
  await page.getByText('An earlier batch').click();
  await page.getByRole('heading', { name: 'Batch of 3 images' }).waitFor();
}

async function showsThatNobodyAnswers(browser, id) {
  const { page, context } = await openStudio(browser, origin);
  await page.goto(origin);
  await hasSettled(page);
  await context.setOffline(true);
  await page.getByText('You are offline.').waitFor();
  await looksRight(page, 'studio-offline');
  await page.getByRole('link', { name: 'Costs' }).first().click(); // its script was not loaded yet
  await page.getByRole('heading', { name: 'No connection to the server' }).waitFor();
  await context.setOffline(false);
  await page.getByRole('button', { name: 'Reload the page' }).click();
  await page.getByRole('heading', { name: 'Costs' }).waitFor({ timeout: TIMEOUT });
  await page.getByText('You are offline.').waitFor({ state: 'detached' });

  // What was entered stays while the server is away, and trying again helps.
  await page.goto(`${origin}/studio/make`);
  await page.getByLabel('Prompt').first().fill('A fox that was lost');
  await page.route('**/graphql', (route) => route.abort());
  await page.getByRole('button', { name: 'Make the image' }).click();
  await page.getByText('Trying again is safe').waitFor({ timeout: TIMEOUT });
  assert.equal(await page.getByLabel('Prompt').first().inputValue(), 'A fox that was lost');
  await looksRight(page, 'studio-make-lost');
  await page.unroute('**/graphql');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByAltText('A fox that was lost').waitFor({ timeout: TIMEOUT });

  const refused = { errors: [{ message: 'Too many requests.', extensions: { code: 'RATE_LIMITED', retryAfter: 7 } }] };
  const answers = [
    ['studio-busy', 'The server is busy', (route) => route.fulfill({ status: 429, json: refused })],
    ['studio-error', 'That did not work', (route) => route.fulfill({ json: { errors: [{ message: 'Reference: 42.' }] } })],
    ['studio-unreachable', 'No connection to the server', (route) => route.abort()],
  ];
  for (const [name, title, answer] of answers) {
    await page.goto(`${origin}/studio/batches`);
    await hasSettled(page);
    await page.route('**/graphql', answer);
    await page.evaluate((address) => history.pushState(null, '', address), `/studio/images/${id}`);
    await page.getByRole('heading', { name: title }).waitFor({ timeout: TIMEOUT });
    await looksRight(page, name);
    await page.unroute('**/graphql');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('heading', { name: 'A harbor at noon', level: 1 }).waitFor({ timeout: TIMEOUT });
  }
  await context.close();
}

/** Returns a handle of files as a drop or the clipboard brings them. */
function filesOf(page, name, type, base64) {
  return page.evaluateHandle(
    ([title, kind, text]) => {
      const transfer = new DataTransfer();
      const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
      transfer.items.add(new File([bytes], title, { type: kind }));
      return transfer;
    },
    [name, type, base64],
  );
}
