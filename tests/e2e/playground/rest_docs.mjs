// The page of the REST description in Chromium: it keeps its content security policy, sends
// no request elsewhere, shows every operation, and makes a call.
//
//   node rest_docs.mjs http://127.0.0.1:8000 [an admin's API key]
import assert from 'node:assert/strict';
import { launchBrowser } from './browser.mjs';

const [origin, key] = process.argv.slice(2);

const browser = await launchBrowser();
try {
  // The page itself asks for a password; what it sends, for a header.
  const httpCredentials = key ? { username: 'any', password: key } : undefined;
  const page = await (await browser.newContext({ httpCredentials })).newPage();
  page.setDefaultTimeout(20_000);
  const pageErrors = [];
  page.on('console', (message) => message.type() === 'error' && pageErrors.push(message.text()));
  page.on('pageerror', (error) => pageErrors.push(String(error)));
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));

  await page.goto(`${origin}/api/docs`);
  await page.waitForSelector('.opblock');
  const described = await (await page.request.get(`${origin}/api/openapi.json`)).json();
  const operations = Object.values(described.paths).flatMap((path) => Object.keys(path));
  assert.equal(await page.locator('.opblock').count(), operations.length);
  assert.equal(await page.locator('.errors-wrapper').count(), 0);

  if (key) {
    // The browser reports the page's own 401; that is no error.
    assert.ok(pageErrors.splice(0).every((error) => error.includes('401')));
    await page.locator('.auth-wrapper button.authorize').first().click();
    await page.locator('.auth-container input').first().fill(key);
    await page.locator('.auth-container button.authorize').first().click();
    await page.locator('.auth-container button.btn-done').first().click();
  }

  const models = page.locator('#operations-models-models');
  await models.click();
  await models.locator('button.try-out__btn').click();
  await models.locator('button.execute').click();
  await models.locator('.live-responses-table >> text="200"').waitFor();

  const elsewhere = asked.filter((url) => !url.startsWith(origin) && !url.startsWith('data:'));
  assert.deepEqual(elsewhere, []);
  assert.deepEqual(pageErrors, []);
} finally {
  await browser.close();
}
