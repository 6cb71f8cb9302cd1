import { expect, it } from 'vitest';
import { Model, sequential, spatialDropout } from '../../src/entries/node.js';

it('drops whole channels while training, and nothing while predicting', async () => {
  const model = await Model.create(sequential([5, 40], [spatialDropout(0.25)]), { seed: 3 });
  const x = new Float32Array(2 * 200).fill(1);
  expect(model.predict(x)).toEqual(x);
  const y = x.map(() => 0);
  const { gradients } = model.gradients(x, y, { loss: 'meanSquaredError', inputs: true, training: true });
  const mask = (gradients.input ?? new Float32Array()).map(Math.sign);
  const channels = [0, 1].map(row => mask.subarray(row * 200, row * 200 + 40));
  mask.forEach((value, i) => {
    expect(value).toBe(channels[Math.floor(i / 200)]?.[i % 40]);
  });
  const kept = mask.reduce((sum, value) => sum + value, 0) / mask.length;
  expect(kept).toBeGreaterThan(0.6);
  expect(kept).toBeLessThan(0.9);
  expect(channels[0]).not.toEqual(channels[1]);
});

it('refuses what it cannot take', () => {
  expect(() => spatialDropout(1)).toThrow(RangeError);
  expect(() => spatialDropout(0.5, { axis: 1 } as never)).toThrow(/axis/);
});
