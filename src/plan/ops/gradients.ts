/** What becomes of gradients between the way back and the update, and of parameters after it. */
import { Opcode } from '../opcodes.js';
import { PANEL } from '../panels.js';
import { defineOp, reads, shareOfUnit, writes } from './op.js';

export const nextPart = /* @__PURE__ */ defineOp(
  () => Opcode.nextPart,
  { counts: 'i32' },
  { binary: 'train', access: () => ({}), work: () => 0 },
);

export const collectGradients = /* @__PURE__ */ defineOp(
  () => Opcode.collectGradients,
  { gradients: 'address', sums: 'address', rows: 'i32', unit: 'i32', counts: 'i32' },
  {
    binary: 'train',
    access: fields => ({ gradients: writes(shareOfUnit(fields)), sums: writes(shareOfUnit(fields)) }),
    work: ({ rows }) => 5 * rows * PANEL,
  },
);

export const penalize = /* @__PURE__ */ defineOp(
  () => Opcode.penalize,
  { dw: 'address', w: 'address', rows: 'i32', unit: 'i32', l1: 'f32', l2: 'f32' },
  {
    binary: 'train',
    access: fields => ({ dw: writes(shareOfUnit(fields)), w: reads(shareOfUnit(fields)) }),
    work: ({ rows }) => 5 * rows * PANEL,
  },
);

export const sumChunks = /* @__PURE__ */ defineOp(
  () => Opcode.sumChunks,
  { x: 'address', sums: 'address', rows: 'i32', unit: 'i32', l1: 'f32', l2: 'f32' },
  {
    binary: 'train',
    access: fields => ({ x: reads(shareOfUnit(fields)), sums: writes(shareOfUnit(fields)) }),
    work: ({ rows }) => 5 * rows * PANEL,
  },
);

/** Something that every thread makes for itself of all chunks' sums. */
function defineTotal(code: () => Opcode) {
  return defineOp(
    code,
    { sums: 'address', count: 'i32', limit: 'f32' },
    { binary: 'train', access: () => ({ sums: reads('whole') }), work: ({ count }) => 10 * count },
  );
}

export const addPenalty = /* @__PURE__ */ defineTotal(() => Opcode.addPenalty);
export const measureNorm = /* @__PURE__ */ defineTotal(() => Opcode.measureNorm);

/** Something done to each number by itself. */
function definePass(code: () => Opcode) {
  return defineOp(
    code,
    { to: 'address', from: 'address', rows: 'i32', unit: 'i32', setting: 'f32' },
    {
      binary: 'train',
      access: fields => ({ to: writes(shareOfUnit(fields)), from: reads(shareOfUnit(fields)) }),
      work: ({ rows }) => 4 * rows * PANEL,
    },
  );
}

export const clipValues = /* @__PURE__ */ definePass(() => Opcode.clipValues);
export const scaleGradients = /* @__PURE__ */ definePass(() => Opcode.scaleGradients);
export const averageParameters = /* @__PURE__ */ definePass(() => Opcode.averageParameters);

export const constrain = /* @__PURE__ */ defineOp(
  () => Opcode.constrain,
  { w: 'address', rows: 'i32', panels: 'i32', kind: 'i32', limit: 'f32', units: 'i32' },
  {
    binary: 'train',
    access: ({ units }) => ({ w: writes(units === 0 ? 'outputs' : 'whole') }),
    work: ({ rows, panels }) => 10 * rows * panels * PANEL,
  },
);
