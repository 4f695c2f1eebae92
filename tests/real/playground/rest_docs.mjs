// The page of the REST description in Chromium: it lives with its content security policy, asks
// nobody else for anything, shows every operation, and makes a call.
//
//   node rest_docs.mjs http://127.0.0.1:8000
import assert from 'node:assert/strict';
import chromium from '@sparticuz/chromium';
import { chromium as driver } from 'playwright-core';

const [origin] = process.argv.slice(2);

const browser = await driver.launch({
  executablePath: process.env.CHROMIUM ?? (await chromium.executablePath()),
  args: ['--no-sandbox'], // which needs more rights than CI's containers have
});
try {
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(20_000);
  const faults = [];
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('pageerror', (error) => faults.push(String(error)));
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));

  await page.goto(`${origin}/api/docs`);
  await page.waitForSelector('.opblock');
  assert.equal(await page.locator('.opblock').count(), 13);
  assert.equal(await page.locator('.errors-wrapper').count(), 0);

  const models = page.locator('#operations-models-models');
  await models.click();
  await models.locator('button.try-out__btn').click();
  await models.locator('button.execute').click();
  await models.locator('.live-responses-table >> text="200"').waitFor();

  const elsewhere = asked.filter((url) => !url.startsWith(origin) && !url.startsWith('data:'));
  assert.deepEqual(elsewhere, []);
  assert.deepEqual(faults, []);
} finally {
  await browser.close();
}
