// The studio and the playground behind a proxy that serves the server beneath a path and takes that path off.
//
//   node studio_beneath.mjs http://127.0.0.1:8000 http://127.0.0.1:9000/ai
//
// The proxy is started here, at the second address, which is the server's PUBLIC_URL. It asks for no key.
import assert from 'node:assert/strict';
import { createServer, request as ask } from 'node:http';
import { connect } from 'node:net';
import { holdsItsPolicy, inBrowser, openStudio, TIMEOUT } from './studio.mjs';

const [server, publicUrl] = process.argv.slice(2);
const { pathname: path, port: publicPort } = new URL(publicUrl);
const { port } = new URL(server);

const proxy = await startProxy();
try {
  await inBrowser(async (browser) => {
    const watched = await openStudio(browser, publicUrl);
    const { page, context } = watched;
    const asked = [];
    context.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await makesAndOpensAnImage(page);
    await watchesABatch(page);
    await runsAnOperation(page);
    assert.deepEqual(asked.filter((address) => address.startsWith('/') && !address.startsWith(`${path}/`)), []);
    await holdsItsPolicy(watched);
  });
} finally {
  proxy.close();
  proxy.closeAllConnections();
}

async function makesAndOpensAnImage(page) {
  await page.goto(`${publicUrl}/`);
  await page.getByRole('button', { name: 'Make the first image' }).click({ timeout: TIMEOUT });
  const tile = page.locator('[aria-label="Images"] a').first();
  await tile.waitFor({ timeout: TIMEOUT }); // it came over the socket
  await isDrawn(page, '[aria-label="Images"] img');
  await tile.click();
  await page.waitForURL(`${publicUrl}/studio/images/img_*`);
  await page.reload();
  await isDrawn(page, 'main img');
  await page.getByRole('link', { name: 'Gallery' }).first().click();
  await page.waitForURL(`${publicUrl}/`);
}

async function watchesABatch(page) {
  await page.getByRole('link', { name: 'Batches' }).first().click();
  await page.getByRole('link', { name: 'New batch' }).first().click();
  await page.getByLabel('One prompt per line').fill('A red fox\nA slow fox [preview:slow 3]\nA white fox');
  await page.locator('button[type="submit"]:not([aria-busy])').click();
  await page.waitForURL(`${publicUrl}/studio/batches/bat_*`);
  await page.getByRole('status').getByText('Done', { exact: true }).first().waitFor({ timeout: TIMEOUT });
  await page.reload();
  await page.getByRole('heading', { name: 'Batch of 3 images' }).waitFor({ timeout: TIMEOUT });
  await isDrawn(page, '[data-index] img');
}

async function runsAnOperation(page) {
  await page.goto(`${publicUrl}/graphql`);
  await page.waitForSelector('.graphiql-query-editor .view-line', { timeout: TIMEOUT });
  await page.getByRole('button', { name: /Execute query/ }).click();
  await page.getByRole('menuitem', { name: 'MakeAPicture' }).click();
  await isDrawn(page, '.answer-pane img');
}

/** Wait until the first of these images was received. */
async function isDrawn(page, selector) {
  await page.waitForFunction((target) => document.querySelector(target)?.naturalWidth > 0, selector, { timeout: TIMEOUT });
}

async function startProxy() {
  const headers = (given) => ({ ...given, host: `127.0.0.1:${port}` });
  const beneath = (url) => (url.startsWith(`${path}/`) ? url.slice(path.length) : null);
  const started = createServer((incoming, outgoing) => {
    const address = beneath(incoming.url);
    if (address === null) {
      outgoing.writeHead(418).end();
      return;
    }
    const passed = ask({ port, method: incoming.method, path: address, headers: headers(incoming.headers) }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  });
  started.on('upgrade', (incoming, socket) => {
    const address = beneath(incoming.url);
    const lines = Object.entries(headers(incoming.headers)).map(([name, value]) => `${name}: ${value}`);
    const passed = connect(Number(port), '127.0.0.1', () => {
      passed.write(`GET ${address} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
      socket.pipe(passed).pipe(socket);
    });
    for (const one of [socket, passed]) one.on('error', () => [socket, passed].forEach((each) => each.destroy()));
  });
  await new Promise((listening) => started.listen(Number(publicPort), '127.0.0.1', listening));
  return started;
}
