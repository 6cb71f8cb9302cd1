/** Whole numbers as samples: what rows of a table are looked up by. */
import { refuseLost } from '../conversions.js';
import { wrongValue } from '../errors.js';
import { CHAINS_ONLY } from '../forwardOnly.js';
import { arrayKind } from '../kinds.js';
import type { ReadySamples } from './samples.js';

/** Which whole numbers a network takes. */
export interface IndexRule {
  /** They are below it. */
  readonly vocabulary: number;
  /** One that counts as nothing, if any does. */
  readonly pad: number | undefined;
}

const integers = ['Int8Array', 'Uint8Array', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array'];

/** Arrays of integers as floats where a network takes those; anything else as it is. */
export function asFloats(x: unknown, rule: IndexRule | undefined): unknown {
  if (CHAINS_ONLY) return x;
  const kind = arrayKind(x);
  if (!rule || !kind || !integers.includes(kind)) return x;
  const indices = x as Int32Array;
  refuseLost('x', indices);
  return Float32Array.from(indices);
}

/** Refuses samples that are no indices, with the row and the column of the first. */
export function refuseWrongIndices(
  where: string,
  { values, scale }: ReadySamples,
  columns: number,
  rule: IndexRule | undefined,
): void {
  if (CHAINS_ONLY || !rule) return;
  const { vocabulary, pad } = rule;
  for (let i = 0; i < values.length; i++) {
    const index = (values[i] ?? 0) * scale;
    if (index === pad || (index >= 0 && index < vocabulary && Number.isInteger(index))) continue;
    const but = pad === undefined || (pad >= 0 && pad < vocabulary) ? '' : `, or ${pad}`;
    const got = `${index} in row ${Math.floor(i / columns)}, column ${i % columns}`;
    throw wrongValue(where, `whole numbers from 0 to ${vocabulary - 1}${but}`, got);
  }
}
