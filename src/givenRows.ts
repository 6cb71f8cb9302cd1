/** What a network takes for x where it is trained or judged: see `inputs.ts`, which has what it predicts of. */
import { roomFor } from './conversions.js';
import { takeColumns } from './data/columns.js';
import { type ReadySamples, refuseNotFinite, unwrap } from './data/samples.js';
import { wrongValue } from './errors.js';
import { type GivenRows, type Input, type Inputs, readRows, refuseBeside } from './inputs.js';
import type { RawRows } from './tabular/rawRows.js';

/** x of data, with the scale beside it or with it; every number is finite. `bare`: whether bytes may have none. */
export function readGiven(
  inputs: Inputs,
  where: string,
  data: GivenRows,
  { raw, bare = true }: { raw?: RawRows | undefined; bare?: boolean } = {},
): ReadySamples {
  const { only } = inputs;
  if (only) return readFinite(where, data, only, raw, bare);
  const { x, scale, lengths } = data;
  refuseBeside(`${where}: scale`, scale, '{ x, scale }');
  refuseBeside(`${where}: lengths`, lengths, '{ x, lengths }');
  return inputs.join(where, x, (place, value, input) => readFinite(place, { x: value }, input, undefined, bare));
}

function readFinite(
  where: string,
  data: GivenRows,
  input: Input,
  raw: RawRows | undefined,
  bare: boolean,
): ReadySamples {
  if (data.scale !== undefined && unwrap(where, data.x).scale !== undefined) {
    throw wrongValue(`${where}: scale`, 'one scale', 'two');
  }
  const samples = readRows(where, data, input, raw, bare);
  refuseNotFinite(`${where}: x`, samples, input.columns);
  return samples;
}

/** The samples of one input out of those of all. */
export function samplesOf({ list, numbers }: Inputs, key: string, samples: ReadySamples): ReadySamples {
  const input = list.find(known => known.key === key);
  if (list.length === 1 || !input) return samples;
  const out = roomFor(samples.rows * input.columns);
  return { ...samples, values: takeColumns(samples.values, out, { ...input, stride: numbers }) };
}
