// Many images at once in the studio: tagged, deleted, restored, downloaded; and the tags of one.
//
//   node studio_selection.mjs http://127.0.0.1:8000
//
// The server asks for no key.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { api, holdsItsPolicy, inBrowser, makeImages, openStudio, TIMEOUT } from './studio.mjs';

const [origin] = process.argv.slice(2);
const TAGS = '{ images(first: 20) { edges { node { id prompt tags } } } }';

await inBrowser(async (browser) => {
  const ids = await makeImages(origin, ['Chosen fox 0', 'Chosen fox 1', 'Chosen fox 2', 'Chosen fox 3']);
  const watched = await openStudio(browser, origin);
  const { page } = watched;
  await tagsMany(page);
  await downloadsMany(page, ids);
  await deletesAndRestoresMany(page);
  await deletesForGood(page);
  await editsTheTagsOfOne(page, ids[3]);
  await looksWithoutTls(browser);
  await holdsItsPolicy(watched);
});

async function select(page, names) {
  for (const name of names) await page.getByRole('checkbox', { name: `Select: ${name}` }).check({ force: true });
  await page.getByText(`${names.length} selected`).waitFor();
}

async function tagsMany(page) {
  await page.goto(origin);
  await page.getByText('4 images').waitFor({ timeout: TIMEOUT });
  // A range, from one box to another with the shift key.
  await page.getByRole('checkbox', { name: 'Select: Chosen fox 3' }).click({ force: true });
  await page.getByRole('checkbox', { name: 'Select: Chosen fox 1' }).click({ force: true, modifiers: ['Shift'] });
  await page.getByText('3 selected').waitFor();
  await page.screenshot({ path: 'screenshots/studio-selection.png' });
  await page.getByRole('button', { name: 'Edit tags' }).click();
  await page.getByLabel('Tags to add').fill('shop, foxes');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Tags saved: 3.').waitFor();
  assert.deepEqual(await tagsOf(), { 'Chosen fox 3': ['foxes', 'shop'], 'Chosen fox 2': ['foxes', 'shop'], 'Chosen fox 1': ['foxes', 'shop'], 'Chosen fox 0': [] });

  await select(page, ['Chosen fox 3', 'Chosen fox 0']);
  await page.getByRole('button', { name: 'Edit tags' }).click();
  await page.getByText('They have: foxes, shop').waitFor();
  await page.getByLabel('Tags to remove').fill('shop');
  await page.getByLabel('Tags to add').fill('x'.repeat(200)); // the server's rule
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('dialog [aria-invalid]').waitFor();
  await page.getByLabel('Tags to add').fill('');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Tags saved: 2.').waitFor();
  assert.deepEqual((await tagsOf())['Chosen fox 3'], ['foxes']);

  await page.getByRole('button', { name: 'Filters' }).click();
  await page.getByLabel('Tags', { exact: true }).fill('shop');
  await page.getByText('2 images', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Clear the filters' }).click();
  await page.getByText('4 images', { exact: true }).waitFor();
  assert.equal(await page.getByLabel('Tags', { exact: true }).inputValue(), '');
  // The search keeps the focus while it is typed, with pauses in between.
  await page.getByLabel('Search prompts').focus();
  for (const [typed, found] of [['fox', '4 images'], [' 2', '1 image']]) {
    await page.keyboard.type(typed);
    await page.waitForURL(/q=fox/);
    await page.getByText(found, { exact: true }).waitFor();
  }
  await page.getByLabel('Search prompts').fill('');
  await page.getByText('4 images', { exact: true }).waitFor();
  assert.equal(page.url(), `${origin}/`);
}

async function downloadsMany(page, ids) {
  await select(page, ['Chosen fox 0', 'Chosen fox 1']);
  const downloads = [];
  page.on('download', (download) => downloads.push(download));
  await page.getByRole('button', { name: 'Download' }).click();
  await page.getByText('Downloaded: 2.').waitFor();
  while (downloads.length < 2) await page.waitForEvent('download');
  for (const download of downloads) {
    assert.ok(ids.slice(0, 2).some((id) => download.suggestedFilename().startsWith(`${id}.`)), download.suggestedFilename());
    assert.ok((await readFile(await download.path())).length > 500);
  }
}

async function deletesAndRestoresMany(page) {
  await select(page, ['Chosen fox 0', 'Chosen fox 2']);
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('heading', { name: 'Delete 2 images?' }).waitFor();
  await page.locator('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByText('Deleted: 2.').waitFor();
  await page.getByText('2 images', { exact: true }).waitFor();
  assert.deepEqual(Object.keys(await tagsOf()), ['Chosen fox 3', 'Chosen fox 1']);

  await page.goto(`${origin}/?deleted=ONLY`);
  await page.getByText('2 images', { exact: true }).waitFor();
  await select(page, ['Chosen fox 0', 'Chosen fox 2']);
  assert.equal(await page.getByRole('toolbar').getByRole('button', { name: 'Delete', exact: true }).count(), 0);
  await page.getByRole('button', { name: 'Restore' }).click();
  await page.getByText('Restored: 2.').waitFor();
  await page.getByRole('heading', { name: 'No image matches' }).waitFor();
  await page.goto(origin);
  await page.getByText('4 images', { exact: true }).waitFor();
}

async function deletesForGood(page) {
  const [id] = await makeImages(origin, ['To be erased']);
  await api(origin, 'mutation($id: ID!) { deleteImage(input: { id: $id }) { image { id } } }', { id });
  await page.goto(`${origin}/?deleted=ONLY`);
  await select(page, ['To be erased']);
  // The file of a deleted image does not answer: there is nothing to download.
  assert.equal(await page.getByRole('toolbar').getByRole('button', { name: 'Download' }).count(), 0);
  await page.getByRole('button', { name: 'Delete for good' }).click();
  await page.getByRole('heading', { name: 'Delete this image for good?' }).waitFor();
  await page.locator('dialog').getByRole('button', { name: 'Delete for good' }).click();
  await page.getByText('Deleted for good: 1.').waitFor();
  await page.getByRole('heading', { name: 'No image matches' }).waitFor();
  assert.deepEqual(await api(origin, `{ image(id: "${id}") { id } }`), { image: null });
}

async function editsTheTagsOfOne(page, id) {
  await page.goto(`${origin}/studio/images/${id}`);
  await page.getByLabel('Tags to add').fill('red, blue');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'blue' }).waitFor();
  await page.getByRole('button', { name: 'Remove the tag foxes' }).click();
  await page.getByRole('link', { name: 'foxes' }).waitFor({ state: 'detached' });
  assert.deepEqual((await tagsOf())['Chosen fox 3'], ['blue', 'red']);
  await page.getByLabel('Tags to add').fill('x'.repeat(200));
  await page.keyboard.press('Enter');
  await page.locator('form [aria-invalid]').waitFor();
  await page.getByRole('link', { name: 'red' }).click();
  await page.getByText('1 image', { exact: true }).waitFor();
}

/** Browsers give pages that come without TLS from another machine neither a clipboard nor random UUIDs. */
async function looksWithoutTls(browser) {
  const { page, context, pageErrors } = await openStudio(browser, origin);
  await page.addInitScript(() => {
    delete Crypto.prototype.randomUUID;
    delete Navigator.prototype.clipboard;
  });
  await page.goto(`${origin}/studio/make`);
  await page.getByLabel('Prompt').first().fill('A fox without TLS');
  await page.getByRole('button', { name: 'Make the image' }).click();
  await page.getByRole('region', { name: 'What you made' }).locator('img').click({ timeout: TIMEOUT });
  await page.getByRole('heading', { name: 'A fox without TLS', level: 1 }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Copy the settings' }).count(), 0);
  assert.deepEqual(pageErrors, []);
  await context.close();
}

/** Return the tags of each image, by its prompt, newest first. */
async function tagsOf() {
  const { images } = await api(origin, TAGS);
  return Object.fromEntries(images.edges.map(({ node: { prompt, tags } }) => [prompt, tags.toSorted()]));
}
