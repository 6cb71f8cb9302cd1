/** Updates of stretches of parameters (`Builder.stretches`). */
import { Opcode, UpdateKind } from '../opcodes.js';
import { PANEL } from '../panels.js';
import { defineOp, reads, shareOfUnit, writes } from './op.js';

export const update = /* @__PURE__ */ defineOp(
  () => Opcode.update,
  {
    parameters: 'address',
    gradients: 'address',
    first: 'address',
    second: 'address',
    third: 'address',
    rows: 'i32',
    unit: 'i32',
    kind: 'i32',
    weightDecay: 'f32',
    decoupled: 'i32',
    rateFactor: 'f32',
    s0: 'f64',
    s1: 'f64',
    s2: 'f64',
    s3: 'f64',
    s4: 'f64',
  },
  {
    binary: 'train',
    access: fields => ({
      parameters: writes(shareOfUnit(fields)),
      gradients: reads(shareOfUnit(fields)),
      first: writes(shareOfUnit(fields)),
      second: writes(shareOfUnit(fields)),
      third: writes(shareOfUnit(fields)),
    }),
    work: ({ rows, kind }) => (kind > UpdateKind.momentum ? 18 : 5) * rows * PANEL,
  },
);
