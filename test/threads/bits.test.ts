/** The bits of training and prediction are those of one thread, whatever the number of threads. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { adam, dense, dropout, type Model, sequential } from '../../src/entries/node.js';
import { allCases, architectureOf, arraysOf, type Case, cases, dataOf, metricsOf } from './cases.js';
import { hostWith, modelOn, pairing, watchedThreads } from './hosts.js';

const threaded = watchedThreads();
const alone = hostWith(undefined);
const together = hostWith(threaded.host);

afterAll(async () => {
  const model = await modelOn(together).create(sequential([1], [dense(1)]));
  await model.dispose();
});

/** Bytes in so many hexadecimal digits that two runs are told apart. */
function digest(...arrays: readonly (Float32Array | readonly number[])[]): string {
  const hash = createHash('sha256');
  for (const array of arrays) hash.update(new Uint8Array(Float64Array.from(array).buffer));
  return hash.digest('hex');
}

type Threads = number | 'auto';

/** What a run leaves: a digest for each thing that must be the same. */
async function train(
  Class: typeof Model,
  each: Case,
  threads: Threads,
  options: { turbo?: boolean; deterministic?: boolean },
) {
  const model = await Class.create(architectureOf(each), { seed: 5, ...options });
  const { loss, optimizer, batchSize, rows } = each;
  const history = await model.fit(dataOf(each, rows, 1), {
    loss,
    optimizer,
    batchSize,
    threads,
    epochs: 4,
    metrics: metricsOf(each),
    validation: dataOf(each, 2 * batchSize + 1, 7),
  });
  const { x } = dataOf(each, 2 * batchSize + 1, 7);
  const { seconds: _, samplesPerSecond: __, ...scores } = history;
  return {
    ...scores,
    parameters: digest(...model.parameters.map(({ data }) => data)),
    predictions: digest(...arraysOf(model.predict(x))),
  };
}

describe('training has the bits of one thread on 1, 2, 3, 4 and 7', () => {
  it.each(allCases)('$name', async each => {
    const want = await train(modelOn(alone), each, 1, {});
    expect(want.loss.every(Number.isFinite)).toBe(true);
    for (const threads of [1, 2, 3, 4, 7]) {
      const before = threaded.runs;
      expect(await train(modelOn(together), each, threads, {}), `${threads} threads`).toEqual(want);
      // Each of four epochs and its validation; fewer, and the work was too little to be shared out.
      expect(threaded.runs - before).toBeGreaterThanOrEqual(4 * 2 * threads);
    }
  });

  it('with tiles in pairs, and with multiply and add apart', async () => {
    const each = cases.find(({ name }) => name === 'five layers');
    if (!each) throw new Error('no such case');
    for (const options of [{ turbo: true }, { deterministic: true }, { turbo: true, deterministic: true }]) {
      const want = await train(modelOn(pairing(alone)), each, 1, options);
      for (const threads of [2, 3]) {
        expect(await train(modelOn(pairing(together)), each, threads, options)).toEqual(want);
      }
    }
  });

  it('networks of any size, in any number of threads', async () => {
    const width = fc.integer({ min: 1, max: 150 });
    const shape = fc.record({
      inputs: fc.integer({ min: 60, max: 150 }),
      widths: fc.array(width, { minLength: 1, maxLength: 3 }),
      outputs: fc.integer({ min: 2, max: 20 }),
      batchSize: fc.integer({ min: 1, max: 70 }),
      rest: fc.integer({ min: 0, max: 69 }),
      threads: fc.integer({ min: 1, max: 7 }),
    });
    const check = fc.asyncProperty(shape, async ({ inputs, widths, outputs, batchSize, rest, threads }) => {
      const layers = widths.flatMap(units => [dense(units, { activation: 'tanh' }), dropout(0.2)]);
      const each: Case = {
        name: 'any',
        inputs: [inputs],
        layers: [...layers, dense(outputs, { activation: 'softmax' })],
        loss: 'sparseCategoricalCrossEntropy',
        optimizer: adam(),
        batchSize,
        rows: 3 * batchSize + (rest % batchSize),
      };
      const want = await train(modelOn(alone), each, 1, {});
      expect(await train(modelOn(together), each, threads, {})).toEqual(want);
    });
    await fc.assert(check, { numRuns: 25, seed: 1 });
  });
});

describe('predictAsync', () => {
  it('gives what predict gives, for 1, 2, 3, 7 threads and auto, for bytes too', async () => {
    const model = await modelOn(together).create(
      sequential([67], [dense(129, { activation: 'gelu' }), dense(43), dense(5, { activation: 'softmax' })]),
    );
    const bytes = Uint8Array.from({ length: 2051 * 67 }, (_, i) => (i * 97) % 251);
    for (const x of [Float32Array.from(bytes, v => v / 251 - 0.5), { x: bytes, scale: 1 / 251 }]) {
      const want = digest(model.predict(x));
      for (const threads of [1, 2, 3, 7, 'auto'] as const) {
        expect(digest(await model.predictAsync(x, { threads })), `${threads}`).toBe(want);
      }
    }
  });
});
