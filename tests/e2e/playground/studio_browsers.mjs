// The studio and the playground in browsers that differ from what is usual.
//
//   node studio_browsers.mjs http://127.0.0.1:8000
//
// The server asks for no key.
import { allowsNoStorage } from './pages.mjs';
import { holdsItsPolicy, inBrowser, makeImages, openStudio, TIMEOUT } from './studio.mjs';

const [origin] = process.argv.slice(2);

await inBrowser(async (browser) => {
  await makeImages(origin, ['A fox in any browser']);
  await worksWith(browser, speaksAnUnknownLanguage);
  await worksWith(browser, allowsNoStorage);
  await saysThatItCannotStart(browser);
});

async function worksWith(browser, difference) {
  const watched = await openStudio(browser, origin);
  const { page, context } = watched;
  await context.addInitScript(difference);
  await page.goto(origin);
  await page.getByText('1 image').first().waitFor({ timeout: TIMEOUT });
  await page.goto(`${origin}/studio/costs`);
  await page.locator('main canvas').first().waitFor({ timeout: TIMEOUT });
  await page.goto(`${origin}/graphql`);
  await page.locator('.view-line').first().waitFor({ timeout: TIMEOUT });
  await holdsItsPolicy(watched);
  await context.close();
}

// Chromium's language where the system's locale is POSIX.
function speaksAnUnknownLanguage() {
  Object.defineProperty(navigator, 'language', { value: 'en-US@posix', configurable: true });
  Object.defineProperty(navigator, 'languages', { value: ['en-US@posix'] });
}

async function saysThatItCannotStart(browser) {
  const { page, context } = await openStudio(browser, origin);
  await context.addInitScript(() => {
    Intl.DateTimeFormat = undefined;
  });
  await page.goto(origin);
  await page.getByRole('alert').getByText('This page has an error of its own').waitFor({ timeout: TIMEOUT });
}
