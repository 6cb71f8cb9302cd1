/** Sums over parameters and gradients in chunks that are the same for any number of threads. */
import type { Parameter } from './builder.js';
import type { Region } from './memory.js';
import { sumChunks } from './ops/gradients.js';
import { ROW_BYTES } from './panels.js';
import type { TrainingBuilder } from './trainingBuilder.js';

/** Rows of a chunk, as the machine has it (assembly/ops/gradients.ts). */
const CHUNK = 16;

/** Numbers x of which l1 · Σ|x| + l2 · Σx² is asked for: rows of sixteen, shared out `unit` at a time. */
export interface Chunked {
  readonly x: Region;
  readonly rows: number;
  readonly unit: number;
  readonly l1: number;
  readonly l2: number;
}

/** A parameter's parts as its gradient is shared out; one thread, too, goes through a matrix panel by panel. */
export function partsAlike(
  builder: TrainingBuilder,
  parameter: Parameter,
): { offset: number; rows: number; unit: number }[] {
  const { rows, data } = parameter;
  const parts = builder.threads === 1 ? [{ offset: 0, bytes: data.bytes, unit: rows }] : builder.partsOf(parameter);
  return parts.map(({ offset, bytes, unit }) => ({ offset, rows: bytes / ROW_BYTES, unit }));
}

/** Emits the sum of every chunk, and gives where they lie, in an order that hangs on shapes alone. */
export function emitSums(
  builder: TrainingBuilder,
  owner: string,
  parts: readonly Chunked[],
): { sums: Region; count: number } {
  const counts = parts.map(({ rows, unit }) => Math.ceil(rows / unit) * Math.ceil(unit / CHUNK));
  const count = counts.reduce((sum, each) => sum + each, 0);
  const sums = builder.region(`sums of ${owner}`, 8 * count);
  let offset = 0;
  parts.forEach((part, index) => {
    const bytes = 8 * (counts[index] ?? 0);
    builder.emit(sumChunks, owner, { ...part, sums: sums.stretch(offset, bytes) });
    offset += bytes;
  });
  return { sums, count };
}
