/**
 * Checks a layer over steps through the public functions: its output against float64, gradients against central
 * differences of that.
 */
import { expect } from 'vitest';
import { type Layer, Model, sequential } from '../src/entries/node.js';
import { at } from './reference/activations.js';
import { numbers } from './reference/data.js';
import { differences } from './reference/golden.js';
import { type Own, sequenceOutput } from './reference/sequences.js';

const loss = 'meanSquaredError';
const H = 1e-5;

export async function checkSequence(layer: Layer, shape: readonly [number, number], rows: number): Promise<void> {
  const [steps, features] = shape;
  const architecture = sequential(shape, [layer]);
  for (const deterministic of [true, false]) {
    const model = await Model.create(architecture, { deterministic, seed: 3 });
    const values = model.parameters.map(({ name, shape, data }, k) => {
      const scale = shape.length > 1 ? 1.5 / Math.sqrt(at(shape, 0)) : 0.5;
      return [name, Float32Array.from(numbers(data.length, k + 1), value => value * scale)] as const;
    });
    model.setParameters(Object.fromEntries(values));
    const prefix = `0.${layer.kind}.`;
    const own = Object.fromEntries(values.map(([name, data]) => [name.slice(prefix.length), Float64Array.from(data)]));
    const x = numbers(rows * steps * features, 9);
    const outputOf = (parameters: Own, samples: ArrayLike<number>) =>
      Array.from({ length: rows }, (_, row) => {
        const first = row * steps * features;
        const sample = Array.from({ length: steps }, (_, t) =>
          Array.from({ length: features }, (_, i) => at(samples, first + t * features + i)),
        );
        return sequenceOutput(layer, parameters, sample).flat();
      }).flat();
    const want = outputOf(own, x);
    const y = numbers(want.length, 11);
    const costOf = (parameters: Own, samples: ArrayLike<number>) =>
      outputOf(parameters, samples).reduce((all, value, i) => all + (value - at(y, i)) ** 2, 0) / want.length;
    const { cost, gradients } = model.gradients(x, y, { loss, inputs: true });
    const problems = differences(model.predict(x), want, 1e-5).map(line => `y${line}`);
    problems.push(...differences([cost], [costOf(own, x)], 1e-5).map(line => `cost${line}`));
    for (const [name, found] of Object.entries(gradients)) {
      const key = name.slice(prefix.length);
      for (const index of new Set([0, Math.floor(found.length / 2), found.length - 1])) {
        const slope = [H, -H].map(by => {
          const moved = (data: ArrayLike<number>) => Float64Array.from(data, (v, i) => (i === index ? v + by : v));
          return name === 'input' ? costOf(own, moved(x)) : costOf({ ...own, [key]: moved(own[key] ?? []) }, x);
        });
        const want = (at(slope, 0) - at(slope, 1)) / (2 * H);
        problems.push(...differences([at(found, index)], [want], 1e-5).map(line => `d ${name} ${index}: ${line}`));
      }
    }
    expect(problems, `${layer.kind} [${shape}], ${rows} rows, ${deterministic}`).toEqual([]);
  }
}
