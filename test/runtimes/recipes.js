/**
 * Runs every recipe of docs/deploy.md, and what README.md starts with, in the runtime it is for, from the packed
 * package, and compares its predictions with the command line's. Prints a table; ends with exit code 1 where one fails,
 * or where a page has a program that nothing here runs.
 *
 *     npm run build && npm ci --prefix test/runtimes && node test/runtimes/recipes.js [PACKAGE.tgz]
 */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build as bundle } from 'esbuild';
import { build as vite } from 'vite';
import { serve, startBrowser } from './browser.js';
import { edgeRealm } from './edge.js';
import { installed, scratchProject } from './scratch.js';
import { withWorker } from './workers.js';

const { folder } = scratchProject(process.argv[2]);
const root = fileURLToPath(new URL('../..', import.meta.url));
const ours = entry => pathToFileURL(join(folder, 'node_modules/myelin/dist/entries', entry)).href;
const myelin = await import(ours('node.js'));
// A model of the command line, asked with raw rows, must answer as `myelin predict` does.
const table = join(root, 'data/iris.csv');
const cli = (...args) =>
  execFileSync(process.execPath, [join(folder, 'node_modules/myelin/dist/cli/myelin.js'), ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
cli('train', table, '--target', 'species', '--epochs', '50', '--out', 'model.safetensors');
const model = await myelin.Model.load(join(folder, 'model.safetensors'));
const [, ...lines] = readFileSync(table, 'utf8').trim().split('\n');
const picked = [0, 60, 120];
const rows = picked.map(line => lines[line].split(',').slice(0, 4).map(Number));
const answers = cli('predict', 'model.safetensors', table).trim().split('\n').slice(1);
const expected = picked.flatMap(line => answers[line].split(',').slice(1).map(Number));
const request = { method: 'POST', body: JSON.stringify(rows) };

// Every block of the page that has a file's name becomes that file.
const pageOf = path => readFileSync(join(root, path), 'utf8');
const page = `${pageOf('docs/deploy.md')}\n${pageOf('README.md')}`;
const files = new Map();
for (const [, name, contents] of page.matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)) {
  files.set(name, contents);
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), contents);
}

/** Waits for a line of a process's output that matches. */
function lineOf(child, pattern) {
  return new Promise((found, failed) => {
    let said = '';
    const hear = chunk => {
      said += chunk;
      const match = pattern.exec(said);
      if (match) found(match);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('exit', () => failed(new Error(said)));
  });
}

const browser = await startBrowser();
const html = script => `<!doctype html><title>myelin</title><script type="module" src="./${script}"></script>`;

/** Opens a page and asks the function that its recipe leaves. */
function ask(where, file) {
  return browser.open(where, file, {
    wait: 'window.predict !== undefined',
    read: `window.predict(${JSON.stringify(rows)})`,
  });
}

/** Prints what `code`, a module of the scratch project, says as JSON. */
function node(code) {
  const args = ['--input-type=module', '--eval', `${code}\nprocess.exit(0);`];
  return JSON.parse(execFileSync(installed('node22/bin/node'), args, { cwd: folder, encoding: 'utf8' }));
}

/** The rows by the columns' names, and what a Worker says of them. */
const [names] = readFileSync(table, 'utf8').split('\n');
const named = rows.map(row => Object.fromEntries(row.map((value, i) => [names.split(',')[i], value])));
async function answersOf(get) {
  const answers = await (await get('/', { method: 'POST', body: JSON.stringify(named) })).json();
  return answers.flatMap(({ probabilities }) => Object.values(probabilities));
}

/** Builds a page of a program with Vite, and gives its folder, with the model in it. */
async function viteBuild(program, outDir, base = '/') {
  writeFileSync(join(folder, 'index.html'), html(program));
  await vite({ root: folder, base, logLevel: 'error', build: { outDir, target: 'es2022' } });
  cpSync(join(folder, 'model.safetensors'), join(outDir, 'model.safetensors'));
}

/** Bundles a Lambda function as the page says, and gives the body that it answers with. */
async function bundledAnswer(program, body) {
  const outdir = join(folder, 'lambda');
  await bundle({
    entryPoints: [join(folder, program)],
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
  cpSync(join(folder, 'model.safetensors'), join(outdir, 'model.safetensors'));
  return node(`
    import { handler } from './lambda/${program}';
    const event = { version: '2.0', body: ${JSON.stringify(body)}, isBase64Encoded: false };
    console.log(JSON.stringify((await handler(event, {})).body));`);
}

/** How each program is run; gives its predictions. */
const recipes = {
  // Many at once: each request is answered from its own rows.
  'worker.js': () =>
    withWorker(folder, 'worker.js', async get => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => {
          return get('/', { method: 'POST', body: JSON.stringify(rows.slice(i % 3, (i % 3) + 1)) });
        }),
      );
      const lists = await Promise.all(answers.map(answer => answer.json()));
      for (const [i, list] of lists.entries()) compare(list, expected.slice((i % 3) * 3, (i % 3) * 3 + 3));
      return (await get('/', request)).json();
    }),

  'chains.js': () => withWorker(folder, 'chains.js', async get => (await get('/', request)).json()),

  'table.js': () => withWorker(folder, 'table.js', answersOf),

  // A convolutional network that was trained on pictures here, asked with the bytes of one.
  'pictures.js': async () => {
    for (const name of ['fast-png', 'jpeg-js'])
      symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
    const { readImageFolder, imageData } = await import(ours('data.js'));
    const pictures = { rgb: 'rgb.png', plain: 'plain.jpg' };
    for (const [name, picture] of Object.entries(pictures)) {
      mkdirSync(join(folder, 'pictures', name), { recursive: true });
      cpSync(join(root, 'test/fixtures/images', picture), join(folder, 'pictures', name, picture));
    }
    const { x, y, scale, shape } = await readImageFolder(join(folder, 'pictures'), { size: 32 });
    const { conv2d, dense, flatten, maxPool2d, sequential } = myelin;
    const layers = [conv2d(8, 3, { activation: 'relu' }), maxPool2d(), flatten(), dense(2, { activation: 'softmax' })];
    const network = await myelin.Model.create(sequential([...shape], layers));
    await network.fit({ x, y, scale }, { loss: 'sparseCategoricalCrossEntropy', optimizer: 'adam', epochs: 20 });
    await network.save(join(folder, 'pictures.safetensors'));
    await withWorker(folder, 'pictures.js', async get => {
      for (const [name, picture] of Object.entries(pictures)) {
        const body = readFileSync(join(folder, 'pictures', name, picture));
        const own = await imageData([new Uint8Array(body)], { size: 32 });
        const answer = await (await get('/', { method: 'POST', body })).json();
        compare(answer, [...network.predict({ x: own.x, scale: own.scale })]);
        if (!(answer[Object.keys(pictures).sort().indexOf(name)] > 0.6))
          throw new Error(`it takes ${name} for the other`);
      }
    });
    return expected;
  },

  'answer.js': () => withWorker(folder, 'answer.js', answersOf),

  'hono.js': async () => {
    symlinkSync(installed('hono'), join(folder, 'node_modules/hono'));
    return node(`
    import app from './hono.js';
    const answers = await (await app.request('/predict', { method: 'POST', body: '${JSON.stringify(named)}' })).json();
    console.log(JSON.stringify(answers.flatMap(({ probabilities }) => Object.values(probabilities))));`);
  },

  'online.js': () =>
    withWorker(folder, 'online.js', async get => {
      const tell = async body => (await get('/', { method: 'POST', body: JSON.stringify(body) })).json();
      const before = await tell({ x: rows });
      const right = answer => [0, 1, 2].reduce((sum, row) => sum + Math.log(answer[row * 3 + row]), 0);
      const taught = await tell({ x: rows, y: [0, 1, 2] });
      const after = await tell({ x: rows });
      compare(after, taught);
      if (!(right(after) > right(before))) throw new Error('it learned nothing');
      return before;
    }),

  'learner.js': () =>
    withWorker(folder, 'learner.js', async get => {
      const body = JSON.stringify({ x: rows, y: [0, 1, 2] });
      const trained = await myelin.Model.fromBytes(
        new Uint8Array(await (await get('/', { method: 'POST', body })).arrayBuffer()),
      );
      const loss = 'sparseCategoricalCrossEntropy';
      if (!(trained.cost(rows, [0, 1, 2], { loss }) < model.cost(rows, [0, 1, 2], { loss })))
        throw new Error('it learned nothing');
      return expected;
    }),

  'api/predict.js': async () => {
    writeFileSync(
      join(folder, 'edgeFunction.js'),
      `
      import handler from './api/predict.js';
      addEventListener('fetch', event => event.respondWith(handler(event.request)));`,
    );
    const realm = await edgeRealm(folder, 'edgeFunction.js');
    const { address, close } = await serve(folder);
    try {
      return await (await realm.dispatchFetch(`${address}/api/predict`, request)).json();
    } finally {
      close();
    }
  },

  'main.js': async () => {
    const deno = spawn(installed('.bin/deno'), ['run', '--allow-read', '--allow-net', '--no-lock', 'main.js'], {
      cwd: folder,
      env: { ...process.env, DENO_SERVE_ADDRESS: 'tcp:127.0.0.1:0', NO_COLOR: '1' },
    });
    try {
      const [address] = await lineOf(deno, /http:\/\/\S+:\d+/);
      return await (await fetch(address, request)).json();
    } finally {
      deno.kill();
    }
  },

  'index.mjs': () =>
    node(`
    import { handler } from './index.mjs';
    const event = body => ({ version: '2.0', body, isBase64Encoded: body.startsWith('W') });
    const { body } = await handler(event(btoa('${request.body}')), {});
    if (body !== (await handler(event('${request.body}'), {})).body) throw new Error('base64 is answered otherwise');
    console.log(body);`),

  'bundled.mjs': async () => JSON.parse(await bundledAnswer('bundled.mjs', request.body)),

  'bundledTable.mjs': async () =>
    JSON.parse(await bundledAnswer('bundledTable.mjs', JSON.stringify(named))).flatMap(({ probabilities }) =>
      Object.values(probabilities),
    ),

  'page.html': () => ask(folder, 'page.html'),

  'app.js': async () => {
    const outDir = join(folder, 'vite');
    await viteBuild('app.js', outDir);
    return ask(outDir, 'index.html');
  },

  'pages.js': async () => {
    await viteBuild('pages.js', join(folder, 'site/project'), './');
    return ask(join(folder, 'site'), 'project/index.html');
  },

  'train.js': async () => {
    const outDir = join(folder, 'training');
    await viteBuild('train.js', outDir);
    const asked = '[[0.9, 0.9], [0.9, -0.9]]';
    const read = `({ title: document.title, answers: window.predict(${asked}) })`;
    const { title, answers } = await browser.open(outDir, 'index.html', { wait: 'window.predict !== undefined', read });
    if (!/^epoch 40 of 40, loss 0\.\d{3}$/.test(title)) throw new Error(`the page is called ${title}`);
    if (!(answers[1] > 0.8 && answers[2] > 0.8)) throw new Error(`it answers ${answers}`);
    return expected;
  },

  'esbuildPage.js': async () => {
    const outdir = join(folder, 'www');
    const entryPoints = [join(folder, 'esbuildPage.js')];
    await bundle({ entryPoints, outdir, bundle: true, format: 'esm', loader: { '.wasm': 'file' }, logLevel: 'error' });
    cpSync(join(folder, 'model.safetensors'), join(outdir, 'model.safetensors'));
    writeFileSync(join(outdir, 'index.html'), html('esbuildPage.js'));
    return ask(outdir, 'index.html');
  },

  'shrink.js': () => {
    const [bytes, small, predictions] = node(`
    import './shrink.js';
    import { readFileSync } from 'node:fs';
    import { Model } from 'myelin/predict';
    const file = readFileSync('small.safetensors');
    const model = await Model.fromBytes(file);
    const bytes = readFileSync('model.safetensors').length;
    console.log(JSON.stringify([bytes, file.length, [...model.predict(${request.body})]]));`);
    if (!(small < bytes)) throw new Error(`expected less than ${bytes} bytes, got ${small}`);
    if (!predictions.every((value, i) => Math.abs(value - expected[i]) < 0.05)) {
      throw new Error(`expected about ${expected}, got ${predictions}`);
    }
    return expected;
  },

  'main.cjs': () =>
    node(`
    import { createRequire } from 'node:module';
    const predict = createRequire(process.cwd() + '/')('./main.cjs');
    console.log(JSON.stringify(await predict(${request.body})));`),
};

/** Binaries differ in the last bits. */
function compare(got, wanted) {
  if (got.length !== wanted.length || !got.every((value, i) => Math.abs(value - wanted[i]) < 1e-6)) {
    throw new Error(`expected ${wanted}, got ${JSON.stringify(got)}`);
  }
}

// Wrangler reads its own file when it builds the Workers.
files.delete('wrangler.toml');
for (const name of files.keys()) {
  const error = await (async () => {
    if (!recipes[name]) throw new Error('nothing runs this recipe');
    compare(await recipes[name](), expected);
  })().catch(error => error);
  console.log(`${name.padEnd(16)} ${error ? 'failed' : 'runs'}`);
  if (error) {
    console.error(error);
    process.exitCode = 1;
  }
}

const missing = Object.keys(recipes).filter(name => !files.has(name));
if (missing.length > 0) {
  console.error(`docs/deploy.md and README.md lack ${missing.join(', ')}`);
  process.exitCode = 1;
}
await browser.close();
rmSync(folder, { recursive: true });
