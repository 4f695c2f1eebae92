import { launchBrowser } from '/work/wt/studio/tests/e2e/playground/browser.mjs';
import { watchedPage } from '/work/wt/studio/tests/e2e/playground/pages.mjs';
const [url, out, scheme='light', w='1280', h='800', steps] = process.argv.slice(2);
const b = await launchBrowser();
try {
  const { page, faults, elsewhere, violations } = await watchedPage(b, url, { colorScheme: scheme, viewport: { width: +w, height: +h }, locale: process.env.LOCALE ?? 'en-US' });
  await page.goto(url);
  await page.waitForTimeout(2500);
  try { if (steps) await (new Function('page', `return (async () => { ${steps} })()`))(page); } catch (e) { console.log(String(e).slice(0, 300)); }
  await page.screenshot({ path: out });
  console.log(JSON.stringify({ faults, elsewhere, v: await violations(), over: await page.evaluate(() => document.documentElement.scrollWidth - innerWidth) }));
} finally { await b.close(); }
