// The documentation in Chromium: no page asks anything of other servers or violates the policy, the
// search finds without one, and every page fits a phone. It leaves screenshots of some.
//
//   node documentation.mjs http://127.0.0.1:8000
import assert from 'node:assert/strict';
import { launchBrowser } from './browser.mjs';
import { watchedPage } from './pages.mjs';

const [origin] = process.argv.slice(2);
const SHOWN = { index: '', operation: 'operations/generateImage.html', settings: 'settings.html' };

const browser = await launchBrowser();
try {
  for (const colorScheme of ['light', 'dark']) {
    const viewport = { width: 320, height: 640 };
    const { page, context, ...watched } = await watchedPage(browser, `${origin}/docs/`, {
      colorScheme,
      viewport,
    });
    for (const [name, path] of Object.entries(SHOWN)) {
      await page.goto(`${origin}/docs/${path}`);
      for (const width of [320, 1280]) {
        await page.setViewportSize({ width, height: 800 });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `${name} is ${wide} pixels wide on ${width}`);
        await page.screenshot({ path: `screenshots/docs-${name}-${colorScheme}-${width}.png` });
      }
    }
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.equal(background === 'rgb(255, 255, 255)', colorScheme === 'light', background);

    await page.goto(`${origin}/docs/`);
    await page.locator('input[name=q]:visible').fill('idempotency');
    await page.keyboard.press('Enter');
    await page.waitForSelector('ul.search li a');
    await page.screenshot({ path: `screenshots/docs-search-${colorScheme}.png` });
    await page.locator('ul.search li a').first().click();
    await page.waitForSelector('h1');

    assert.deepEqual(await watched.violations(), []);
    assert.deepEqual(watched.pageErrors, []);
    assert.deepEqual(watched.elsewhere, []);
    await context.close();
  }

  // Every page that the navigation names has an answer, and fits.
  const { page, ...watched } = await watchedPage(browser, `${origin}/docs/`, {
    viewport: { width: 320, height: 640 },
  });
  await page.goto(`${origin}/docs/`);
  const links = await page.$$eval('.sidebar-tree a.reference', (found) => found.map((a) => a.href));
  const pages = new Set(links.map((link) => link.split('#')[0]));
  assert.ok(pages.size > 150, `${pages.size} pages`);
  for (const link of pages) {
    const answer = await page.goto(link, { waitUntil: 'domcontentloaded' });
    assert.equal(answer.status(), 200, link);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 320, `${link} is ${wide} pixels wide`);
    assert.deepEqual(await watched.violations(), [], link);
  }
  assert.deepEqual(watched.pageErrors, []);
  assert.deepEqual(watched.elsewhere, []);
} finally {
  await browser.close();
}
