// The playground in Chromium: its page lives with its content security policy, describes the schema,
// runs a query, watches, and is there again after a reload.
//
//   node playground.mjs http://127.0.0.1:8000/graphql [an admin's API key]
//
// What the page loads from elsewhere is served from the npm packages of the same names and versions,
// so that its integrity hashes are tried too. CHROMIUM names another browser than the package's.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { launchBrowser } from './browser.mjs';

const [url, key] = process.argv.slice(2);
const origin = new URL(url).origin;
const TYPES = { js: 'text/javascript', css: 'text/css' };
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
};

const browser = await launchBrowser();
try {
  // The page itself asks for a password; what it sends, for a header.
  const httpCredentials = key ? { username: 'any', password: key } : undefined;
  const context = await browser.newContext({ httpCredentials });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const faults = [];
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('pageerror', (error) => faults.push(String(error)));
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (event) => {
      window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  const elsewhere = [];
  await context.route(
    (address) => address.origin !== origin,
    async (route) => {
      const address = new URL(route.request().url());
      elsewhere.push(address.href);
      await route.fulfill({
        body: await packaged(address),
        contentType: TYPES[address.pathname.split('.').at(-1)],
        headers: { 'access-control-allow-origin': '*' },
      });
    },
  );

  const isRefused = (answer) => answer.status() === 401;
  const [response] = await Promise.all([page.goto(url), key && page.waitForResponse(isRefused)]);
  assert.equal(response.status(), 200);
  for (const [name, value] of Object.entries(HEADERS)) {
    assert.equal(response.headers()[name], value, name);
  }
  assert.match(response.headers()['content-security-policy'], /default-src 'none'/);
  await page.waitForSelector('.graphiql-query-editor .CodeMirror');
  assert.equal(await page.title(), 'gql_server');
  assert.equal(elsewhere.length, 7);
  if (key) {
    await page.click('button[data-name="headers"]');
    await write('.graphiql-editor-tool', JSON.stringify({ Authorization: `Bearer ${key}` }), 1);
    await page.click('button[aria-label="Re-fetch GraphQL schema"]');
    faults.splice(0); // that it was refused before
  }

  await page.click('button[aria-label="Show Documentation Explorer"]');
  await page.click('.graphiql-doc-explorer-content >> text="Mutation"');
  await page.click('.graphiql-doc-explorer-content >> text="generateImage"');
  await page.waitForSelector('.graphiql-doc-explorer-content >> text="GenerateImagePayload"');

  await run('query Mine { viewer { userId } models { id } }');
  await shows(key ? '"userId": "ann"' : '"userId": "default_user"');
  await shows('@cf/black-forest-labs/flux-1-schnell');

  await run('subscription Watch { imageCreated { id prompt } }');
  await page.waitForSelector('button[aria-label="Stop query (Ctrl-Enter)"]');
  const prompt = 'A red fox that the playground is told of';
  for (let attempt = 0; attempt < 20 && !(await result()).includes(prompt); attempt += 1) {
    await makeImage(prompt); // until it watches
    await page.waitForTimeout(200);
  }
  await shows(prompt);
  await page.click('.graphiql-execute-button');

  assert.match(page.url(), /\?q=/);
  const again = await page.reload();
  assert.equal(again.status(), 200);
  await page.waitForSelector('.graphiql-query-editor .CodeMirror');
  await page.waitForFunction(() => document.body.innerText.includes('subscription Watch'));

  const violations = await page.evaluate(() => window.violations);
  assert.deepEqual(violations, []);
  if (key) assert.ok(faults.every((fault) => fault.includes('401')), String(faults));
  else assert.deepEqual(faults, []);

  async function run(text) {
    await write('.graphiql-query-editor', text);
    await page.click('.graphiql-execute-button');
  }

  async function write(place, text, index = 0) {
    await page.evaluate(
      ([selector, value, number]) => {
        const editors = document.querySelectorAll(`${selector} .CodeMirror`);
        editors[number].CodeMirror.setValue(value);
      },
      [place, text, index],
    );
    await page.waitForTimeout(200); // it takes over what is typed when there is a pause
  }

  async function result() {
    return page.evaluate(() =>
      document.querySelector('.result-window .CodeMirror').CodeMirror.getValue(),
    );
  }

  async function shows(text) {
    await page.waitForFunction(
      (wanted) =>
        document.querySelector('.result-window .CodeMirror').CodeMirror.getValue().includes(wanted),
      text,
    );
  }
} finally {
  await browser.close();
}

async function packaged(address) {
  const [, name, version, path] = /^\/((?:@[^/]+\/)?[^/@]+)@([^/]+)\/(.+)$/.exec(address.pathname);
  const folder = new URL(`node_modules/${name}/`, import.meta.url);
  const installed = JSON.parse(await readFile(new URL('package.json', folder))).version;
  assert.equal(installed, version, `the page loads another version of ${name}: see package.json`);
  return readFile(new URL(path, folder));
}

async function makeImage(prompt) {
  const headers = { 'content-type': 'application/json' };
  if (key) headers.authorization = `Bearer ${key}`;
  const query = `mutation Make($prompt: String!) { generateImage(input: {
    prompt: $prompt, model: "@cf/black-forest-labs/flux-1-schnell" }) { image { id } } }`;
  const body = JSON.stringify({ query, variables: { prompt } });
  const response = await fetch(url, { method: 'POST', headers, body });
  assert.ok((await response.json()).data.generateImage.image.id);
}
