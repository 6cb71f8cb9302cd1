/**
 * Serves the page that measures myelin in a browser: choose a network, press Run, see the curve.
 *
 *     npm run build && node bench/browser/serve.js [--isolated] [--port 8080]
 *
 * `--isolated` sends the headers that give pages threads.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const isolation = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
const types = { html: 'text/html', js: 'text/javascript', wasm: 'application/wasm' };
const folders = /^\/(dist|wasm|node_modules\/@assemblyscript\/loader)\/[\w./-]+$/;

/** The page's script; the package stays as it is, beside its WebAssembly. */
async function script() {
  const { outputFiles } = await build({
    entryPoints: [`${root}bench/browser/page.js`],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    external: ['myelin'],
  });
  return outputFiles[0].text;
}

const imports = {
  myelin: '/dist/entries/browser.js',
  '@assemblyscript/loader': '/node_modules/@assemblyscript/loader/index.js',
};

/** The server, which listens to whichever port is free unless told. */
export async function serveBench({ isolated = false, port = 0 } = {}) {
  const page = readFileSync(`${root}bench/browser/index.html`, 'utf8');
  const map = `<script type="importmap">${JSON.stringify({ imports })}</script>`;
  const made = {
    '/': ['html', page.replace('<script', `${map}\n  <script`)],
    '/page.js': ['js', await script()],
  };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://x');
    const [type, text] = made[pathname] ?? fileAt(pathname);
    const headers = { 'Content-Type': types[type] ?? 'text/plain', ...(isolated ? isolation : {}) };
    response.writeHead(text === undefined ? 404 : 200, headers).end(text);
  });
  await new Promise(ready => server.listen(port, '127.0.0.1', ready));
  return { address: `http://localhost:${server.address().port}/`, close: () => server.close() };
}

/** What the page imports, and nothing else of this machine. */
function fileAt(pathname) {
  if (!folders.test(pathname) || pathname.includes('..')) return [];
  try {
    return [pathname.split('.').at(-1), readFileSync(root + pathname.slice(1))];
  } catch {
    return [];
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { isolated: { type: 'boolean' }, port: { type: 'string', default: '8080' } },
  });
  const { address } = await serveBench({ isolated: values.isolated, port: Number(values.port) });
  console.log(`${address}\nCtrl-C ends it`);
}
