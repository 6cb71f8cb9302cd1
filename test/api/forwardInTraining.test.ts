/** `forward` with `training: true`: a training step's way forward, in the open. */
import { describe, expect, it } from 'vitest';
import * as myelin from '../../src/entries/node.js';

const { Model, batchNormalization, dense, dropout, sequential } = myelin;
const rows = 6;
const x = Float32Array.from({ length: rows * 3 }, (_, i) => Math.sin(i) * 2);
const made = (layers: readonly myelin.Layer[]) => Model.create(sequential(3, layers), { seed: 3, deterministic: true });
const layerOf = (found: ReturnType<InstanceType<typeof Model>['forward']>, name: string) =>
  found.layers.find(layer => layer.name === name)?.data ?? new Float32Array();

describe('forward in training', () => {
  it('is as while predicting where nothing tells them apart', async () => {
    const model = await made([dense(5, { activation: 'gelu' }), dense(2, { activation: 'softmax' })]);
    expect(model.forward(x, { training: true })).toEqual(model.forward(x));
  });

  it("normalises by the batch's own moments, and leaves the moving ones", async () => {
    const model = await made([batchNormalization({ epsilon: 0.01 })]);
    const before = model.parameters;
    const { output } = model.forward(x, { training: true });
    for (let column = 0; column < 3; column++) {
      const values = Array.from({ length: rows }, (_, row) => x[row * 3 + column] ?? 0);
      const mean = values.reduce((sum, value) => sum + value, 0) / rows;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows;
      values.forEach((value, row) => {
        expect(output[row * 3 + column]).toBeCloseTo((value - mean) / Math.sqrt(variance + 0.01), 5);
      });
    }
    expect(model.parameters).toEqual(before);
    expect(model.forward(x).output).not.toEqual(output);
  });

  it('drops what a step drops: the cost of its outputs is that of gradients with the same seed', async () => {
    const model = await made([dense(40, { activation: 'relu' }), dropout(0.5), dense(2)]);
    const y = Float32Array.from({ length: rows * 2 }, (_, i) => Math.cos(i));
    for (const seed of [1, 2, undefined]) {
      const own = seed === undefined ? {} : { seed };
      const found = model.forward(x, { training: true, ...own });
      const cost = found.output.reduce((sum, value, i) => sum + (value - (y[i] ?? 0)) ** 2, 0) / y.length;
      const options = { loss: 'meanSquaredError', training: true, ...own } as const;
      expect(cost).toBeCloseTo(model.gradients(x, y, options).cost, 5);
      const [whole, dropped] = [layerOf(found, '0.dense'), layerOf(found, '1.dropout')];
      expect(dropped.every((value, i) => value === 0 || Math.abs(value - 2 * (whole[i] ?? 0)) < 1e-6)).toBe(true);
      expect(dropped.some((value, i) => value === 0 && (whole[i] ?? 0) > 0)).toBe(true);
    }
    const masks = [1, 2].map(seed => layerOf(model.forward(x, { training: true, seed }), '1.dropout'));
    expect(masks[0]).not.toEqual(masks[1]);
    expect(masks[0]).toEqual(layerOf(model.forward(x, { training: true, seed: 1 }), '1.dropout'));
  });

  it('takes sequences that end early, and inputs and outputs by name', async () => {
    const recurrent = await Model.create(sequential([4, 2], [myelin.lstm(3)]), { deterministic: true });
    const steps = Float32Array.from({ length: 16 }, (_, i) => Math.sin(i));
    const lengths = [2, 4];
    expect(recurrent.forward(steps, { lengths, training: true })).toEqual(recurrent.forward(steps, { lengths }));
    const graph = myelin.graph({ a: 3 }, ({ a }) => ({ y: a.to(dense(2)) }));
    const named = await Model.create(graph, { deterministic: true });
    expect(named.forward({ a: x }, { training: true })).toEqual(named.forward({ a: x }));
  });

  it('refuses what it cannot do before any work', async () => {
    const model = await made([dense(2)]);
    expect(() => model.forward(x, { seed: 1 })).toThrow('forward: seed: expected none without training: true, got 1');
    expect(() => model.forward(x, { training: 'yes' as never })).toThrow('forward: training: expected true or false');
    expect(() => model.forward(x, { train: true } as never)).toThrow(
      "forward: expected known options only, got 'train'",
    );
    expect(() => model.forward([[1, 2, Number.NaN]], { training: true })).toThrow('got NaN in row 0, column 2');
    const small = await model.quantize({ weights: 'int8' });
    expect(() => small.forward(x, { training: true })).toThrow('forward: training: ');
  });
});
