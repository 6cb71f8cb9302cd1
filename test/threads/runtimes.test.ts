/**
 * The built package on threads in every runtime at hand: those that test/runtimes installs, and Chromium. The
 * multiply-then-add binary gives the same bits in all of them.
 */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import * as myelin from '../../src/entries/node.js';

interface Trained {
  readonly bits: Readonly<Record<string, string>>;
  readonly backend: { readonly threads: number; readonly reason: string };
}

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../..');
const installed = (path: string) => join(root, 'test/runtimes/node_modules', path);
const trainHere: Promise<Trained> = import('./programs/train.js').then(({ train }) => train(myelin));

const runtimes: readonly (readonly [string, string, readonly string[]])[] = [
  ['this node', process.execPath, []],
  ['node 20', installed('node20/bin/node'), []],
  ['node 22', installed('node22/bin/node'), []],
  ['node 24', installed('node24/bin/node'), []],
  ['node 26', installed('node26/bin/node'), []],
  ['bun', installed('.bin/bun'), []],
  ['deno', installed('.bin/deno'), ['run', '--allow-read', '--allow-env', '--no-lock']],
];

describe.each(runtimes.filter(([, program]) => existsSync(program)))('%s', (_, program, args) => {
  const run = async (name: string) => {
    // Were its idle workers to keep it alive, it would run into the time limit.
    const limits = { cwd: root, timeout: 60_000 };
    return JSON.parse((await promisify(execFile)(program, [...args, join(here, 'programs', name)], limits)).stdout);
  };

  it('trains and predicts with the same bits on 1, 2, 3 and 7 threads, and ends', async () => {
    const { bits, backend } = (await run('files.js')) as Trained;
    expect(backend.reason).toMatch(/up to \d+ threads$/);
    expect(new Set([...Object.values(bits), ...Object.values((await trainHere).bits)]).size).toBe(1);
  });

  it('tells of a worker that ends while it trains, and trains again', async () => {
    const { message, again } = await run('death.js');
    expect(message).toContain('threads: expected 2 workers to the end, got one that ended');
    expect(again).toBe(true);
  });
});

/** What drives Chromium, where it is installed. */
interface Driver {
  hasChromium(): boolean;
  startBrowser(): Promise<{
    open(folder: string, page: string, options: { isolated: boolean }): Promise<Trained>;
    close(): Promise<void>;
  }>;
}
const driver: Driver | undefined = await import(new URL('../runtimes/browser.js', import.meta.url).href).catch(
  () => undefined,
);

describe.runIf(driver?.hasChromium())('chromium', () => {
  it('trains on threads in pages that are cross-origin isolated, and on one in others', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'myelin-threads-'));
    for (const name of ['dist', 'wasm']) cpSync(join(root, name), join(folder, name), { recursive: true });
    cpSync(join(root, 'node_modules/@assemblyscript/loader'), join(folder, 'loader'), { recursive: true });
    cpSync(join(here, 'programs/train.js'), join(folder, 'train.js'));
    const imports = { '@assemblyscript/loader': '/loader/index.js' };
    const page = `<!doctype html>
      <script type="importmap">${JSON.stringify({ imports })}</script>
      <script type="module">
        import * as myelin from '/dist/entries/browser.js';
        import { train } from '/train.js';
        window.result = await train(myelin).catch(error => ({ backend: { reason: error.stack }, bits: {} }));
      </script>`;
    writeFileSync(join(folder, 'page.html'), page);
    const browser = await driver?.startBrowser();
    if (!browser) throw new Error('no browser');
    try {
      for (const isolated of [true, false]) {
        const { bits, backend } = await browser.open(folder, 'page.html', { isolated });
        const reason = isolated
          ? /up to \d+ threads$/
          : /one thread, as this page is not cross-origin isolated: send Cross-Origin-Opener/;
        expect(backend.reason).toMatch(reason);
        expect(new Set([...Object.values(bits), ...Object.values((await trainHere).bits)]).size).toBe(1);
      }
    } finally {
      await browser.close();
      rmSync(folder, { recursive: true });
    }
  });
});
