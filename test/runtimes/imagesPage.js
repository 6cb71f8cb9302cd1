/**
 * A page decodes the pictures of test/fixtures/images by itself, to the pixels that Pillow reads, and names those that
 * are spoilt.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { hasChromium, startBrowser } from './browser.js';

if (!hasChromium()) throw new Error('no Chromium here: install it (apt-get install chromium) or name it in CHROMIUM');
const folder = mkdtempSync(join(tmpdir(), 'myelin-page-'));
cpSync('test/fixtures/images', folder, { recursive: true });
writeFileSync(
  join(folder, 'index.html'),
  '<!doctype html><title>pictures</title><script type="module" src="page.js"></script>',
);
const code = `
  import { imageData } from './dist/entries/data.js';
  const bytesOf = async name => new Uint8Array(await (await fetch(name)).arrayBuffer());
  const names = Object.keys(await (await fetch('pixels.json')).json());
  const read = await Promise.all(names.map(async name => {
    const { x, shape } = await imageData([await bytesOf(name)], { channels: 4 });
    return [name, { shape, rgba: [...x] }];
  }));
  const whole = await bytesOf('rgb.png');
  const spoilt = whole.map((byte, i) => (i > 60 && i < whole.length - 20 ? byte ^ 255 : byte));
  const refusal = await imageData([spoilt]).then(() => 'none', error => error.message);
  window.result = { read: Object.fromEntries(read), refusal };`;
await build({
  stdin: { contents: code, resolveDir: process.cwd() },
  outfile: join(folder, 'page.js'),
  bundle: true,
  format: 'esm',
  external: ['fast-png', 'jpeg-js', 'node:*'],
  logLevel: 'error',
});
const browser = await startBrowser();
const { read, refusal } = await browser.open(folder, 'index.html');
await browser.close();
const pixels = JSON.parse(await readFile('test/fixtures/images/pixels.json', 'utf8'));
for (const [name, { size, rgba }] of Object.entries(pixels)) {
  assert.deepEqual(read[name].shape, [...size, 4], name);
  // A canvas keeps colours multiplied by how opaque they are, of which there are so many shades alone; two decoders of
  // JPEG round in their own ways.
  const own = name.endsWith('.png') ? 1 : 12;
  rgba.forEach((value, i) => {
    const alpha = rgba[i - (i % 4) + 3];
    const most = i % 4 === 3 ? 0 : own + (alpha < 255 ? 128 / Math.max(alpha, 0.5) : 0);
    assert.ok(
      Math.abs(value - read[name].rgba[i]) <= most,
      `${name}: ${read[name].rgba[i]} at ${i}, where Pillow has ${value}`,
    );
  });
}
assert.match(refusal, /images\[0\]: expected a whole PNG picture, got /);
console.log(`imageData: ${Object.keys(pixels).length} pictures, decoded by Chromium ${browser.version}`);
rmSync(folder, { recursive: true });
