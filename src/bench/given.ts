/** The numbers of a task, in a folder that every contestant reads: written once, the same for all. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NetworkTask } from './contest.js';

export interface Given {
  readonly x: Float32Array<ArrayBuffer>;
  /** Labels, or rows of numbers. */
  readonly y: Int32Array<ArrayBuffer> | Float32Array<ArrayBuffer>;
  /** Weights [inputs, outputs] and biases, layer by layer, one behind the other. */
  readonly parameters: Float32Array<ArrayBuffer>;
  /** The rows' order in an epoch, counted from 0. */
  order(epoch: number): Int32Array<ArrayBuffer>;
}

export function readGiven({ folder, rows, loss }: NetworkTask): Given {
  const bytes = (name: string) => new Uint8Array(readFileSync(join(folder, name))).buffer;
  const orders = new Int32Array(bytes('orders.i32'));
  return {
    x: new Float32Array(bytes('x.f32')),
    y: loss === 'sparseCategoricalCrossEntropy' ? new Int32Array(bytes('y.i32')) : new Float32Array(bytes('y.f32')),
    parameters: new Float32Array(bytes('parameters.f32')),
    order: epoch => orders.subarray(epoch * rows, (epoch + 1) * rows),
  };
}

/** Weights and biases of each layer of a chain. */
export function layersOf(widths: readonly number[], parameters: Float32Array<ArrayBuffer>) {
  let start = 0;
  const take = (length: number) => {
    start += length;
    return parameters.slice(start - length, start);
  };
  return widths.slice(1).map((outputs, layer) => {
    const inputs = widths[layer] ?? 0;
    return { inputs, outputs, weight: take(inputs * outputs), bias: take(outputs) };
  });
}
