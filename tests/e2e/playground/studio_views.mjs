// How every page looks: on a screen of 4K and on the smallest phone, light and dark. The screenshots are kept in
// screenshots/views/; nothing may be beyond the edge, and axe finds nothing serious.
//
//   node studio_views.mjs http://127.0.0.1:8000 <admin's key>
import { mkdir } from 'node:fs/promises';
import { api, FAST_MODEL, hasSettled, inBrowser, looksRight, makeImages, openStudio, TIMEOUT } from './studio.mjs';

const [origin, key] = process.argv.slice(2);
const SCREENS = { phone: { width: 320, height: 640 }, '4k': { width: 3840, height: 2160 } };
const BATCH = 'mutation($input: GenerateBatchInput!) { generateBatch(input: $input) { batch { id } } }';
const TEMPLATE = 'mutation($input: CreateTemplateInput!) { createTemplate(input: $input) { template { id } } }';
const SUBJECTS = ['a lighthouse in a storm', 'a red fox in the snow', 'a forest in fog', 'mountains at dawn', 'a quiet harbor', 'a city at night', 'a field of lavender', 'a wooden boat'];

await mkdir('screenshots/views', { recursive: true });
const addresses = await prepare();
await inBrowser(async (browser) => {
  for (const [screen, viewport] of Object.entries(SCREENS)) {
    for (const colorScheme of ['light', 'dark']) {
      const name = (page) => `views/${page}-${screen}-${colorScheme}`;
      const options = { viewport, colorScheme, reducedMotion: 'reduce' };
      const { page, context } = await openStudio(browser, origin, { key, ...options });
      for (const [title, address] of Object.entries(addresses)) {
        await page.goto(`${origin}${address}`);
        await hasSettled(page);
        await looksRight(page, name(title), { withAxe: screen === 'phone' });
      }
      await page.goto(`${origin}/graphql`);
      await page.waitForSelector('.graphiql-query-editor .view-line', { timeout: TIMEOUT });
      await page.screenshot({ path: `screenshots/${name('playground')}.png` });
      await context.close();
      const stranger = await openStudio(browser, origin, options);
      await stranger.page.goto(origin);
      await hasSettled(stranger.page);
      await looksRight(stranger.page, name('sign-in'));
      await stranger.context.close();
    }
  }
});

async function prepare() {
  const ids = await makeImages(origin, SUBJECTS.flatMap((subject) => [subject, `${subject}, oil painting`]), key);
  await api(origin, 'mutation { setBudget(input: { limit: 5, period: MONTHLY }) { userErrors { message } } }', {}, key);
  await api(origin, TEMPLATE, { input: { name: 'Postcard', model: FAST_MODEL, defaultPrompt: 'A postcard of {prompt}', description: 'For the shop.' } }, key);
  const prompts = [...SUBJECTS, 'A fox that is refused [preview:refuse]'];
  const { generateBatch } = await api(origin, BATCH, { input: { model: FAST_MODEL, pictures: { prompts }, webhookUrl: 'http://127.0.0.1:9/hook' } }, key);
  const { id } = generateBatch.batch;
  for (let left = TIMEOUT / 500; left > 0; left -= 1) {
    const { batch } = await api(origin, 'query($id: ID!) { batch(id: $id) { finishedAt } }', { id }, key);
    if (batch.finishedAt) break;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return {
    gallery: '/', image: `/studio/images/${ids.at(-1)}`, make: '/studio/make', batches: '/studio/batches', batch: `/studio/batches/${id}`,
    'new-batch': '/studio/batches/new', costs: '/studio/costs', templates: '/studio/templates', models: '/studio/models', keys: '/studio/keys',
    budgets: '/studio/budgets', webhooks: '/studio/webhooks',
  };
}
