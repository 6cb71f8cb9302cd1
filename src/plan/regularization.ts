/** Penalties before the update, and constraints after it. */
import { constraintOf, regularizerOf, unitRowsOf } from '../layers/regularization.js';
import type { Parameter } from './builder.js';
import { type Chunked, emitSums, partsAlike } from './chunks.js';
import { ConstraintKind } from './opcodes.js';
import { addPenalty, constrain, penalize } from './ops/gradients.js';
import { panelCount, ROW_BYTES } from './panels.js';
import type { TrainingBuilder } from './trainingBuilder.js';

/** A layer with its parameters by their own names. */
interface Holder {
  readonly layer: object;
  readonly parameters: Readonly<Record<string, Parameter>>;
}

/** Every parameter that learns, once, with what is asked of it. */
function asked<T>(holders: readonly Holder[], of: (layer: object, name: string) => T | undefined): [Parameter, T][] {
  const found = new Map<Parameter, T>();
  for (const { layer, parameters } of holders) {
    for (const [name, parameter] of Object.entries(parameters)) {
      const what = parameter.gradient && of(layer, name);
      if (what) found.set(parameter, what);
    }
  }
  return [...found];
}

export function emitPenalties(builder: TrainingBuilder, holders: readonly Holder[]): void {
  const sums: Chunked[] = [];
  for (const [parameter, { l1, l2 }] of asked(holders, regularizerOf)) {
    for (const { offset, rows, unit } of partsAlike(builder, parameter)) {
      const place = parameter.data.offset + offset;
      const bytes = rows * ROW_BYTES;
      const w = builder.parameterRegion.stretch(place, bytes);
      const dw = builder.gradientRegion.stretch(place, bytes);
      builder.emit(penalize, 'penalty', { dw, w, rows, unit, l1, l2 });
      sums.push({ x: w, rows, unit, l1, l2 });
    }
  }
  if (sums.length > 0) builder.emit(addPenalty, 'penalty', { ...emitSums(builder, 'penalty', sums), limit: 0 });
}

export function emitConstraints(builder: TrainingBuilder, holders: readonly Holder[]): void {
  const constraints = asked(holders, (layer, name) => {
    const constraint = constraintOf(layer, name);
    return constraint && { constraint, units: unitRowsOf(layer) };
  });
  for (const [{ data, rows, columns }, { constraint, units }] of constraints) {
    const limit = constraint.kind === 'maxNorm' ? constraint.limit : 1;
    const kind = ConstraintKind[constraint.kind];
    const w = builder.parameterRegion.stretch(data.offset, data.bytes);
    builder.emit(constrain, 'constraint', { w, rows, panels: panelCount(columns), kind, limit, units });
  }
}
