/** Writes what contestants are given (`given.ts`). */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Purpose, Random } from '../entries/inside.js';
import type { NetworkTask } from './contest.js';

/** What there is to train on: rows whose targets follow from them. */
interface Sizes {
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
}

/** Epochs whose orders are written: more than any run has rounds. */
export const MOST_EPOCHS = 64;

/**
 * Writes the numbers of a task. A row is noise and one of as many patterns as there are classes, so that every cost
 * falls; what is to be found of numbers is the row's first ones.
 */
export function writeGiven(task: NetworkTask, { rows, inputs, outputs }: Sizes, parameters: Float32Array): void {
  const write = (name: string, values: Float32Array | Int32Array) => writeFileSync(join(task.folder, name), values);
  const random = new Random(1, Purpose.split);
  const classes = task.loss === 'binaryCrossEntropy' ? 2 : Math.max(2, outputs);
  const x = new Float32Array(rows * inputs);
  const labels = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const label = random.below(classes);
    labels[row] = label;
    for (let column = 0; column < inputs; column++) {
      const pattern = Math.sin((column + 1) * (label + 1));
      x[row * inputs + column] = Math.max(0, 0.15 * pattern + random.uniform() - 0.3);
    }
  }
  write('x.f32', x);
  if (task.loss === 'sparseCategoricalCrossEntropy') write('y.i32', labels);
  else {
    const target = (row: number, column: number): number => {
      if (task.loss === 'binaryCrossEntropy') return ((labels[row] ?? 0) + column) % 2;
      return x[row * inputs + (column % inputs)] ?? 0;
    };
    write(
      'y.f32',
      Float32Array.from({ length: rows * outputs }, (_, i) => target(Math.floor(i / outputs), i % outputs)),
    );
  }
  write('parameters.f32', parameters);
  // myelin's own orders: it takes none from outside.
  const orders = new Int32Array(MOST_EPOCHS * rows);
  for (let epoch = 0; epoch < MOST_EPOCHS; epoch++) {
    orders.set(new Random(0, Purpose.shuffle, epoch).permutation(rows), epoch * rows);
  }
  write('orders.i32', orders);
}
