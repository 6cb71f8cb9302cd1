/** Requests that interleave: none sees another's data. */
import { describe, expect, it } from 'vitest';
import { adam, dense, Model, sequential } from '../../src/entries/node.js';
import * as predict from '../../src/entries/predict.node.js';

/** Waits for one of the turns that requests take: a microtask, a timer, or neither. */
async function pause(turn: number): Promise<void> {
  if (turn % 3 === 0) await new Promise(resolve => setTimeout(resolve, turn % 5));
  else if (turn % 3 === 1) await null;
}

/** The request's own rows; no two requests have the same. */
function rowsOf(request: number, rows: number): Float32Array {
  return Float32Array.from({ length: rows * 7 }, (_, i) => Math.sin(request * 1000 + i));
}

/** x · w + b in float64, for a network that is one linear layer. */
function linear(model: Model, x: Float32Array): number[] {
  const [weight, bias] = model.parameters.map(({ data }) => [...data]);
  return Array.from({ length: (x.length / 7) * 3 }, (_, i) => {
    const row = x.subarray(Math.floor(i / 3) * 7, Math.floor(i / 3) * 7 + 7);
    return row.reduce((sum, value, input) => sum + value * (weight?.[input * 3 + (i % 3)] ?? 0), bias?.[i % 3] ?? 0);
  });
}

const close = (got: Float32Array, wanted: readonly number[]) => {
  expect(got.length).toBe(wanted.length);
  expect(Math.max(...wanted.map((value, i) => Math.abs(value - (got[i] ?? Number.NaN))))).toBeLessThan(1e-5);
};

describe.each(['one model', 'a model for each request'])('200 requests on %s', way => {
  it('are each answered from their own rows', async () => {
    const architecture = sequential([7], [dense(3, { biasInitializer: 'randomNormal' })]);
    const shared = await Model.create(architecture, { seed: 3 });
    const file = shared.toBytes();
    await Promise.all(
      Array.from({ length: 200 }, async (_, request) => {
        await pause(request);
        const model = way === 'one model' ? shared : await predict.Model.fromBytes(file);
        // From one row to more than the plan takes at once.
        const rows = request % 10 === 0 ? 300 : 1 + (request % 4);
        const x = rowsOf(request, rows);
        const kept = model.predict(x);
        await pause(request + 1);
        const out = model.predictInto(new Float32Array(rows * 3), x);
        await pause(request + 2);
        const wanted = linear(shared, x);
        close(kept, wanted);
        close(out, wanted);
      }),
    );
  });
});

it('keeps what predict returned when the model predicts again', async () => {
  const model = await Model.create(sequential([7], [dense(3)]), { seed: 1 });
  const first = model.predict(rowsOf(1, 2));
  const copy = first.slice();
  model.predict(rowsOf(2, 2));
  expect(first).toEqual(copy);
  expect(first.buffer.byteLength).toBe(first.byteLength);
});

it('predicts from the last finished epoch while a fit runs, whoever asks', async () => {
  const model = await Model.create(sequential([7], [dense(3)]), { seed: 2 });
  const x = rowsOf(5, 4);
  let expected = linear(model, x);
  let running = true;
  let asked = 0;
  const data = { x: rowsOf(9, 400), y: Float32Array.from({ length: 1200 }, (_, i) => Math.cos(i)) };
  const onEpoch = async () => {
    expected = linear(model, x);
    await new Promise(resolve => setTimeout(resolve, 2));
  };
  const fit = model.fit(data, { loss: 'meanSquaredError', optimizer: adam(), epochs: 20, onEpoch }).finally(() => {
    running = false;
  });
  while (running) {
    close(model.predict(x), expected);
    asked += 1;
    await new Promise(resolve => setTimeout(resolve, 0));
  }
  await fit;
  expect(asked).toBeGreaterThan(5);
});
