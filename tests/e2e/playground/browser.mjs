// Chromium for the tests: the one that CHROMIUM names, or the npm package's, unpacked into TMPDIR.
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import chromium, { inflate, setupLambdaEnvironment } from '@sparticuz/chromium';
import { chromium as driver } from 'playwright-core';

export async function launchBrowser(options = []) {
  return driver.launch({
    executablePath: process.env.CHROMIUM ?? (await unpackChromium()),
    args: ['--no-sandbox', ...options], // which needs more rights than CI's containers have
  });
}

// With the libraries and fonts that a machine without a desktop lacks.
async function unpackChromium() {
  const libraries = new URL('../bin/al2023.tar.br', import.meta.resolve('@sparticuz/chromium'));
  setupLambdaEnvironment(join(await inflate(fileURLToPath(libraries)), 'lib'));
  const executable = await chromium.executablePath();
  // The package's own configuration looks for its fonts in /tmp/fonts, wherever they were unpacked.
  const folder = join(tmpdir(), 'fontconfig');
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'fonts.conf');
  await writeFile(file, fontConfiguration(join(tmpdir(), 'fonts'), join(folder, 'cache')));
  process.env.FONTCONFIG_PATH = folder;
  process.env.FONTCONFIG_FILE = file;
  return executable;
}

function fontConfiguration(fonts, cache) {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${escaped(fonts)}</dir>
  <cachedir>${escaped(cache)}</cachedir>
  <match target="pattern"><edit name="family" mode="append"><string>Open Sans</string></edit></match>
</fontconfig>
`;
}

function escaped(path) {
  return path.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
