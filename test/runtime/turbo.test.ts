import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

// Flags hold for a whole process, so each case has one of its own. It trains the same network on made-up numbers and
// prints what ran it and what came out.
const script = `
  import { dense, Model, sequential, sgd } from ${JSON.stringify(new URL('../../dist/entries/node.js', import.meta.url).href)};
  const architecture = sequential(37, [dense(50, { activation: 'relu' }), dense(19)]);
  const x = Float32Array.from({ length: 37 * 23 }, (_, i) => ((i * 31) % 17) / 17 - 0.5);
  const y = Float32Array.from({ length: 19 * 23 }, (_, i) => ((i * 13) % 11) / 11);
  const results = [];
  for (const turbo of JSON.parse(process.argv[1])) {
    const model = await Model.create(architecture, { seed: 7, deterministic: process.argv[2] === 'deterministic', turbo });
    await model.fit({ x, y }, { loss: 'meanSquaredError', optimizer: sgd({ learningRate: 0.1 }), epochs: 5, batchSize: 8 });
    results.push({ backend: model.backend, predictions: [...model.predict(x)] });
  }
  console.log(JSON.stringify(results));
`;

interface Result {
  backend: { binary: string; turbo: boolean; threads: number; reason: string };
  predictions: number[];
}

async function runWith(turbo: boolean[], deterministic: boolean): Promise<{ results: Result[]; stderr: string }> {
  const args = ['--input-type=module', '-e', script, JSON.stringify(turbo), deterministic ? 'deterministic' : ''];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
  return { results: JSON.parse(stdout), stderr };
}

test('without turbo no flag is set', async () => {
  const { results } = await runWith([false], false);
  expect(results[0]?.backend.turbo).toBe(false);
});

test('turbo says what came of it, and V8 prints nothing', async () => {
  const { results, stderr } = await runWith([true], false);
  const backend = results[0]?.backend;
  expect(backend?.reason).toMatch(/^(turbo|no turbo): /);
  expect(backend?.turbo).toBe(backend?.reason.startsWith('turbo'));
  expect(stderr).toBe('');
});

test('deterministic bits are the same with turbo, without it, and after it', async () => {
  const { results } = await runWith([true], true);
  const { results: plain } = await runWith([false, true, false], true);
  for (const { predictions } of plain) expect(predictions).toEqual(results[0]?.predictions);
});

test('turbo and plain predictions agree to float32 precision', async () => {
  const { results } = await runWith([false, true], false);
  const [plain, turbo] = results.map(result => result.predictions);
  plain?.forEach((value, index) => {
    expect(Math.abs(value - (turbo?.[index] ?? Number.NaN))).toBeLessThan(1e-5);
  });
});

// V8's versions: Node 20 has 11.3, Node 24 has 13.6.
const v8 = Number.parseFloat(process.versions.v8);

test.runIf(v8 < 12)('Node 20 fuses multiply and add with turbo', async () => {
  const { results } = await runWith([true], false);
  expect(results[0]?.backend).toMatchObject({ binary: 'relaxed', turbo: true });
});

test.runIf(v8 >= 12 && v8 < 13)('Node 22 has nothing to gain and says so', async () => {
  const { results } = await runWith([true], false);
  expect(results[0]?.backend).toMatchObject({ binary: 'relaxed', turbo: false });
  expect(results[0]?.backend.reason).toContain('no flag that makes this binary faster');
});
