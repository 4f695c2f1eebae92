// The studio's images in Chromium: the first one, the gallery, one image, and the form that makes them.
//
//   node studio_images.mjs http://127.0.0.1:8000
//
// The server has no images yet and asks for no key. Screenshots are left in screenshots/.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { launchBrowser } from './browser.mjs';
import { watchedPage } from './pages.mjs';

const [origin] = process.argv.slice(2);
const INPAINTING = '@cf/runwayml/stable-diffusion-v1-5-inpainting';
const TIMEOUT = 90_000; // a machine may be busy
const AXE = await readFile(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
const LOOKS = {
  light: {},
  dark: { colorScheme: 'dark' },
  phone: { viewport: { width: 320, height: 640 }, colorScheme: 'light' },
};

const browser = await launchBrowser();
try {
  const watched = await watchedPage(browser, origin, { locale: 'en-US' });
  const { page } = watched;
  await makesTheFirstImage(page);
  await showsNewImages(page);
  await readsOneImage(page);
  await paintsAMask(page);
  assert.deepEqual(await watched.violations(), []);
  assert.deepEqual(watched.elsewhere, []);
  assert.deepEqual(watched.pageErrors, []);
  for (const [look, options] of Object.entries(LOOKS)) await looksRight(look, options);
} finally {
  await browser.close();
}

async function makesTheFirstImage(page) {
  await page.goto(origin);
  const make = page.getByRole('button', { name: 'Make the first image' });
  await make.waitFor();
  await page.screenshot({ path: 'screenshots/studio-first-visit.png' });
  await make.click();
  await page.locator('[aria-label="Images"] a').first().waitFor({ timeout: TIMEOUT });
}

/** What others make appears by itself; words narrow the gallery, and a reload keeps them. */
async function showsNewImages(page) {
  await page.goto(origin);
  await page.locator('[aria-label="Images"] a').first().waitFor();
  await generate('A lighthouse in a storm, oil painting');
  await page.waitForFunction(
    () => document.querySelectorAll('[aria-label="Images"] a').length >= 2 || /new image/.test(document.body.innerText),
    undefined,
    { timeout: TIMEOUT },
  );
  for (const subject of ['a red fox in the snow', 'a forest in fog', 'mountains at dawn', 'a quiet harbor']) {
    await generate(subject);
  }
  await page.goto(origin);
  await page.getByText('6 images').waitFor({ timeout: TIMEOUT });
  await page.getByPlaceholder('Search prompts').or(page.getByLabel('Search prompts')).first().fill('lighthouse');
  await page.getByText('1 image', { exact: true }).waitFor();
  await page.reload();
  await page.getByText('1 image', { exact: true }).waitFor();
}

async function readsOneImage(page) {
  await page.goto(origin);
  await page.locator('[aria-label="Images"] a').first().click();
  await page.waitForURL(/\/studio\/images\/img_/);
  await page.getByText('a quiet harbor').first().waitFor();
  const before = page.url();
  await page.locator('main img').first().waitFor();
  await page.getByRole('link', { name: 'Older image (right arrow)' }).waitFor();
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction((address) => location.href !== address, before);
}

/** An upload is a source, a brush draws its mask, and both are sent. */
async function paintsAMask(page) {
  await page.goto(`${origin}/studio/make?model=${encodeURIComponent(INPAINTING)}`);
  await page.getByLabel('Prompt').first().fill('A boat in the harbor');
  const { data } = await graphql('{ images(first: 1) { edges { node { url } } } }');
  const picture = Buffer.from(await (await fetch(data.images.edges[0].node.url)).arrayBuffer());
  await page.locator('input[type="file"]').first().setInputFiles({ name: 'harbor.png', mimeType: 'image/png', buffer: picture });
  await page.getByRole('button', { name: 'Draw a mask' }).click();
  const canvas = page.locator('dialog [aria-label="Drawing area of the mask"]');
  await canvas.waitFor();
  const box = await canvas.boundingBox();
  await page.mouse.move(box.x + box.width / 3, box.y + box.height / 3);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2, { steps: 5 });
  await page.mouse.up();
  await page.screenshot({ path: 'screenshots/studio-mask.png' });
  await page.getByRole('button', { name: 'Use the mask' }).click();
  const sent = page.waitForResponse(
    (response) => response.url().endsWith('/graphql') && /generateImage/.test(response.request().postData() ?? ''),
    { timeout: TIMEOUT },
  );
  await page.locator('button[type="submit"]').click();
  const request = JSON.parse((await sent).request().postData());
  const text = JSON.stringify(request.variables);
  assert.match(text, /"sourceImageIds":\["src_/);
  assert.match(text, /"maskImageId":"src_/);
  await page.getByRole('region', { name: /./ }).locator('img').last().waitFor({ timeout: TIMEOUT });
}

async function looksRight(look, options) {
  const { page, context } = await watchedPage(browser, origin, { locale: 'en-US', ...options });
  const { data } = await graphql('{ images(first: 1) { edges { node { id } } } }');
  const pages = { gallery: '', image: `studio/images/${data.images.edges[0].node.id}`, make: 'studio/make' };
  for (const [name, address] of Object.entries(pages)) {
    await page.goto(`${origin}/${address}`);
    await page.getByRole('heading').first().waitFor();
    await page.waitForLoadState('networkidle');
    await page.screenshot({ path: `screenshots/studio-${name}-${look}.png` });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(overflow <= 0, `${name}, ${look}: ${overflow} pixels too wide`);
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => window.axe.run());
    const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
    const found = serious.map(({ id, nodes }) => [id, nodes.slice(0, 3).map((node) => node.html)]);
    assert.deepEqual(found, [], `${name}, ${look}`);
  }
  await context.close();
}

async function generate(prompt) {
  const input = { prompt, model: '@cf/black-forest-labs/flux-1-schnell' };
  await graphql('mutation($input: GenerateImageInput!) { generateImage(input: $input) { image { id } } }', { input });
}

async function graphql(query, variables = {}) {
  const response = await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const answer = await response.json();
  assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
  return answer;
}
