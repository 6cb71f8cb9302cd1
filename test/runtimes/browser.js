/** Headless Chromium and the pages it opens. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { chromium } from 'playwright-core';

const program = process.env.CHROMIUM ?? '/usr/bin/chromium';

export function hasChromium() {
  return existsSync(program);
}

const types = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };
const isolation = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

/**
 * Serves a folder, with the headers of cross-origin isolation where `isolated`; returns the address and how to end it.
 */
export async function serve(folder, isolated = false) {
  const server = createServer((request, response) => {
    const path = join(folder, decodeURIComponent(new URL(request.url, 'http://x').pathname));
    if (!existsSync(path) || path.endsWith('/')) {
      response.writeHead(404).end();
      return;
    }
    const type = types[extname(path)] ?? 'application/octet-stream';
    response.writeHead(200, { 'Content-Type': type, ...(isolated && isolation) }).end(readFileSync(path));
  });
  await new Promise(ready => server.listen(0, '127.0.0.1', ready));
  return { address: `http://localhost:${server.address().port}`, close: () => server.close() };
}

/** A browser that opens pages of a folder. */
export async function startBrowser() {
  const browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox'] });
  return {
    version: browser.version(),
    /** Opens a page, waits for the expression `wait` to be true, and gives the value of `read`. */
    async open(folder, page, options = {}) {
      const {
        wait = 'window.result !== undefined',
        read = 'window.result',
        isolated = false,
        timeout = 60_000,
      } = options;
      const { address, close } = await serve(folder, isolated);
      const tab = await browser.newPage();
      const said = [];
      tab.on('console', message => said.push(message.text()));
      tab.on('pageerror', error => said.push(error.message));
      try {
        await tab.goto(`${address}/${page}`);
        await tab.waitForFunction(wait, undefined, { timeout });
        if ((await tab.evaluate('crossOriginIsolated')) !== isolated) throw new Error('isolation is not as asked for');
        return await tab.evaluate(read);
      } catch (error) {
        throw new Error(`${error.message}\n${said.join('\n')}`);
      } finally {
        await tab.close();
        close();
      }
    },
    /** A page that stays open. */
    async tab(address) {
      const tab = await browser.newPage();
      await tab.goto(address);
      return tab;
    },
    close: () => browser.close(),
  };
}
