/** Gradients cut before the update. */

import type { Region } from './memory.js';
import { clipValues, measureNorm, scaleGradients, sumChunks } from './ops/gradients.js';
import { ROW_BYTES } from './panels.js';
import type { TrainingBuilder } from './trainingBuilder.js';

export interface Clipping {
  /** Each gradient is cut to −clipValue … clipValue. */
  readonly clipValue?: number;
  /** All gradients together are scaled so that their norm is not above this; after clipValue. */
  readonly clipNorm?: number;
}

const OWNER = 'clipping';
/** Rows of a chunk, as the machine has it (assembly/ops/gradients.ts). */
const CHUNK = 16;

export function emitClipping(builder: TrainingBuilder, { clipValue, clipNorm }: Clipping): void {
  const pass = (op: typeof clipValues, setting: number) => {
    for (const { gradients, rows, unit } of builder.stretches()) {
      builder.emit(op, OWNER, { to: gradients, from: 0, rows, unit, setting });
    }
  };
  if (clipValue !== undefined) pass(clipValues, clipValue);
  if (clipNorm === undefined) return;
  const parts = partsOf(builder);
  const counts = parts.map(({ rows, unit }) => Math.ceil(rows / unit) * Math.ceil(unit / CHUNK));
  const count = counts.reduce((sum, each) => sum + each, 0);
  const sums = builder.region('squares', 8 * count);
  let offset = 0;
  parts.forEach(({ x, rows, unit }, index) => {
    const bytes = 8 * (counts[index] ?? 0);
    builder.emit(sumChunks, OWNER, { x, sums: sums.stretch(offset, bytes), rows, unit, l1: 0, l2: 1 });
    offset += bytes;
  });
  builder.emit(measureNorm, OWNER, { sums, count, limit: clipNorm });
  pass(scaleGradients, 0);
}

/**
 * All gradients in parts whose chunks are the same for any number of threads: one thread, too, goes through a matrix
 * panel by panel.
 */
function partsOf(builder: TrainingBuilder): { x: Region; rows: number; unit: number }[] {
  const whole = builder.parameters.flatMap(parameter => {
    if (!parameter.gradient) return [];
    const { rows, data } = parameter;
    const parts = builder.threads === 1 ? [{ offset: 0, bytes: data.bytes, unit: rows }] : builder.partsOf(parameter);
    return parts.map(({ offset, bytes, unit }) => {
      return { x: builder.gradientRegion.stretch(data.offset + offset, bytes), rows: bytes / ROW_BYTES, unit };
    });
  });
  const named = builder.rowwise.map(({ stretch: { gradients, rows, unit } }) => ({ x: gradients, rows, unit }));
  return [...whole, ...named];
}
