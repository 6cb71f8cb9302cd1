import { describe, expect, it } from 'vitest';
import { dense, Model, sequential } from '../../src/entries/node.js';
import { applyTemperature, fitTemperature } from '../../src/tabular/calibrate.js';

describe('the temperature', () => {
  it('is what makes two classes as sure as they are right', () => {
    // Three rows of four are right at a probability of 0.9: the best one is 0.75, and the logits are to shrink from ln
    // 9 to ln 3.
    const probabilities = [0.9, 0.1, 0.9, 0.1, 0.1, 0.9, 0.1, 0.9];
    expect(fitTemperature(probabilities, [0, 0, 1, 0], 2)).toBeCloseTo(Math.log(9) / Math.log(3), 3);
    // And to grow where rows are right more often than they are sure.
    const unsure = Array.from({ length: 20 }, () => [0.6, 0.4]).flat();
    const labels = Array.from({ length: 20 }, (_, row) => (row === 0 ? 1 : 0));
    expect(fitTemperature(unsure, labels, 2)).toBeCloseTo(Math.log(1.5) / Math.log(19), 2);
  });

  it('stays within bounds where rows are all right, or all wrong', () => {
    expect(fitTemperature([0.9, 0.1], [0], 2)).toBe(0.05);
    expect(fitTemperature([1, 0], [1], 2)).toBe(20);
  });

  it('goes into the last layer, so that the model itself is calibrated', async () => {
    const model = await Model.create(
      sequential(2, [dense(4, { activation: 'relu' }), dense(3, { activation: 'softmax' })]),
    );
    const rows = [
      [1, 2],
      [-3, 0.5],
    ];
    const before = model.predict(rows);
    applyTemperature(model, 2.5);
    const after = model.predict(rows);
    for (let row = 0; row < 2; row++) {
      const powers = [0, 1, 2].map(c => (before[row * 3 + c] ?? 0) ** (1 / 2.5));
      const sum = powers.reduce((total, power) => total + power);
      for (const [c, power] of powers.entries()) expect(after[row * 3 + c]).toBeCloseTo(power / sum, 6);
    }
  });
});
