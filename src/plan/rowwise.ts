/**
 * Tables of which a step updates only the rows that its batch names: they are taken out, updated as one flat stretch
 * like any other parameter, and put back.
 */
import type { Owner, Parameter } from './builder.js';
import type { Region } from './memory.js';
import { returnRows, takeRows } from './ops/embedding.js';
import { PANEL, panelCount } from './panels.js';
import type { Stretch, TrainingBuilder } from './trainingBuilder.js';

/** The rows of a table that a batch may name, as many as its places at most. */
export interface Rowwise {
  readonly owner: Owner;
  readonly table: Parameter;
  readonly list: Region;
  readonly stretch: Stretch;
  /** The listed rows of the table, of their gradient, and of each of the optimiser's buffers. */
  readonly taken: (buffer: string) => Region;
}

const ROW_BYTES = PANEL * 4;

export function rowwiseOf(builder: TrainingBuilder, owner: Owner, table: Parameter, places: number): Rowwise {
  const panels = panelCount(table.columns);
  const listed = Math.min(places, table.rows);
  const rows = listed * panels;
  const regions = new Map<string, Region>();
  const taken = (buffer: string): Region => {
    const region = regions.get(buffer) ?? builder.room(owner, rows * ROW_BYTES, `rows of ${buffer}`);
    regions.set(buffer, region);
    return region;
  };
  const stretch: Stretch = {
    leader: table,
    parameters: taken('weight'),
    gradients: taken('gradient'),
    rows,
    unit: 4 * panels,
    state: taken,
  };
  return { owner, table, list: builder.room(owner, 4 * (listed + 1), 'rows'), stretch, taken };
}

/** Emits what surrounds the update: `emit`, of an optimiser with such buffers. */
export function emitRowwise(builder: TrainingBuilder, buffers: readonly string[], emit: () => void): void {
  const moves = (op: typeof takeRows, names: readonly string[]) => {
    for (const { owner, table, list, stretch, taken } of builder.rowwise) {
      const { rows: vocabulary, columns, data } = table;
      const { rows, unit } = stretch;
      for (const name of names) {
        const whole = name === 'weight' ? data : builder.stateOf(name, data.offset, data.bytes);
        const fields = { rowwise: taken(name), table: whole, list, vocabulary, columns, rows, unit } as const;
        builder.emit(op, owner.name, fields);
      }
    }
  };
  moves(takeRows, ['weight', ...buffers]);
  emit();
  // The weight last: where a buffer has left the finite numbers it is not put back.
  moves(returnRows, [...buffers, 'weight']);
}
