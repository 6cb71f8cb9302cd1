/** What a network takes for x where it is trained or judged: see `inputs.ts`, which has what it predicts of. */
import { roomFor } from './conversions.js';
import { takeColumns } from './data/columns.js';
import { asFloats, refuseWrongIndices } from './data/indices.js';
import { type ReadySamples, readSamples, refuseBareBytes, refuseNotFinite, unwrap } from './data/samples.js';
import { wrongValue } from './errors.js';
import { type Input, type Inputs, refuseBeside, withLengths } from './inputs.js';
import type { RawRows } from './tabular/rawRows.js';

/** What users give as x, with the scale of bytes beside it, or with it as for predict. */
export interface GivenRows {
  readonly x: unknown;
  readonly scale?: unknown;
  readonly lengths?: unknown;
}

/** x of data, with the scale beside it or with it; every number is finite. `bare`: whether bytes may have none. */
export function readGiven(
  inputs: Inputs,
  where: string,
  data: GivenRows,
  { raw, bare = true }: { raw?: RawRows | undefined; bare?: boolean } = {},
): ReadySamples {
  const { only } = inputs;
  if (only) return readRows(where, data, only, raw, bare);
  const { x, scale, lengths } = data;
  refuseBeside(`${where}: scale`, scale, '{ x, scale }');
  refuseBeside(`${where}: lengths`, lengths, '{ x, lengths }');
  return inputs.join(where, x, (place, value, input) => readRows(place, { x: value }, input, undefined, bare));
}

function readRows(where: string, data: GivenRows, input: Input, raw: RawRows | undefined, bare: boolean): ReadySamples {
  const { columns, described, rule } = input;
  if (!bare) refuseBareBytes(where, asFloats(data.x, rule));
  const unwrapped = unwrap(where, data.x);
  if (unwrapped.scale !== undefined && data.scale !== undefined) {
    throw wrongValue(`${where}: scale`, 'one scale', 'two');
  }
  const { x, scale = data.scale } = unwrapped;
  const given = raw?.x(x, scale) ?? { x, scale };
  const samples = readSamples(where, asFloats(given.x, rule), columns, described, given.scale);
  refuseNotFinite(`${where}: x`, samples, columns);
  refuseWrongIndices(`${where}: x`, samples, columns, rule);
  return withLengths(where, samples, input, unwrapped.lengths, data.lengths);
}

/** The samples of one input out of those of all. */
export function samplesOf({ list, numbers }: Inputs, key: string, samples: ReadySamples): ReadySamples {
  const input = list.find(known => known.key === key);
  if (list.length === 1 || !input) return samples;
  const out = roomFor(samples.rows * input.columns);
  return { ...samples, values: takeColumns(samples.values, out, { ...input, stride: numbers }) };
}
