// A gallery of many images in Chromium: it scrolls without a gap or a jump, and its memory is bounded.
//
//   node studio_long_gallery.mjs http://127.0.0.1:8000 20000
//
// The server has so many images, `Seeded 000000` is the oldest; and some newer ones.
import assert from 'node:assert/strict';
import { api, holdsItsPolicy, inBrowser, openStudio, TIMEOUT } from './studio.mjs';

const [origin, seeded] = process.argv.slice(2);
const MAX_NODES = 4_000;
const MAX_MEGABYTES = 30; // beyond those of the first screen
const { images } = await api(origin, '{ images(first: 1) { totalCount } }');
const total = images.totalCount;

await inBrowser(async (browser) => {
  const watched = await openStudio(browser, origin);
  const { page } = watched;
  const session = await watched.context.newCDPSession(page);
  await page.goto(origin);
  await page.getByText(`${total.toLocaleString('en-US')} images`).waitFor({ timeout: TIMEOUT });
  await isWhole(page);
  const first = await memory(session);

  const started = Date.now();
  const memories = [];
  for (let steps = 0; ; steps += 1) {
    const { bottom, known } = await toTheEnd(page);
    if (steps % 25 === 0) {
      await isWhole(page);
      memories.push(await memory(session));
    }
    if (known >= total) break;
    await page.waitForFunction(
      (before) => document.documentElement.scrollHeight > before || !document.querySelector('[class*="toCome"]'),
      bottom,
      { timeout: TIMEOUT },
    );
    // What arrives below must not move what is looked at.
    assert.equal(await page.evaluate(() => window.scrollY), await page.evaluate(() => window.lastScroll));
  }
  const seconds = (Date.now() - started) / 1000;
  await isWhole(page);
  await page.getByTitle('Seeded 000000').waitFor();

  // Back to places that were forgotten meanwhile: the same images stand there.
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  for (const part of [0.5, 0.25, 0.75, 0]) {
    await page.evaluate((top) => window.scrollTo(0, top), Math.floor(height * part));
    await isWhole(page);
    memories.push(await memory(session));
  }
  assert.equal(await page.evaluate(() => document.documentElement.scrollHeight), height);

  const nodes = Math.max(...memories.map((one) => one.nodes));
  const megabytes = Math.max(...memories.map((one) => one.megabytes)) - first.megabytes;
  console.log(JSON.stringify({ total, seconds, nodes, first, megabytes }));
  assert.ok(nodes < MAX_NODES, `${nodes} nodes`);
  assert.ok(megabytes < MAX_MEGABYTES, `${megabytes} MB more than at the beginning`);
  await holdsItsPolicy(watched, /503|429/); // a size is made later where the server is busy, or an allowance is used up
});

/** Scroll to the end of what is known. */
function toTheEnd(page) {
  return page.evaluate(() => {
    const bottom = document.documentElement.scrollHeight;
    window.scrollTo(0, bottom);
    window.lastScroll = window.scrollY;
    const indices = [...document.querySelectorAll('[data-index]')].map((tile) => Number(tile.dataset.index));
    return { bottom, known: Math.max(...indices) + 1 };
  });
}

/** Assert that the screen fills with tiles, each in its place. */
async function isWhole(page) {
  await page.waitForFunction(
    () => {
      const isInSight = (element) => {
        const { top, bottom } = element.getBoundingClientRect();
        return bottom > 0 && top < innerHeight;
      };
      const shown = [...document.querySelectorAll('[data-index]')].filter(isInSight);
      const missing = [...document.querySelectorAll('[class*="toCome"]')].filter(isInSight);
      return shown.length > 0 && missing.length === 0;
    },
    undefined,
    { timeout: TIMEOUT },
  );
  const tiles = await page.locator('[data-index]').evaluateAll((all) =>
    all.map((tile) => [Number(tile.dataset.index), tile.querySelector('a').title]),
  );
  const indices = tiles.map(([index]) => index);
  assert.deepEqual(indices, indices.map((_, place) => indices[0] + place)); // no gap
  for (const [index, title] of tiles) {
    if (index >= total - Number(seeded)) assert.equal(title, `Seeded ${String(total - 1 - index).padStart(6, '0')}`);
  }
}

async function memory(session) {
  // What was taken away may only be found by the second collection.
  for (let times = 0; times < 2; times += 1) await session.send('HeapProfiler.collectGarbage');
  await session.send('Performance.enable');
  const { metrics } = await session.send('Performance.getMetrics');
  const value = (name) => metrics.find((metric) => metric.name === name).value;
  return { nodes: value('Nodes'), megabytes: Math.round(value('JSHeapUsedSize') / 1e5) / 10 };
}
