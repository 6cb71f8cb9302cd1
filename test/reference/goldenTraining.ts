/** One network and ten steps of it by PyTorch, in several ways: training.json. */
import { readFileSync } from 'node:fs';
import { sparseCategoricalCrossEntropy } from '../../src/entries/node.js';

interface Tensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Case {
  readonly parameters: Record<string, Tensor>;
  readonly costBeforeEachStep: readonly number[];
  readonly parametersAfter10Steps: Record<string, Tensor>;
  readonly averageAfter10Steps?: Record<string, Tensor>;
}

const golden = JSON.parse(readFileSync(new URL('../fixtures/golden/training.json', import.meta.url), 'utf8')) as {
  x: Tensor;
  y: Tensor;
  sampleWeights: Tensor;
  classWeights: Tensor;
  cases: Record<string, Case>;
};
export const x = Float32Array.from(golden.x.data);
export const y = Int32Array.from(golden.y.data);
export const sampleWeights = Float32Array.from(golden.sampleWeights.data);
export const classWeights = golden.classWeights.data;
export const loss = sparseCategoricalCrossEntropy({ fromLogits: true });

/** Golden tensors by myelin's names, weights as `[inputs, outputs]`. */
export function named(tensors: Record<string, Tensor>): Record<string, Float32Array> {
  const entries = Object.entries(tensors).map(([name, { shape, data }]): [string, Float32Array] => {
    const [outputs = 1, inputs = 1] = shape;
    const [layer, part] = name.split('.');
    const ours = `${layer === '0' ? 0 : 1}.dense.${part}`;
    if (part === 'bias') return [ours, Float32Array.from(data)];
    return [ours, Float32Array.from(data, (_, i) => data[(i % outputs) * inputs + Math.floor(i / outputs)] ?? 0)];
  });
  return Object.fromEntries(entries);
}

export function caseOf(name: string): Case {
  const found = golden.cases[name];
  if (!found) throw new Error(`training.json has no case ${name}`);
  return found;
}
