// Pages that are watched: what they complain of, and whom they ask.

/** Open a page whose errors, policy violations and requests to other origins are recorded. */
export async function watchedPage(browser, url, options = {}) {
  const { origin } = new URL(url);
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const pageErrors = [];
  page.on('console', (message) => message.type() === 'error' && pageErrors.push(message.text()));
  page.on('pageerror', (error) => pageErrors.push(String(error)));
  const elsewhere = [];
  context.on('request', (request) => {
    const address = new URL(request.url());
    if (address.origin !== origin && !['data:', 'blob:'].includes(address.protocol)) {
      elsewhere.push(address.href);
    }
  });
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (event) => {
      window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  return {
    page,
    context,
    pageErrors,
    elsewhere,
    violations: () => page.evaluate(() => window.violations),
  };
}

/** Replace the text of a Monaco editor as a person would, from the clipboard. */
export async function write(page, place, text) {
  await page.click(`${place} .view-lines`);
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.insertText(text);
  await page.waitForTimeout(500); // it takes over what is typed when there is a pause
}

/** Runs in a page, before its scripts: it has no storage, as where all cookies are blocked. */
export function allowsNoStorage() {
  for (const name of ['localStorage', 'sessionStorage']) {
    Object.defineProperty(window, name, {
      get() {
        throw new DOMException('Access is denied for this document.', 'SecurityError');
      },
    });
  }
}
