/** Updates by the gradients of several batches, and parameters averaged over updates. */
import { averageParameters, collectGradients, nextPart } from './ops/gradients.js';
import { PANEL, ROW_BYTES } from './panels.js';
import type { TrainingBuilder } from './trainingBuilder.js';

/** The buffer that holds averages: beside the optimiser's, and saved as those are. */
export const AVERAGE = 'average';

/**
 * Emits what adds up the gradients of an update's batches, each by its rows, and goes back to the first record until
 * there are all of them, or the epoch has no more.
 */
export function emitAccumulation(builder: TrainingBuilder): void {
  const { gradientRegion, parts: counts } = builder;
  if (counts <= 1) return;
  const all = builder.region('gradient sums', gradientRegion.bytes);
  const tables = new Map(builder.rowwise.map(({ stretch, taken }) => [stretch, taken]));
  for (const stretch of builder.stretches()) {
    const { gradients, rows, unit } = stretch;
    const whole = () => (gradients === gradientRegion ? all : all.stretch(gradients.offset, rows * ROW_BYTES));
    const sums = tables.get(stretch)?.('gradient sums') ?? whole();
    builder.emit(collectGradients, 'accumulation', { gradients, sums, rows, unit, counts });
  }
  // Moving averages take every batch into account.
  builder.emitLate();
  builder.emit(nextPart, 'accumulation', { counts });
}

/** Emits what keeps the average of all parameters that learn: average = decay · average + (1 − decay) · parameter. */
export function emitAveraging(builder: TrainingBuilder, decay: number): void {
  const learning = builder.parameters.filter(({ trainable }) => trainable);
  const average = (offset: number, bytes: number, unit: number) => {
    const to = builder.stateOf(AVERAGE, offset, bytes);
    const from = builder.parameterRegion.stretch(offset, bytes);
    builder.emit(averageParameters, AVERAGE, { to, from, rows: bytes / ROW_BYTES, unit, setting: decay });
  };
  if (builder.threads === 1) {
    const last = learning.at(-1);
    if (last) average(0, last.data.offset + last.data.bytes, PANEL);
    return;
  }
  for (const parameter of learning) {
    for (const { offset, bytes, unit } of builder.partsOf(parameter)) {
      average(parameter.data.offset + offset, bytes, unit);
    }
  }
}
