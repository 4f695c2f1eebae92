// The studio's further pages in Chromium: batches (one of them watched while the server restarts), costs,
// models, templates, budgets, webhooks and keys, by role.
//
//   node studio_pages.mjs http://127.0.0.1:8000 <admin's key> <creator's key> <reader's key>
//
// The caller restarts the server while the batch runs. Screenshots are left in screenshots/.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { launchBrowser } from './browser.mjs';
import { watchedPage } from './pages.mjs';

const [origin, adminKey, creatorKey, readerKey] = process.argv.slice(2);
const MODEL = '@cf/black-forest-labs/flux-1-schnell';
const TIMEOUT = 90_000; // a machine may be busy, and the server restarts
const PAGES = ['batches', 'batches/new', 'costs', 'models', 'templates', 'budgets', 'webhooks', 'keys'];
const AXE = await readFile(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');

const hooks = await startReceiver();
const browser = await launchBrowser();
try {
  await prepare();
  await asAdmin();
  await asOthers();
} finally {
  await browser.close();
  hooks.server.close();
  hooks.server.closeAllConnections();
}

async function asAdmin() {
  const watched = await open(adminKey);
  const { page } = watched;
  await makesABatchAndWatchesIt(page);
  await readsCosts(page);
  await keepsATemplate(page);
  await setsABudget(page);
  await redeliversAWebhook(page);
  await makesAKey(page);
  await looksAtEachPage(page);
  // While the server was away, the browser reported that.
  await holdsItsPolicy(watched, /ERR_CONNECTION|ERR_EMPTY_RESPONSE|WebSocket connection|50[23]/);
  await watched.context.close();
}

async function makesABatchAndWatchesIt(page) {
  const sockets = watchSockets(page);
  await page.goto(`${origin}/studio/batches`);
  await page.click('a:has-text("New batch")');
  // They end one after another, so that the server restarts between them.
  const prompts = Array.from({ length: 16 }, (_, index) => `A watched fox ${index} [preview:slow ${1 + (index % 8) * 2}]`);
  await page.fill('textarea', `# foxes\n\n${prompts.join('\n')}\nab`);
  await page.getByText('Line 19: ').waitFor(); // the server says which
  await page.fill('textarea', `# foxes\n\n${prompts.join('\n')}\nA fox that is refused [preview:refuse]`);
  await page.getByText('17 prompts').waitFor();
  await page.locator('[aria-live] >> text="US$0.17"').or(page.locator('[aria-live] >> text="$0.17"')).waitFor();
  await page.getByRole('meter', { name: /^Server, monthly/ }).waitFor();
  await page.reload(); // the draft stays
  await page.getByText('17 prompts').waitFor();
  await page.locator('button[type="submit"]:not([aria-busy])').click();
  await page.getByRole('heading', { name: 'Batch of 17 images' }).waitFor();
  const address = page.url();
  assert.match(address, /\/studio\/batches\/bat_/);
  await page.locator('[data-status="SUCCEEDED"]').first().waitFor({ timeout: TIMEOUT });
  await page.screenshot({ path: 'screenshots/studio-batch-running.png' });

  // The caller restarts the server now. The page continues by itself.
  await page.getByRole('status').getByText('Some failed').first().waitFor({ timeout: TIMEOUT });
  const tiles = await page.locator('[data-index]').evaluateAll((found) => found.map((tile) => tile.dataset));
  assert.deepEqual(tiles.map(({ index }) => Number(index)), prompts.concat('').map((_, index) => index));
  assert.deepEqual(tiles.map(({ status }) => status), [...prompts.map(() => 'SUCCEEDED'), 'FAILED']);
  assert.ok(sockets.opened > 1, 'the server was restarted while the page watched');
  const ended = sockets.ended.filter(({ batch }) => address.endsWith(batch)).map(({ item }) => item);
  assert.equal(new Set(ended).size, ended.length, 'an item came twice');
  assert.equal(ended.length, 17, 'an item was lost');

  await page.reload();
  await page.getByText('The model refused this prompt').waitFor();
  assert.equal(await page.locator('[data-status="SUCCEEDED"]').count(), 16);
  await page.click('button:has-text("Retry the failed image")');
  await page.getByRole('heading', { name: 'Batch of 1 image' }).waitFor();
  await page.getByText('An earlier batch').waitFor();
  await page.getByRole('status').getByText('Failed').first().waitFor({ timeout: TIMEOUT });

  await page.goto(`${origin}/studio/batches`);
  await page.getByText('16 of 17 made').waitFor();
  await pausesAndCancels(page);
}

async function pausesAndCancels(page) {
  const { generateBatch } = await api(adminKey, 'mutation($input: GenerateBatchInput!) { generateBatch(input: $input) { batch { id } } }', {
    input: { model: MODEL, pictures: { prompts: ['A fox that waits [preview:pause 3600]', 'Another fox'] } },
  });
  await page.goto(`${origin}/studio/batches/${generateBatch.batch.id}`);
  await page.getByText('used up its free neurons').waitFor({ timeout: TIMEOUT });
  await page.screenshot({ path: 'screenshots/studio-batch-paused.png' });
  await page.click('button:has-text("Cancel the batch")');
  await page.locator('dialog button:has-text("Cancel the batch")').click();
  await page.getByRole('status').getByText('Canceled', { exact: true }).first().waitFor({ timeout: TIMEOUT });
}

async function readsCosts(page) {
  await page.goto(`${origin}/studio/costs`);
  await page.waitForSelector('.uplot canvas', { timeout: TIMEOUT });
  await page.getByRole('heading', { name: 'By user' }).waitFor();
  for (const span of ['24 hours', '90 days']) await page.getByText(span, { exact: true }).click();
  await page.getByText('Weeks', { exact: true }).waitFor();
  await page.getByText('Show as a table').click();
  await page.getByRole('table', { name: 'Over time' }).waitFor();
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('button:has-text("CSV")')]);
  const lines = (await readFile(await download.path(), 'utf8')).trim().split('\r\n');
  assert.equal(lines[0].replace('\uFEFF', ''), 'starts_at,ends_at,images,cost_usd');
  const sum = lines.slice(1).reduce((all, line) => all + Number(line.split(',')[2]), 0);
  const { costAnalytics } = await api(adminKey, '{ costAnalytics { totalImages } }');
  assert.equal(sum, costAnalytics.totalImages);
}

async function keepsATemplate(page) {
  await page.goto(`${origin}/studio/templates`);
  await page.getByRole('heading', { name: 'No templates yet' }).waitFor();
  await page.locator('header button:has-text("New template")').click();
  await page.getByLabel('Name').fill('Postcard');
  await page.getByLabel('Words around the prompt').fill('{prompt} as a {thing}');
  await page.getByLabel('Steps').fill('99');
  await page.locator('dialog').evaluate((dialog) => (dialog.querySelector('form').noValidate = true)); // the server's rules
  await page.click('dialog button:has-text("Save")');
  await page.locator('dialog [aria-invalid]').waitFor();
  await page.getByLabel('Steps').fill('4');
  await page.click('dialog button:has-text("Save")');
  await page.getByRole('heading', { name: 'Postcard' }).waitFor();
  await page.getByText('{thing}').last().waitFor(); // the warning
  await page.click('button[aria-label="Edit: Postcard"]');
  await page.getByLabel('Name').fill('Card');
  await page.click('dialog button:has-text("Save")');
  await page.getByRole('heading', { name: 'Card', exact: true }).waitFor();
  await page.click('button[aria-label="Delete: Card"]');
  await page.locator('dialog button:has-text("Delete")').click();
  await page.getByRole('heading', { name: 'No templates yet' }).waitFor();
}

async function setsABudget(page) {
  await page.goto(`${origin}/studio/budgets`);
  await page.click('button:has-text("New budget")');
  await page.getByLabel('User', { exact: true }).fill('bob');
  await page.getByLabel('Limit in US dollars').fill('3');
  await page.click('dialog button:has-text("Save")');
  await page.getByRole('heading', { name: 'User bob, monthly', exact: true }).waitFor();
  await page.click('button[aria-label="Delete: User bob, monthly"]');
  await page.locator('dialog button:has-text("Delete")').click();
  await page.getByRole('heading', { name: 'User bob, monthly', exact: true }).waitFor({ state: 'detached' });
}

async function redeliversAWebhook(page) {
  await page.goto(`${origin}/studio/webhooks`);
  await page.getByText(hooks.url).waitFor();
  assert.equal(await page.getByText('whsec_').count(), 0);
  await page.click('button:has-text("Show")');
  await page.getByText('whsec_').waitFor();
  const before = hooks.received.length;
  await page.click(`button[aria-label="Send again: ${hooks.url}"]`);
  await page.getByText('It is being sent again.').waitFor();
  for (let waited = 0; hooks.received.length === before && waited < TIMEOUT; waited += 100) await page.waitForTimeout(100);
  assert.equal(hooks.received.at(-1), hooks.received[0]); // the same webhook-id
  await page.getByText('Deliveries').first().click();
  await page.getByRole('cell', { name: '204' }).first().waitFor();
}

async function makesAKey(page) {
  await page.goto(`${origin}/studio/keys`);
  await page.getByText('This one').waitFor();
  await page.click('button:has-text("New API key")');
  await page.getByLabel('User').fill('carol');
  await page.getByLabel('Name').fill('Kiosk');
  await page.getByLabel('Role').selectOption('READER');
  await page.click('dialog button:has-text("Create")');
  const secret = await page.locator('[data-secret]').innerText();
  assert.equal((await api(secret, '{ viewer { userId } }')).viewer.userId, 'carol');
  await page.click('dialog button:has-text("I have kept it")');
  assert.doesNotMatch(await page.content(), new RegExp(secret));
  await page.click('button[aria-label="Revoke: Kiosk"]');
  await page.locator('dialog button:has-text("Revoke")').click();
  await page.getByText('“Kiosk” was revoked.').waitFor();
  await page.getByText('Revoked', { exact: true }).waitFor();
  await assert.rejects(api(secret, '{ viewer { userId } }'));
}

/** Each page at a desk, in the dark and on the smallest phone: nothing beyond the edge, axe finds nothing serious. */
async function looksAtEachPage(page) {
  for (const name of PAGES) {
    for (const [look, colorScheme, width] of [['light', 'light', 1280], ['dark', 'dark', 1280], ['phone', 'light', 320]]) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: width === 320 ? 720 : 900 });
      if (look === 'light') {
        await page.goto(`${origin}/studio/${name}`);
        await page.waitForLoadState('networkidle');
        await page.getByText('Loading…').waitFor({ state: 'detached', timeout: TIMEOUT });
      }
      const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(beyond <= 0, `${name} is ${beyond} pixels too wide (${look})`);
      await page.screenshot({ path: `screenshots/studio-${name.replace('/', '-')}-${look}.png` });
      const violations = await page.evaluate(`${AXE}; axe.run({ resultTypes: ['violations'] }).then((all) => all.violations)`);
      const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
      assert.deepEqual(serious.map(({ id, nodes }) => [name, look, id, nodes.map(({ html }) => html)]), []);
    }
  }
}

async function asOthers() {
  const creator = await open(creatorKey);
  await creator.page.goto(`${origin}/studio/budgets`);
  await creator.page.getByRole('heading', { name: 'Server, monthly' }).waitFor();
  await creator.page.getByText('Amounts are visible to admins').waitFor();
  assert.equal(await creator.page.getByText('New budget').count(), 0);
  assert.deepEqual(await navigation(creator.page), ['batches', 'costs', 'models', 'templates', 'budgets', 'webhooks']);
  await creator.page.goto(`${origin}/studio/templates`);
  await creator.page.locator('header button:has-text("New template")').waitFor();
  await holdsItsPolicy(creator);
  await creator.context.close();

  const reader = await open(readerKey, { locale: 'de-DE', reducedMotion: 'reduce' });
  for (const name of ['keys', 'webhooks', 'batches/new']) {
    await reader.page.goto(`${origin}/studio/${name}`);
    await reader.page.getByRole('heading', { name: 'Ihre Rolle umfasst diese Seite nicht' }).waitFor();
  }
  assert.deepEqual(await navigation(reader.page), ['batches', 'costs', 'models', 'templates', 'budgets']);
  for (const [name, heading] of [['batches', 'Serien'], ['costs', 'Kosten'], ['models', 'Modelle'], ['templates', 'Vorlagen']]) {
    await reader.page.goto(`${origin}/studio/${name}`);
    await reader.page.getByRole('heading', { name: heading, level: 1 }).waitFor();
    await reader.page.waitForLoadState('networkidle');
    assert.equal(await reader.page.locator('main [class*="primary"]').count(), 0, `${name} offers a reader something`);
  }
  await looksButChangesNothing(reader.page);
  await opensThePlaygroundInGerman(reader.page);
  await holdsItsPolicy(reader);
  await reader.context.close();
}

/** The reader's own images, which another key of the same user made. */
async function looksButChangesNothing(page) {
  const mutation = 'mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }';
  const { createApiKey } = await api(adminKey, mutation, { input: { userId: 'eve', name: 'Maker', role: 'CREATOR' } });
  const make = 'mutation($input: GenerateImageInput!) { generateImage(input: $input) { image { id } } }';
  await api(createApiKey.secret, make, { input: { prompt: 'A fox to look at', model: MODEL, tags: ['fox'] } });
  await page.goto(origin);
  await page.getByRole('checkbox').first().check({ force: true, timeout: TIMEOUT });
  const toolbar = page.getByRole('toolbar').getByRole('button');
  assert.deepEqual(await toolbar.evaluateAll((all) => all.map((one) => one.ariaLabel ?? one.innerText)), ['Herunterladen', 'Auswahl aufheben']);
  assert.equal(await page.locator('a[href$="/studio/make"]').count(), 0);
  await page.getByRole('link', { name: 'A fox to look at' }).click();
  await page.getByRole('heading', { name: 'A fox to look at', level: 1 }).waitFor();
  await page.getByRole('link', { name: 'fox', exact: true }).waitFor();
  assert.equal(await page.locator('main input, main a[href*="/make"]').count(), 0);
  const offered = await page.locator('main').getByRole('button').evaluateAll((all) => all.map((one) => one.ariaLabel ?? one.innerText));
  assert.deepEqual(offered.filter((name) => !/Bild/.test(name)), ['Angaben kopieren', 'Herunterladen']);
  await page.screenshot({ path: 'screenshots/studio-reader.png' });
}

async function opensThePlaygroundInGerman(page) {
  await page.goto(`${origin}/graphql`);
  await page.getByRole('heading', { name: 'Dieser Schlüssel darf das Schema nicht lesen' }).waitFor({ timeout: TIMEOUT });
  await page.getByRole('button', { name: 'Ohne das Schema fortfahren' }).click();
  await page.getByText('Willkommen bei gql_server.').first().waitFor({ timeout: TIMEOUT });
  await page.getByRole('heading', { name: 'Operationen' }).or(page.getByText('Operationen', { exact: true })).first().waitFor();
  const longest = await page.evaluate(() =>
    Math.max(...[...document.querySelectorAll('*')].flatMap((one) => {
      const { transitionDuration, animationDuration } = getComputedStyle(one);
      return [transitionDuration, animationDuration].flatMap((all) => all.split(',').map(parseFloat));
    })),
  );
  assert.ok(longest < 0.01, `something moves for ${longest} s`);
}

/** Returns the pages of this script that the navigation offers. */
async function navigation(page) {
  const links = await page.locator('nav').first().locator('a[href^="/studio/"]').evaluateAll((all) => all.map(({ pathname }) => pathname));
  return links.map((path) => path.replace('/studio/', '')).filter((name) => PAGES.includes(name));
}

async function open(key, options = {}) {
  const watched = await watchedPage(browser, origin, { locale: 'en-US', timezoneId: 'Europe/Berlin', ...options });
  await watched.context.addInitScript((kept) => sessionStorage.setItem('gql_server:api-key', kept), key);
  return watched;
}

async function holdsItsPolicy({ violations, elsewhere, pageErrors }, expected = /(?!)/) {
  assert.deepEqual(await violations(), []);
  assert.deepEqual(elsewhere, []);
  assert.deepEqual(pageErrors.filter((error) => !expected.test(error)), []);
}

/** Counts a page's sockets, and the items that events of batches report. */
function watchSockets(page) {
  const seen = { opened: 0, ended: [] };
  page.on('websocket', (socket) => {
    seen.opened += 1;
    socket.on('framereceived', ({ payload }) => {
      const event = JSON.parse(payload).payload?.data?.batchProgress;
      for (const { id } of event?.finishedItems ?? []) seen.ended.push({ batch: event.batch.id, item: id });
    });
  });
  return seen;
}

async function prepare() {
  await api(adminKey, 'mutation { setBudget(input: { limit: 50, period: MONTHLY }) { userErrors { message } } }');
  await api(adminKey, 'mutation($input: GenerateBatchInput!) { generateBatch(input: $input) { batch { id } } }', {
    input: { model: MODEL, pictures: { prompts: ['A fox with a webhook'] }, webhookUrl: hooks.url },
  });
}

async function api(key, query, variables = {}) {
  const response = await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
}

/** Receives webhooks, and keeps their ids. */
async function startReceiver() {
  const received = [];
  const server = createServer((request, response) => {
    received.push(request.headers['webhook-id']);
    request.resume();
    response.writeHead(204).end();
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return { server, received, url: `http://127.0.0.1:${server.address().port}/hook` };
}
