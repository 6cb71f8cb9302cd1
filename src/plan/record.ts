/**
 * Records and the controls block, as TypeScript writes them. `assembly/plan.ts` describes the same structs with the same names in the same order; a test
 * compares the offsets.
 */
import type { Opcode } from './opcodes.js';

/** Bytes from one record to the next. */
export const RECORD_BYTES = 64;

/** How a field is stored; `address` is a 32-bit place in linear memory, given as a number or as the region that begins there. */
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
} as const satisfies Struct;

/** What every record begins with. */
export const headStruct = { op: 'i32', controls: 'address', barrier: 'i32' } as const satisfies Struct;

const activation = {
  y: 'address',
  x: 'address',
  dx: 'address',
  dy: 'address',
  columns: 'i32',
  kind: 'i32',
  setting: 'f32',
} as const;
const softmax = { y: 'address', x: 'address', dx: 'address', dy: 'address', columns: 'i32' } as const;
const dropout = {
  y: 'address',
  x: 'address',
  dx: 'address',
  dy: 'address',
  mask: 'address',
  columns: 'i32',
  stream: 'i32',
  threshold: 'i32',
  keepScale: 'f32',
} as const;
const loss = {
  rowCosts: 'address',
  x: 'address',
  dx: 'address',
  target: 'address',
  columns: 'i32',
  kind: 'i32',
  setting: 'f32',
  divisor: 'f32',
} as const;
const accuracy = { x: 'address', target: 'address', columns: 'i32', threshold: 'f32' } as const;

/** The fields of each op's record, after the head. */
export const recordStructs = {
  nextBatch: { counts: 'i32' },
  checkFinite: { columns: 'i32' },
  gather: { y: 'address', targets: 'i32', columns: 'i32', ownBytes: 'i32' },
  gatherLabels: { y: 'address' },
  scatter: { y: 'address', x: 'address', columns: 'i32' },
  denseForward: {
    y: 'address',
    x: 'address',
    w: 'address',
    b: 'address',
    inputs: 'i32',
    outputs: 'i32',
    floor: 'f32',
    paired: 'i32',
    byOutputs: 'i32',
    ownBytes: 'i32',
  },
  denseForwardQuantized: {
    y: 'address',
    x: 'address',
    w: 'address',
    scale: 'address',
    b: 'address',
    scratch: 'address',
    scratchBytes: 'i32',
    inputs: 'i32',
    outputs: 'i32',
    floor: 'f32',
    bits: 'i32',
    paired: 'i32',
  },
  denseInputGradient: {
    dx: 'address',
    dy: 'address',
    w: 'address',
    rectified: 'address',
    scratch: 'address',
    scratchBytes: 'i32',
    inputs: 'i32',
    outputs: 'i32',
    paired: 'i32',
  },
  denseWeightGradient: {
    dw: 'address',
    db: 'address',
    x: 'address',
    dy: 'address',
    inputs: 'i32',
    outputs: 'i32',
    paired: 'i32',
    byOutputs: 'i32',
    ownBytes: 'i32',
  },
  activationForward: activation,
  activationGradient: activation,
  softmaxForward: softmax,
  softmaxGradient: softmax,
  logSoftmaxForward: softmax,
  logSoftmaxGradient: softmax,
  dropoutForward: dropout,
  dropoutGradient: dropout,
  elementwiseLoss: loss,
  softmaxCrossEntropy: loss,
  sparseSoftmaxCrossEntropy: loss,
  cosineSimilarity: loss,
  cost: { rowCosts: 'address', divisor: 'f32' },
  categoricalAccuracy: accuracy,
  sparseCategoricalAccuracy: accuracy,
  thresholdAccuracy: accuracy,
  sgd: {
    parameters: 'address',
    gradients: 'address',
    velocity: 'address',
    rows: 'i32',
    unit: 'i32',
    momentum: 'f32',
    nesterov: 'i32',
    weightDecay: 'f32',
  },
  adam: {
    parameters: 'address',
    gradients: 'address',
    m: 'address',
    v: 'address',
    rows: 'i32',
    unit: 'i32',
    epsilon: 'f32',
    beta1: 'f64',
    beta2: 'f64',
    weightDecay: 'f32',
    decoupled: 'i32',
  },
} as const satisfies Record<keyof typeof Opcode, Struct>;

export type OpName = keyof typeof recordStructs;

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
