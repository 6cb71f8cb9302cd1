/** Gradients cut before the update. */
import { type Chunked, emitSums, partsAlike } from './chunks.js';
import { clipValues, measureNorm, scaleGradients } from './ops/gradients.js';
import { ROW_BYTES } from './panels.js';
import type { TrainingBuilder } from './trainingBuilder.js';

export interface Clipping {
  /** Each gradient is cut to −clipValue … clipValue. */
  readonly clipValue?: number;
  /** All gradients together are scaled so that their norm is not above this; after clipValue. */
  readonly clipNorm?: number;
}

const OWNER = 'clipping';

export function emitClipping(builder: TrainingBuilder, { clipValue, clipNorm }: Clipping): void {
  const pass = (op: typeof clipValues, setting: number) => {
    for (const { gradients, rows, unit } of builder.stretches()) {
      builder.emit(op, OWNER, { to: gradients, from: 0, rows, unit, setting });
    }
  };
  if (clipValue !== undefined) pass(clipValues, clipValue);
  if (clipNorm === undefined) return;
  const { sums, count } = emitSums(builder, OWNER, partsOf(builder));
  builder.emit(measureNorm, OWNER, { sums, count, limit: clipNorm });
  pass(scaleGradients, 0);
}

/** All gradients, and those of the rows of tables that a batch names. */
function partsOf(builder: TrainingBuilder): Chunked[] {
  const whole = builder.parameters.flatMap(parameter => {
    if (!parameter.gradient) return [];
    return partsAlike(builder, parameter).map(({ offset, rows, unit }) => {
      const x = builder.gradientRegion.stretch(parameter.data.offset + offset, rows * ROW_BYTES);
      return { x, rows, unit, l1: 0, l2: 1 };
    });
  });
  const named = builder.rowwise.map(({ stretch: { gradients: x, rows, unit } }) => ({ x, rows, unit, l1: 0, l2: 1 }));
  return [...whole, ...named];
}
