/**
 * How records and the controls block are written. The machine's classes (`assembly/plan.ts`) describe the same structs
 * with the same names in the same order; a test compares the offsets. What each op's record holds stands in `ops/`.
 */
import type { PlannedRecord } from './builder.js';
import { Region } from './memory.js';

/** Bytes from one record to the next. */
export const RECORD_BYTES = 128;

/** How a field is stored; `address` is a 32-bit place in linear memory: a number, or the region that begins there. */
export type FieldType = 'address' | 'i32' | 'f32' | 'f64';
export type Struct = Readonly<Record<string, FieldType>>;

export const controlsStruct = {
  rows: 'i32',
  position: 'i32',
  samples: 'i32',
  batchSize: 'i32',
  step: 'i32',
  seedLow: 'i32',
  seedHigh: 'i32',
  x: 'address',
  bytes: 'i32',
  scale: 'f32',
  y: 'address',
  order: 'address',
  failure: 'i32',
  correct: 'i32',
  cost: 'f64',
  costSum: 'f64',
  learningRate: 'f64',
  finished: 'i32',
  draw: 'i32',
  keeps: 'i32',
  broken: 'i32',
  rates: 'address',
  taken: 'i32',
  takenRows: 'i32',
  takenCost: 'f64',
  clip: 'f64',
  momenta: 'f64',
  momentaStep: 'i32',
  keptFrom: 'i32',
  lengths: 'address',
  sequences: 'i32',
} as const satisfies Struct;

/** What every record begins with. */
export const headStruct = {
  op: 'i32',
  controls: 'address',
  barrier: 'i32',
  positions: 'i32',
} as const satisfies Struct;

/** Each field's offset in bytes; a float64 lies on a multiple of 8. */
export function offsetsOf(struct: Struct, start = 0): Record<string, number> {
  const offsets: Record<string, number> = {};
  let offset = start;
  for (const [name, type] of Object.entries(struct)) {
    if (type === 'f64') offset = Math.ceil(offset / 8) * 8;
    offsets[name] = offset;
    offset += type === 'f64' ? 8 : 4;
  }
  return offsets;
}

/** Writes one field of a struct. */
export function writeField(view: DataView, offset: number, type: FieldType, value: number): void {
  if (type === 'f32') view.setFloat32(offset, value, true);
  else if (type === 'f64') view.setFloat64(offset, value, true);
  else view.setInt32(offset, value, true);
}

/** Reads one field of a struct. */
export function readField(view: DataView, offset: number, type: FieldType): number {
  if (type === 'f32') return view.getFloat32(offset, true);
  if (type === 'f64') return view.getFloat64(offset, true);
  return type === 'address' ? view.getUint32(offset, true) : view.getInt32(offset, true);
}

/** Where each field of the controls block lies in it, and how. */
export const controlsFields = Object.fromEntries(
  Object.entries(offsetsOf(controlsStruct)).map(([name, offset]) => {
    return [name, { offset, type: controlsStruct[name as keyof typeof controlsStruct] }];
  }),
) as Readonly<Record<keyof typeof controlsStruct, { readonly offset: number; readonly type: FieldType }>>;

const headBytes = Object.keys(headStruct).length * 4;

export function writeRecord(
  memory: DataView,
  address: number,
  record: PlannedRecord,
  controls: Region,
  barrier: boolean,
): void {
  memory.setInt32(address, record.op.code, true);
  memory.setInt32(address + 4, controls.address, true);
  memory.setInt32(address + 8, Number(barrier), true);
  memory.setInt32(address + 12, record.positions, true);
  const struct = record.op.fields;
  const offsets = offsetsOf(struct, headBytes);
  for (const [name, type] of Object.entries(struct)) {
    const value = record.fields[name] ?? 0;
    writeField(memory, address + (offsets[name] ?? 0), type, value instanceof Region ? value.address : value);
  }
}
