// The studio without a mouse: the gallery, one image, and the form that makes them.
//
//   node studio_keyboard.mjs http://127.0.0.1:8000
//
// The server asks for no key.
import assert from 'node:assert/strict';
import { holdsItsPolicy, inBrowser, makeImages, openStudio, TIMEOUT } from './studio.mjs';

const [origin] = process.argv.slice(2);
// More than the elements of any page that can have the focus.
const TABS = 60;

await inBrowser(async (browser) => {
  const prompts = Array.from({ length: 12 }, (_, index) => `Keyboard fox ${index}`);
  await makeImages(origin, prompts);
  const watched = await openStudio(browser, origin);
  const { page } = watched;
  await walksTheGallery(page);
  await turnsToTheNextImage(page);
  await opensAndClosesADialog(page);
  await makesAnImage(page);
  await drawsAMask(page);
  await holdsItsPolicy(watched);
});

async function walksTheGallery(page) {
  await page.goto(origin);
  await page.getByText('12 images').waitFor({ timeout: TIMEOUT });
  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'Skip to content');
  await page.keyboard.press('Enter');
  await tabTo(page, 'Keyboard fox 11');
  for (const [key, name] of [
    ['ArrowRight', 'Keyboard fox 10'],
    ['ArrowLeft', 'Keyboard fox 11'],
    ['ArrowLeft', 'Keyboard fox 11'], // there is none before
    ['End', 'Keyboard fox 0'],
    ['Home', 'Keyboard fox 11'],
    ['ArrowDown', await nameBelow(page)],
    ['PageUp', 'Keyboard fox 11'],
  ]) {
    await page.keyboard.press(key);
    await page.waitForFunction((title) => document.activeElement.title === title, name);
  }
  // The whole grid is one stop, so the end of the page is near.
  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'Select: Keyboard fox 11');
  await page.keyboard.press('Tab');
  assert.doesNotMatch(await focused(page), /fox/);
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Space');
  await page.getByText('1 selected').waitFor();
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction(() => document.activeElement.title === 'Keyboard fox 10');
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction(() => document.activeElement.title === 'Keyboard fox 9');
  await page.keyboard.press('Shift+Space');
  await page.getByText('3 selected').waitFor();
  await tabTo(page, 'Clear the selection');
  await page.keyboard.press('Enter');
  await page.getByText('3 selected').waitFor({ state: 'detached' });
}

/** Returns to the tile of the image that was looked at last. */
async function turnsToTheNextImage(page) {
  await page.goto(origin);
  await page.getByText('12 images').waitFor();
  await tabTo(page, 'Keyboard fox 11');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Keyboard fox 11', level: 1 }).waitFor();
  for (const [key, to] of [['ArrowRight', 10], ['ArrowRight', 9], ['ArrowLeft', 10]]) {
    // The page knows the neighbors before it turns to them.
    await page.waitForFunction(() => document.querySelectorAll('header a[aria-label*="arrow"]').length > 0);
    await page.keyboard.press(key);
    await page.getByRole('heading', { name: `Keyboard fox ${to}`, level: 1 }).waitFor();
    await page.getByRole('link', { name: 'Newer image (left arrow)' }).waitFor();
  }
  await page.keyboard.press('Escape');
  await page.getByText('12 images').waitFor();
  await page.waitForFunction(() => document.activeElement.title === 'Keyboard fox 10');
}

async function opensAndClosesADialog(page) {
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Keyboard fox 10', level: 1 }).waitFor();
  await tabTo(page, 'Edit');
  await page.keyboard.press('Enter');
  await page.locator('dialog[open]').waitFor();
  await tabTo(page, 'Metadata');
  await page.keyboard.type('{"shot": 7}');
  await tabTo(page, 'Save');
  await page.keyboard.press('Enter');
  await page.locator('dialog').waitFor({ state: 'detached' });
  await page.getByText('"shot": 7').waitFor();
  assert.equal(await focused(page), 'Edit'); // where it was before
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
  assert.match(page.url(), /images/); // Escape closed the dialog, not the page
}

async function makesAnImage(page) {
  await page.goto(origin);
  await page.getByText('12 images').waitFor();
  await tabTo(page, 'Make an image');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Make', level: 1 }).waitFor();
  await tabTo(page, 'Prompt');
  await page.keyboard.type('A fox that was typed');
  await tabTo(page, 'Model');
  await page.keyboard.type('FLUX.1 [sch');
  await tabTo(page, 'Images');
  await page.keyboard.press('ArrowUp');
  await page.getByRole('button', { name: 'Make 2 images' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await tabTo(page, 'Make the image');
  await page.keyboard.press('Enter');
  const results = page.getByRole('region', { name: 'What you made' });
  await results.locator('img').first().waitFor({ timeout: TIMEOUT });
  // From the prompt it is one key, and the image can be opened.
  await page.getByLabel('Prompt').first().focus();
  await page.keyboard.press('Control+Enter');
  await page.waitForFunction(() => document.querySelectorAll('section li img').length === 2, undefined, { timeout: TIMEOUT });
  await tabTo(page, 'A fox that was typed');
  await page.keyboard.press('Enter');
  await page.waitForURL(/images\/img_/);
}

async function drawsAMask(page) {
  const model = encodeURIComponent('@cf/runwayml/stable-diffusion-v1-5-inpainting');
  await page.goto(`${origin}/studio/make?model=${model}`);
  await tabTo(page, 'From the gallery');
  await page.keyboard.press('Enter');
  await page.locator('dialog[open] img').first().waitFor();
  await tabTo(page, 'A fox that was typed');
  await page.keyboard.press('Enter');
  await tabTo(page, 'Draw a mask');
  await page.keyboard.press('Enter');
  await tabTo(page, 'Drawing area of the mask');
  for (const key of ['ArrowLeft', 'Space', 'Shift+ArrowDown', 'Shift+ArrowDown']) await page.keyboard.press(key);
  await tabTo(page, 'Use the mask');
  await page.keyboard.press('Enter');
  await page.getByAltText('The mask: white is repainted').waitFor({ timeout: TIMEOUT });
}

/** Press the Tab key until something with this name has the focus, also once the page has loaded it. */
async function tabTo(page, name) {
  const seen = [];
  const end = Date.now() + TIMEOUT;
  while (seen.length < TABS || Date.now() < end) {
    await page.keyboard.press('Tab');
    seen.push(await focused(page));
    if (seen.at(-1) === name) return;
  }
  assert.fail(`${name} cannot be reached: ${seen.slice(-TABS).join(' → ')}`);
}

/** Return the name of what has the focus, which must be seen to have it. */
async function focused(page) {
  const { name, isSeen } = await page.evaluate(() => {
    const { activeElement: element } = document;
    if (element === document.body) return { name: '', isSeen: true };
    const { outlineStyle, boxShadow } = getComputedStyle(element);
    const label = element.labels?.[0]?.innerText;
    const text = element.getAttribute('aria-label') ?? element.title ?? '';
    return {
      name: (text || label || element.querySelector?.('img')?.alt || element.innerText || '').trim(),
      isSeen: outlineStyle !== 'none' || boxShadow !== 'none',
    };
  });
  assert.ok(isSeen, `${name} does not show that it has the focus`);
  return name;
}

async function nameBelow(page) {
  const columns = await page.evaluate(() => {
    const tops = [...document.querySelectorAll('[data-index]')].map((tile) => tile.getBoundingClientRect().top);
    return tops.filter((top) => top === tops[0]).length;
  });
  return `Keyboard fox ${11 - columns}`;
}
