/**
 * What a process takes does not grow with its fits and models. Each case is a process of its own, on the built package.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const entry = new URL('../../dist/entries/node.js', import.meta.url).href;
const cwd = fileURLToPath(new URL('../..', import.meta.url));

/** What a program prints as JSON. */
async function measured(body: string) {
  const program = `
    import { Model, adam, dense, sequential } from ${JSON.stringify(entry)};
    const megabytes = () => process.memoryUsage.rss() / 2 ** 20;
    const sleep = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));
    const inputs = 256;
    const rowsOf = rows => ({
      x: Float32Array.from({ length: rows * inputs }, (_, i) => (i % 251) / 251),
      y: Int32Array.from({ length: rows }, (_, i) => i % 10),
    });
    const aborted = () => {
      const control = new AbortController();
      setImmediate(() => control.abort());
      return control.signal;
    };
    const loss = 'sparseCategoricalCrossEntropy';
    const architecture = sequential(inputs, [dense(10, { activation: 'softmax' })]);
    ${body}`;
  // V8's young generation grows on its own, up to 48 MB, with whatever garbage there is.
  const flags = ['--expose-gc', '--max-semi-space-size=1', '--input-type=module'];
  const { stdout } = await run(process.execPath, [...flags, '--eval', program], { cwd, timeout: 110_000 });
  return JSON.parse(stdout);
}

/** What 200 fits are made of, so many rounds of it. */
const ways: [string, number, string][] = [
  ['model.fit', 200, 'await model.fit(data, { ...options, threads: 1 + (i % 2) });'],
  ['trainers that are let go of', 200, 'await (await model.trainer({ ...options, threads: 1 + (i % 2) })).fit(data);'],
  ['aborted fits', 200, 'await model.fit(data, { ...options, threads: 1 + (i % 2), signal: aborted() });'],
  [
    'of every kind, and all else',
    110,
    `const rows = 1 + ((i * 7919) % 40_000);
    const part = { x: data.x.subarray(0, rows * inputs), y: data.y.subarray(0, rows) };
    const layers = [dense(1 + ((i * 31) % 20)), dense(10, { activation: 'softmax' })];
    const other = await Model.create(sequential(inputs, layers));
    if (i % 3 === 0) await other.fit(part, { ...options, onBatch: () => Promise.reject('full') }).catch(() => {});
    await other.fit(part, { ...options, threads: 1 + (i % 2), validation: part });
    const trainer = await other.trainer(options);
    if (i % 2) await trainer.fit(part);
    trainer.stepSync(part.x.subarray(0, 99 * inputs), part.y.subarray(0, 99));
    if (i % 4 < 2) trainer.dispose();
    other.evaluate(part, { loss });
    await model.predictAsync(part.x);
    if (i % 20 === 0) gc();`,
  ],
];

it.each(ways)('200 fits take at most 1.5 times what one needs: %s', async (_, rounds, fit) => {
  const { need, growth } = await measured(`
    const data = rowsOf(60_000);
    const options = { loss, optimizer: adam(), batchSize: 1024, threads: 1 };
    const model = await Model.create(architecture);
    // Starts the workers, and compiles what there is to compile.
    await model.fit(rowsOf(2000), { ...options, threads: 2, epochs: 3 });
    const trainer = await model.trainer(options);
    const need = (trainer.plan.end + data.x.byteLength + 8 * data.y.length) / 2 ** 20;
    gc();
    const before = megabytes();
    let most = before;
    for (let i = 0; i < ${rounds}; i++) {
      ${fit}
      most = Math.max(most, megabytes());
    }
    console.log(JSON.stringify({ need, growth: most - before }));
    process.exit(0);`);
  expect(need).toBeGreaterThan(60);
  expect(growth).toBeLessThan(1.5 * need);
});

it('2,000 models that come and go, and 300 aborted fits, end within 10 MB of where they began', async () => {
  const growth = await measured(`
    const data = rowsOf(4000);
    const options = { loss, optimizer: adam(), batchSize: 128, threads: 2 };
    const round = async (models, fits) => {
      for (let i = 0; i < models; i++) {
        const each = await Model.create(sequential(8, [dense(8), dense(3, { activation: 'softmax' })]), { seed: i });
        each.predict(new Float32Array(80));
        const few = { x: new Float32Array(80), y: new Int32Array(10) };
        if (i % 20 === 0) await each.fit(few, { loss, optimizer: 'adam' });
      }
      const model = await Model.create(architecture);
      for (let i = 0; i < fits; i++) {
        await model.fit(data, { ...options, signal: aborted() });
      }
      await model.dispose();
      for (let i = 0; i < 5; i++) {
        gc();
        await sleep(200);
      }
      return megabytes();
    };
    // What engines compile and set aside for themselves comes first. The machine takes pages away and engines put off
    // collecting garbage, so one round may seem to grow by what the one before had lost; what leaks grows in each.
    const sizes = [await round(1000, 150)];
    const growth = () => sizes.at(-1) - sizes.at(-2);
    do sizes.push(await round(2000, 300));
    while (growth() >= 10 && sizes.length < 4);
    console.log(JSON.stringify(growth()));
    process.exit(0);`);
  expect(growth).toBeLessThan(10);
});
