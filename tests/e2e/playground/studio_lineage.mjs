// Where images come from, in the studio: sources, what was derived from them, and images that are made again; and
// the settings that only models of other providers have.
//
//   node studio_lineage.mjs http://127.0.0.1:8000
//
// The server asks for no key.
import assert from 'node:assert/strict';
import { api, holdsItsPolicy, inBrowser, looksRight, makeImages, openStudio, TIMEOUT } from './studio.mjs';

const [origin] = process.argv.slice(2);
const EDITING = '@cf/runwayml/stable-diffusion-v1-5-img2img';
const OTHER = 'openai/gpt-image-1.5';
const MAKE = 'mutation($input: GenerateImageInput!) { generateImage(input: $input) { image { id } userErrors { message } } }';
const READ = 'query($id: ID!) { image(id: $id) { prompt tags sources { ... on Image { id } } parameters { seed quality } } }';

await inBrowser(async (browser) => {
  const [source] = await makeImages(origin, ['A harbor at noon']);
  const input = { prompt: 'The harbor at night', model: EDITING, sourceImageIds: [source], tags: ['harbor'] };
  const { generateImage } = await api(origin, MAKE, { input });
  assert.deepEqual(generateImage.userErrors, []);
  const watched = await openStudio(browser, origin);
  const { page } = watched;
  await showsWhereItComesFrom(page, source, generateImage.image.id);
  await makesItAgain(page, source, generateImage.image.id);
  await changesSomething(page, generateImage.image.id);
  await setsWhatOnlyOthersHave(page);
  await keepsATemplatesSettings(page);
  await holdsItsPolicy(watched);
});

async function showsWhereItComesFrom(page, source, derived) {
  await page.goto(`${origin}/studio/images/${derived}`);
  await page.getByRole('heading', { name: 'Made from', exact: true }).waitFor({ timeout: TIMEOUT });
  await page.getByRole('link', { name: 'A harbor at noon' }).click();
  await page.getByRole('heading', { name: 'A harbor at noon', level: 1 }).waitFor();
  await page.getByRole('heading', { name: 'Made from it: 1' }).waitFor();
  await looksRight(page, 'studio-lineage');
  await page.getByRole('link', { name: 'The harbor at night' }).click();
  await page.waitForURL(`${origin}/studio/images/${derived}`);
  assert.notEqual(source, derived);
}

async function makesItAgain(page, source, id) {
  await page.getByRole('heading', { name: 'The harbor at night', level: 1 }).waitFor();
  const { image: first } = await api(origin, READ, { id });
  const again = page.getByRole('button', { name: 'Make it again' });
  const make = page.locator('dialog').getByRole('button', { name: 'Make the image' });

  await again.click();
  await page.locator('dialog').getByLabel('Prompt').fill('ab'); // too short for the server
  await page.locator('dialog form').evaluate((form) => (form.noValidate = true));
  await page.locator('dialog [aria-invalid]').waitFor();
  await page.locator('dialog').getByLabel('Prompt').fill('The harbor in the rain');
  await page.locator('dialog').getByText('Costs $').or(page.locator('dialog').getByText('Costs US$')).waitFor();
  await looksRight(page, 'studio-remake');
  await make.click();
  await page.getByRole('heading', { name: 'The harbor in the rain', level: 1 }).waitFor({ timeout: TIMEOUT });
  const { image: changed } = await api(origin, READ, { id: page.url().split('/').at(-1) });
  assert.deepEqual([changed.sources, changed.tags], [[{ id: source }], ['harbor']]);
  assert.notEqual(changed.parameters.seed, first.parameters.seed);

  await page.goto(`${origin}/studio/images/${id}`);
  await again.click();
  await page.getByText('The same seed').click();
  await make.click();
  await page.waitForURL((url) => url.pathname.startsWith('/studio/images/') && !url.pathname.endsWith(id), { timeout: TIMEOUT });
  const { image: same } = await api(origin, READ, { id: page.url().split('/').at(-1) });
  assert.deepEqual(same, first);
}

async function changesSomething(page, id) {
  await page.goto(`${origin}/studio/images/${id}`);
  await page.getByRole('link', { name: 'Change something' }).click();
  await page.getByAltText('A harbor at noon').waitFor({ timeout: TIMEOUT }); // its source
  assert.equal(await page.getByLabel('Prompt').first().inputValue(), 'The harbor at night');
  assert.equal(await page.getByLabel('Tags').inputValue(), 'harbor');
}

async function setsWhatOnlyOthersHave(page) {
  const { model } = await api(origin, 'query($id: ID!) { model(id: $id) { parameters { name location choices } } }', { id: OTHER });
  const own = model.parameters.find(({ location, choices }) => location === 'PARAMETERS' && choices?.length);
  await page.goto(`${origin}/studio/make?model=${encodeURIComponent(OTHER)}`);
  await page.getByLabel('Prompt').first().fill('A harbor, in great detail');
  await page.getByLabel('Quality').selectOption('high');
  if (own) await page.getByLabel(own.name, { exact: true }).selectOption(own.choices[0]);
  const sent = page.waitForRequest((request) => /generateImage/.test(request.postData() ?? ''));
  await page.getByRole('button', { name: 'Make the image' }).click();
  const { input } = JSON.parse((await sent).postData()).variables;
  assert.equal(input.quality, 'high');
  if (own) assert.deepEqual(input.parameters, { [own.name]: own.choices[0] });
  await page.getByAltText('A harbor, in great detail').click({ timeout: TIMEOUT });
  await page.getByRole('heading', { name: 'A harbor, in great detail', level: 1 }).waitFor();
  await page.getByText('high', { exact: true }).waitFor();
}

/** What the form does not show first must survive that another field is edited. */
async function keepsATemplatesSettings(page) {
  const create = 'mutation($input: CreateTemplateInput!) { createTemplate(input: $input) { template { id } userErrors { message } } }';
  const input = { name: 'Poster', model: OTHER, defaultPrompt: '{prompt}, as a poster', parameters: { quality: 'high' } };
  const { createTemplate } = await api(origin, create, { input });
  assert.deepEqual(createTemplate.userErrors, []);
  // Nor must they be lost where it is saved before the models are there.
  let arrive;
  const arrived = new Promise((resolve) => (arrive = resolve));
  await page.route('**/graphql', async (route) => {
    if (/TemplateModels/.test(route.request().postData() ?? '')) await arrived;
    await route.continue();
  });
  await page.goto(`${origin}/studio/templates`);
  await page.click('button[aria-label="Edit: Poster"]');
  await page.getByLabel('Name').fill('Large poster');
  await page.getByLabel('Name').press('Enter');
  arrive();
  await page.click('dialog button:has-text("Save")');
  await page.getByRole('heading', { name: 'Large poster' }).waitFor();
  const read = 'query($id: ID!) { template(id: $id) { name parameters { quality } } }';
  const { template } = await api(origin, read, { id: createTemplate.template.id });
  assert.deepEqual(template, { name: 'Large poster', parameters: { quality: 'high' } });
}
