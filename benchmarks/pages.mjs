// How long a browser takes to show each page of a server, for a first visit: `node pages.mjs ORIGIN TURNS`.
// Prints an object for each page, with medians: milliseconds until something is painted, milliseconds until what the
// page is for is there, and kilobytes received until then.
import { launchBrowser } from '../tests/e2e/playground/browser.mjs';

const [origin, turns] = process.argv.slice(2);
const PAGES = [
  ['gallery', '/', '[aria-label="Images"] img'],
  ['make', '/studio/make', 'textarea'],
  ['batches', '/studio/batches', 'main h1'],
  ['costs', '/studio/costs', 'main canvas'],
  ['playground', '/graphql', '.view-line'],
  ['documentation', '/docs/', 'h1'],
];

const browser = await launchBrowser();
try {
  const measured = PAGES.map(() => []);
  for (let turn = 0; turn < Number(turns); turn += 1) {
    for (const [number, [, path, sought]] of PAGES.entries()) measured[number].push(await visit(path, sought));
  }
  const medians = PAGES.map(([name], number) => ({ name, ...medianOf(measured[number]) }));
  console.log(JSON.stringify(medians));
} finally {
  await browser.close();
}

async function visit(path, sought) {
  const context = await browser.newContext(); // with an empty cache
  const page = await context.newPage();
  await page.goto(`${origin}${path}`, { waitUntil: 'commit' });
  const complete = await page.evaluate(untilThere, sought);
  const { painted, kilobytes } = await page.evaluate(() => ({
    painted: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null,
    kilobytes: ['navigation', 'resource']
      .flatMap((type) => performance.getEntriesByType(type))
      .reduce((sum, { transferSize }) => sum + transferSize / 1024, 0),
  }));
  await context.close();
  return { painted: painted ?? complete, complete, kilobytes };
}

// Runs in the page; returns the milliseconds since the visit began. An image must have been drawn, too.
function untilThere(selector) {
  return new Promise((found, fail) => {
    const look = () => {
      const element = document.querySelector(selector);
      const isDrawn = !(element instanceof HTMLImageElement) || (element.complete && element.naturalWidth > 0);
      if (element?.getClientRects().length && isDrawn) found(performance.now());
      else if (performance.now() > 60_000) fail(new Error(`${selector} did not appear`));
      else requestAnimationFrame(look);
    };
    look();
  });
}

function medianOf(visits) {
  return Object.fromEntries(Object.keys(visits[0]).map((name) => [name, median(visits.map((one) => one[name]))]));
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}
