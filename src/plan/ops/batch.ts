/**
 * How numbers come to lie: where a step begins and ends, between the caller's data and panels; and from panels to
 * others.
 */
import { FORWARD_ONLY } from '../../forwardOnly.js';
import { Opcode } from '../opcodes.js';
import { defineOp, reads, writes, writesMatrix } from './op.js';

export const nextBatch = /* @__PURE__ */ defineOp(
  () => Opcode.nextBatch,
  { counts: 'i32' },
  { binary: 'train', access: () => ({}), work: () => 0 },
);

export const checkFinite = /* @__PURE__ */ defineOp(
  () => Opcode.checkFinite,
  { columns: 'i32' },
  FORWARD_ONLY || { binary: 'predict', access: () => ({}), work: ({ columns }, rows) => 2 * rows * columns },
);

export const gather = /* @__PURE__ */ defineOp(
  () => Opcode.gather,
  {
    y: 'address',
    targets: 'i32',
    columns: 'i32',
    stride: 'i32',
    start: 'i32',
    ownBytes: 'i32',
    lengths: 'i32',
    width: 'i32',
    filler: 'f32',
  },
  FORWARD_ONLY || {
    binary: 'predict',
    access: ({ columns, ownBytes }) => ({ y: writesMatrix(ownBytes === 0 ? 'rows' : 'own', columns) }),
    work: ({ columns }, rows) => 10 * rows * columns,
  },
);

export const gatherLabels = /* @__PURE__ */ defineOp(
  () => Opcode.gatherLabels,
  { y: 'address', stride: 'i32', start: 'i32' },
  { binary: 'train', access: () => ({ y: writes('rows') }), work: (_, rows) => 10 * rows },
);

export const scatter = /* @__PURE__ */ defineOp(
  () => Opcode.scatter,
  { y: 'address', x: 'address', columns: 'i32', stride: 'i32', start: 'i32', lengths: 'i32', width: 'i32' },
  FORWARD_ONLY || {
    binary: 'predict',
    access: () => ({ y: writes('rows'), x: reads('rows') }),
    work: ({ columns }, rows) => 10 * rows * columns,
  },
);

/** Its record's positions are those of y; `from` and `fromPositions` say how x lies. */
export const rearrange = /* @__PURE__ */ defineOp(
  () => Opcode.rearrange,
  { y: 'address', x: 'address', table: 'address', columns: 'i32', from: 'i32', fromPositions: 'i32' },
  FORWARD_ONLY || {
    binary: 'predict',
    access: ({ columns }) => ({ y: writesMatrix('rows', columns), x: reads('rows'), table: reads('whole') }),
    work: ({ columns }, rows) => 10 * rows * columns,
  },
);

/** What goes back through a `rearrange` whose y repeats its x. */
export const sumRepeated = /* @__PURE__ */ defineOp(
  () => Opcode.sumRepeated,
  { dx: 'address', dy: 'address', columns: 'i32', times: 'i32' },
  {
    binary: 'train',
    access: ({ columns }) => ({ dx: writesMatrix('rows', columns), dy: reads('rows') }),
    work: ({ columns, times }, rows) => 2 * rows * columns * times,
  },
);
