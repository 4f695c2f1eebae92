// The playground in Chromium: it obeys its content security policy, asks no other machine for
// anything, documents the schema, runs examples, watches, and is there again after a reload.
//
//   node playground.mjs http://127.0.0.1:8000/graphql [an admin's API key, a creator's API key]
//
// Screenshots of what it shows, light, dark and on a phone, are left in screenshots/.
import assert from 'node:assert/strict';
import { launchBrowser } from './browser.mjs';
import { watchedPage, write } from './pages.mjs';

const [url, key, creatorKey] = process.argv.slice(2);
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
};

const browser = await launchBrowser();
try {
  const { page, pageErrors, elsewhere, violations } = await watchedPage(browser, url, {
    viewport: { width: 1280, height: 800 },
  });
  const response = await page.goto(url);
  assert.equal(response.status(), 200);
  for (const [name, value] of Object.entries(HEADERS)) {
    assert.equal(response.headers()[name], value, name);
  }
  const policy = response.headers()['content-security-policy'];
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /https?:/);
  if (key) await enterKey();
  await page.waitForSelector('.graphiql-query-editor .view-line');
  assert.equal(await page.title(), 'gql_server playground');

  await page.click('button[aria-label="Show Documentation Explorer"]');
  await page.click('.graphiql-doc-explorer-content >> text="Mutation"');
  await page.click('.graphiql-doc-explorer-content >> text="generateImage"');
  await page.waitForSelector('.graphiql-doc-explorer-content >> text="GenerateImagePayload"');
  await page.click('button[aria-label="Show GraphiQL Explorer"]');
  await page.waitForSelector('.docExplorerWrap >> text="viewer"');

  const prompt = 'A red fox that the playground sees';
  await run('query Mine { viewer { userId } models { id } }');
  await shows(key ? '"userId": "ann"' : '"userId": "default_user"');
  await shows('@cf/black-forest-labs/flux-1-schnell');

  await run('subscription Watch { imageCreated { id prompt } }');
  await page.waitForSelector('button[aria-label="Stop query (Ctrl-Enter)"]');
  for (let attempt = 0; attempt < 20 && !(await result()).includes(prompt.replaceAll(' ', '')); attempt += 1) {
    await makeImage(prompt); // until it watches
    await page.waitForTimeout(200);
  }
  await shows(prompt);
  await page.click('.graphiql-execute-button');

  await page.click('button[aria-label="Show Operations"]');
  await page.fill('.operations input', 'updateImage');
  await page.click('.operations li button:has-text("updateImage")');
  await page.waitForSelector('.operations .notice:has-text("img_")');
  await page.click('.graphiql-execute-button');
  await shows('"updateImage"');
  assert.doesNotMatch(await result(), /"errors"|NotFound/);

  await seesItsAnswers();

  await page.click('button[aria-label="Show History"]');
  await page.waitForSelector('.graphiql-history-item >> text="Watch"');
  const kept = await page.evaluate(() => JSON.stringify(localStorage));
  assert.doesNotMatch(kept, /gqls_/);

  const again = await page.reload();
  assert.equal(again.status(), 200);
  await page.waitForSelector('.graphiql-query-editor .view-line');
  await page.waitForSelector('.graphiql-tab >> text="Watch"');

  assert.deepEqual(await violations(), []);
  assert.deepEqual(elsewhere, []);
  if (key) assert.ok(pageErrors.every((error) => error.includes('401')), String(pageErrors));
  else assert.deepEqual(pageErrors, []);
  if (creatorKey) await runWithoutSchema();
  else await takeScreenshots();

  // Beneath the answer: files to send, progress, every picture, and what the server takes.
  async function seesItsAnswers() {
    const pane = page.locator('.answer-pane');
    await pane.getByText('Persisted documents are on').waitFor();
    await run('query Seen { images(first: 1) { edges { node { anything: url(width: 200) r2Url } } } }');
    await pane.locator('img').first().waitFor();
    await page.waitForFunction(() => document.querySelector('.answer-pane img')?.naturalWidth > 0);
    const picture = await pane.locator('img').last().getAttribute('src');

    await page.fill('.operations input', 'uploadSourceImage');
    await page.click('.operations li button:has-text("uploadSourceImage")');
    const file = { name: 'fox.png', mimeType: 'image/png', buffer: Buffer.from(await (await fetch(picture)).arrayBuffer()) };
    await pane.getByLabel('$file').setInputFiles(file);
    await page.click('.graphiql-execute-button');
    await shows('"id": "src_');
    // A file within an input object: the schema says where.
    await run('mutation Up($given: UploadSourceImageInput!) { uploadSourceImage(input: $given) { sourceImage { id url } } }');
    await pane.getByLabel('$given.file').setInputFiles(file);
    await page.click('.graphiql-execute-button');
    await shows('"id": "src_');
    await pane.locator('img').first().waitFor();

    const { batch } = (await post('mutation { generateBatch(input: { model: "@cf/black-forest-labs/flux-1-schnell", pictures: { prompts: ["One fox", "Two foxes"] } }) { batch { id } } }')).generateBatch;
    await run(`subscription { batchProgress(id: "${batch.id}") { sequence batch { progress status } finishedItems { image { url(width: 200) } } } }`);
    await pane.getByText('100 % · SUCCEEDED · 2 items ended').waitFor();
    assert.equal(await pane.locator('img').count(), 2);
    await page.screenshot({ path: 'screenshots/playground-answer.png' });
  }

  async function enterKey() {
    await page.fill('input[name="key"]', 'gqls_wrong');
    await page.click('button[type="submit"]');
    await page.waitForSelector('[role="alert"]');
    await page.screenshot({ path: 'screenshots/playground-key.png' });
    await page.fill('input[name="key"]', key);
    await page.click('button[type="submit"]');
  }

  async function run(text) {
    await page.click('button[aria-label="New tab"]');
    await write(page, '.graphiql-query-editor', text);
    await page.click('.graphiql-execute-button');
  }

  // The editor wraps lines and writes spaces of another kind.
  async function result() {
    const text = await page.locator('.result-window .view-lines').innerText();
    return text.replace(/\s+/g, '');
  }

  async function shows(text) {
    await page.waitForFunction(
      (expected) =>
        document
          .querySelector('.result-window .view-lines')
          ?.innerText.replace(/\s+/g, '')
          .includes(expected),
      text.replace(/\s+/g, ''),
    );
  }
} finally {
  await browser.close();
}

// Who may not read the schema learns why, and can run operations all the same.
async function runWithoutSchema() {
  const { page, elsewhere, violations } = await watchedPage(browser, url);
  await page.goto(url);
  await page.fill('input[name="key"]', creatorKey);
  await page.click('button[type="submit"]');
  await page.waitForSelector('h1 >> text="This key cannot read the schema"');
  await page.screenshot({ path: 'screenshots/playground-hidden.png' });
  await page.click('button >> text="Continue without the schema"');
  await write(page, '.graphiql-query-editor', 'query Role { viewer { role } }');
  await page.click('.graphiql-execute-button');
  await page.waitForSelector('.result-window .view-lines >> text=/CREATOR/');
  await page.click('button[aria-label="Show API key"]');
  await page.click('button >> text="Forget the key"');
  await page.waitForSelector('input[name="key"]');
  assert.deepEqual([await violations(), elsewhere], [[], []]);
}

async function takeScreenshots() {
  for (const [name, colorScheme, viewport] of [
    ['light', 'light', { width: 1280, height: 800 }],
    ['dark', 'dark', { width: 1280, height: 800 }],
    ['phone', 'light', { width: 390, height: 844 }],
  ]) {
    const { page, context } = await watchedPage(browser, url, { colorScheme, viewport });
    await page.goto(url);
    await page.waitForSelector('.graphiql-query-editor .view-line');
    await page.click('.graphiql-execute-button');
    await page.click('[role="menuitem"] >> text="MakeAPicture"');
    // The answer stays in sight beside its picture.
    await page.waitForFunction(() =>
      document.querySelector('.result-window .view-lines')?.innerText.includes('generateImage'),
    );
    await page.waitForFunction(() => document.querySelector('.answer-pane img')?.naturalWidth > 0);
    await page.screenshot({ path: `screenshots/playground-${name}.png` });
    const beyond = await page.evaluate(() => {
      const { scrollWidth, clientWidth, scrollHeight, clientHeight } = document.documentElement;
      return [scrollWidth - clientWidth, scrollHeight - clientHeight];
    });
    assert.deepEqual(beyond, [0, 0], `${name}: the page scrolls`);
    await context.close();
  }
}

async function makeImage(prompt) {
  const query = `mutation Make($prompt: String!) { generateImage(input: {
    prompt: $prompt, model: "@cf/black-forest-labs/flux-1-schnell" }) { image { id } } }`;
  assert.ok((await post(query, { prompt })).generateImage.image.id);
}

async function post(query, variables = {}) {
  const headers = { 'content-type': 'application/json' };
  if (key) headers.authorization = `Bearer ${key}`;
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  return (await response.json()).data;
}
