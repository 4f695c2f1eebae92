// What the scripts of the studio have in common: a page with a key, the API beside it, and how pages must look.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { launchBrowser } from './browser.mjs';
import { watchedPage } from './pages.mjs';

export const FAST_MODEL = '@cf/black-forest-labs/flux-1-schnell';
export const TIMEOUT = 90_000; // a machine may be busy
const AXE = await readFile(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');

/** Run the steps of a script in a browser of their own. */
export async function inBrowser(steps, options = []) {
  const browser = await launchBrowser(options);
  try {
    await steps(browser);
  } finally {
    await browser.close();
  }
}

/** Open a page that is signed in with a key, if there is one. */
export async function openStudio(browser, origin, { key = null, ...options } = {}) {
  const watched = await watchedPage(browser, origin, { locale: 'en-US', timezoneId: 'Europe/Berlin', ...options });
  if (key) await watched.context.addInitScript((kept) => sessionStorage.setItem('gql_server:api-key', kept), key);
  return watched;
}

/** Assert that a page broke no policy, sent no request elsewhere, and logged only expected errors. */
export async function holdsItsPolicy({ violations, elsewhere, pageErrors }, expected = /(?!)/) {
  assert.deepEqual(await violations(), []);
  assert.deepEqual(elsewhere, []);
  assert.deepEqual(pageErrors.filter((error) => !expected.test(error)), []);
}

/** Run an operation outside of the browser. */
export async function api(origin, query, variables = {}, key = null) {
  const response = await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
}

/** Make images of prompts, one after another; return their IDs. */
export async function makeImages(origin, prompts, key = null) {
  const mutation = `mutation($input: GenerateImageInput!) {
    generateImage(input: $input) { image { id } userErrors { message } }
  }`;
  const ids = [];
  for (const prompt of prompts) {
    const { generateImage } = await api(origin, mutation, { input: { prompt, model: FAST_MODEL } }, key);
    assert.deepEqual(generateImage.userErrors, []);
    ids.push(generateImage.image.id);
  }
  return ids;
}

/** Wait until nothing of the page is on its way. */
export async function hasSettled(page) {
  await page.getByRole('heading').first().waitFor({ timeout: TIMEOUT });
  await page.waitForLoadState('networkidle');
  await page.getByText('Loading…').waitFor({ state: 'detached', timeout: TIMEOUT });
}

/** Assert that nothing is beyond the edge, and that axe finds nothing serious; leave a screenshot. */
export async function looksRight(page, name, { withAxe = true } = {}) {
  await page.screenshot({ path: `screenshots/${name}.png` });
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(beyond <= 0, `${name} is ${beyond} pixels too wide`);
  if (!withAxe) return;
  const violations = await page.evaluate(`${AXE}; axe.run({ resultTypes: ['violations'] }).then((all) => all.violations)`);
  const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
  assert.deepEqual(serious.map(({ id, nodes }) => [name, id, nodes.slice(0, 3).map(({ html }) => html)]), []);
}
