// Signing in to the studio at an OpenID Connect provider, in Chromium.
//
//   node studio_sign_in.mjs http://127.0.0.1:8000 http://127.0.0.1:9000
//
// The provider signs everyone in at once, and its tokens expire within seconds.
import assert from 'node:assert/strict';
import { launchBrowser } from './browser.mjs';
import { allowsNoStorage, watchedPage } from './pages.mjs';

const [origin, issuer, key] = process.argv.slice(2);

const browser = await launchBrowser();
try {
  const { page, elsewhere, violations, pageErrors } = await watchedPage(browser, origin, { locale: 'en-US' });
  await page.goto(`${origin}/?q=fox`);
  const enter = page.getByRole('button', { name: 'Sign in with your organization' });
  await enter.waitFor();
  await page.screenshot({ path: 'screenshots/studio-sign-in.png' });
  const first = await tokenOf(() => enter.click());
  await page.getByRole('heading', { name: 'Gallery' }).waitFor();
  assert.equal(page.url(), `${origin}/?q=fox`); // the page they came from, without the code

  const second = await tokenOf(() => undefined);
  assert.notEqual(first, second);
  await page.waitForTimeout(4000); // the first one has expired
  await page.reload();
  await page.getByRole('heading', { name: 'Gallery' }).waitFor();

  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByText('Signed in as ann').waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await enter.waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.length + localStorage.length), 0);

  // A code that this tab did not ask for is of no use.
  await page.goto(`${origin}/studio/signed-in?code=stolen&state=stolen`);
  await enter.waitFor();
  assert.equal(page.url(), `${origin}/`);

  // A session whose renewal failed leaves its refresh token; the key that is entered then stays in use.
  const left = JSON.stringify({ refreshToken: 'refresh-1', renewAt: 0 });
  await page.evaluate((renewal) => sessionStorage.setItem('gql_server:renewal', renewal), left);
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('heading', { name: 'Gallery' }).waitFor();
  await page.waitForTimeout(500);
  assert.equal(await page.evaluate(() => sessionStorage.getItem('gql_server:api-key')), key);

  // Who signs out while the token is being renewed stays signed out.
  await page.evaluate(() => sessionStorage.clear());
  await page.reload();
  await tokenOf(() => enter.click());
  const held = new Promise((resolve) => {
    void page.route('**/studio/token', (route) => resolve(route));
  });
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByText('Signed in as ann').waitFor();
  const renewal = await held;
  await page.getByRole('button', { name: 'Sign out' }).click();
  await enter.waitFor();
  const renewed = page.waitForResponse(`${origin}/studio/token`);
  await renewal.continue();
  await (await renewed).finished();
  await page.waitForTimeout(500);
  assert.equal(await page.evaluate(() => sessionStorage.length + localStorage.length), 0);

  // No request but the visits of the provider's page left the server.
  assert.deepEqual(elsewhere.filter((address) => !address.startsWith(`${issuer}/authorize?`)), []);
  assert.deepEqual(await violations(), []);
  assert.deepEqual(pageErrors, []);

  await signsInWithoutStorage();

  // A sign-in at the provider would be lost when the page is left; a key opens the studio until then.
  async function signsInWithoutStorage() {
    const { page, context } = await watchedPage(browser, origin, { locale: 'en-US' });
    await context.addInitScript(allowsNoStorage);
    await page.goto(origin);
    await page.getByRole('alert').getByText('Your browser allows this page no storage').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Sign in with your organization' }).count(), 0);
    await page.getByLabel('API key').fill('gqls_wrong');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByLabel('API key').and(page.locator('[aria-invalid="true"]')).waitFor();
    await page.screenshot({ path: 'screenshots/studio-sign-in-without-storage.png' });
    await page.getByLabel('API key').fill(key);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('heading', { name: 'Gallery' }).waitFor();
  }

  async function tokenOf(act) {
    const answered = page.waitForResponse(`${origin}/studio/token`);
    await act();
    return (await (await answered).json()).token;
  }
} finally {
  await browser.close();
}
