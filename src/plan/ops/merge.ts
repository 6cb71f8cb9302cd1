/** What makes one value of several, and adds up the gradients of one that several read. */
import { FORWARD_ONLY } from '../../forwardOnly.js';
import { Opcode } from '../opcodes.js';
import { PANEL } from '../panels.js';
import { defineOp, reads, shareOfUnit, writes, writesMatrix } from './op.js';

export const accumulate = /* @__PURE__ */ defineOp(
  () => Opcode.accumulate,
  { dx: 'address', further: 'address', columns: 'i32' },
  {
    binary: 'train',
    access: ({ columns }) => ({ dx: writesMatrix('back', columns), further: reads('back') }),
    work: ({ columns }, rows) => 3 * rows * columns,
  },
);

export const accumulateParameter = /* @__PURE__ */ defineOp(
  () => Opcode.accumulateParameter,
  { dw: 'address', further: 'address', rows: 'i32', unit: 'i32' },
  {
    binary: 'train',
    access: fields => ({ dw: writes(shareOfUnit(fields)), further: reads(shareOfUnit(fields)) }),
    work: ({ rows }) => 3 * rows * PANEL,
  },
);

export const mergeForward = /* @__PURE__ */ defineOp(
  () => Opcode.mergeForward,
  { y: 'address', a: 'address', b: 'address', columns: 'i32', kind: 'i32', scale: 'f32' },
  FORWARD_ONLY || {
    binary: 'predict',
    access: ({ columns }) => ({ y: writesMatrix('rows', columns), a: reads('rows'), b: reads('rows') }),
    work: ({ columns }, rows) => 4 * rows * columns,
  },
);

export const mergeGradient = /* @__PURE__ */ defineOp(
  () => Opcode.mergeGradient,
  {
    dx: 'address',
    dy: 'address',
    x: 'address',
    other: 'address',
    columns: 'i32',
    kind: 'i32',
    second: 'i32',
    scale: 'f32',
  },
  {
    binary: 'train',
    access: ({ columns }) => ({
      dx: writesMatrix('back', columns),
      dy: reads('back'),
      x: reads('back'),
      other: reads('back'),
    }),
    work: ({ columns }, rows) => 5 * rows * columns,
  },
);

export const copyColumns = /* @__PURE__ */ defineOp(
  () => Opcode.copyColumns,
  { y: 'address', x: 'address', columns: 'i32', from: 'i32', to: 'i32', count: 'i32', alone: 'i32' },
  FORWARD_ONLY || {
    binary: 'predict',
    access: ({ columns }) => ({ y: writesMatrix('rows', columns), x: reads('rows') }),
    work: ({ count }, rows) => 5 * rows * count,
  },
);
