/** bench/browser measures in a page, isolated and not: every batch size has its point, and wrong input is named. */
import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { serveBench } from '../../bench/browser/serve.js';
import { hasChromium, startBrowser } from './browser.js';

if (!hasChromium()) throw new Error('no Chromium here: install it (apt-get install chromium) or name it in CHROMIUM');
const browser = await startBrowser();
for (const isolated of [false, true]) {
  const { address, close } = await serveBench({ isolated });
  const tab = await browser.tab(address);
  await tab.waitForSelector('body[data-ready]', { timeout: 60_000 });
  const threads = await tab.locator('option').filter({ hasText: /^\d+$/ }).count();
  assert.equal(threads > 1, isolated && availableParallelism() > 1);

  const run = async network => {
    await tab.fill('[name=network]', network);
    await tab.click('button');
    await tab.waitForSelector('button:enabled', { timeout: 120_000 });
  };
  await run('784 128');
  assert.match(await tab.textContent('#problem'), /network: expected widths .* got '784 128'/);
  await run('8-4-2');
  assert.equal(await tab.textContent('#problem'), '');
  assert.equal(await tab.getAttribute('[data-series=myelin]', 'data-points'), '11');
  assert.equal(await tab.locator('tbody tr').count(), 11);
  console.log(`bench/browser: a curve of 11 points${isolated ? ', isolated' : ''}`);
  await tab.close();
  close();
}
await browser.close();
