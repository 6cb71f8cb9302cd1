/** Fashion-MNIST (Xiao et al. 2017) where the machine has it, or made-up rows of the same shape. */
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

export interface Rows {
  readonly name: string;
  readonly x: Float32Array;
  readonly y: Int32Array;
}

/** Where Debian's package dataset-fashion-mnist puts it. */
const FOLDER = process.env.FASHION_MNIST ?? '/usr/share/datasets/fashion-mnist';
const INPUTS = 784;
const CLASSES = 10;
// Lengths of the headers of IDX files with three dimensions, and with one.
const IMAGES_HEADER = 16;
const LABELS_HEADER = 8;

/** The first `rows` of the training set, or of the test set, `t10k`; its numbers between 0 and 1. */
export function fashion(rows: number, set: 'train' | 't10k' = 'train'): Rows {
  const images = `${FOLDER}/${set}-images-idx3-ubyte.gz`;
  const labels = `${FOLDER}/${set}-labels-idx1-ubyte.gz`;
  if (!existsSync(images) || !existsSync(labels)) return madeUp(rows);
  const bytes = gunzipSync(readFileSync(images)).subarray(IMAGES_HEADER, IMAGES_HEADER + rows * INPUTS);
  const x = Float32Array.from(bytes, byte => byte / 255);
  const y = Int32Array.from(gunzipSync(readFileSync(labels)).subarray(LABELS_HEADER, LABELS_HEADER + rows));
  return { name: 'Fashion-MNIST', x, y };
}

/** Half of each row says its class, in its own way, among noise; half of all numbers are 0. */
function madeUp(rows: number): Rows {
  const y = Int32Array.from({ length: rows }, (_, row) => row % CLASSES);
  const x = Float32Array.from({ length: rows * INPUTS }, (_, i) => {
    const column = i % INPUTS;
    const label = y[Math.floor(i / INPUTS)] ?? 0;
    const pattern = Math.sin((column + 1) * (label + 1)) * (column % 2);
    return Math.max(0, 0.3 * pattern + Math.random() - 0.5);
  });
  return { name: 'made-up rows (no Fashion-MNIST here: Debian has it as dataset-fashion-mnist)', x, y };
}
