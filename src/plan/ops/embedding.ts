/** Tables of rows that whole numbers name. */
import { FORWARD_ONLY } from '../../forwardOnly.js';
import { Opcode } from '../opcodes.js';
import { PANEL } from '../panels.js';
import { defineOp, reads, shareOfUnit, writes, writesMatrix } from './op.js';

export const embeddingForward = /* @__PURE__ */ defineOp(
  () => Opcode.embeddingForward,
  {
    y: 'address',
    x: 'address',
    w: 'address',
    scale: 'address',
    vocabulary: 'i32',
    columns: 'i32',
    steps: 'i32',
    bag: 'i32',
    pad: 'i32',
    bits: 'i32',
  },
  FORWARD_ONLY || {
    binary: 'predict',
    access: ({ columns }) => ({
      y: writesMatrix('rows', columns),
      x: reads('rows'),
      w: reads('whole'),
      scale: reads('whole'),
    }),
    work: ({ columns, steps, bag }, rows) => 10 * rows * columns * (bag === 0 ? 1 : steps),
  },
);

export const embeddingGradient = /* @__PURE__ */ defineOp(
  () => Opcode.embeddingGradient,
  {
    dw: 'address',
    dy: 'address',
    x: 'address',
    vocabulary: 'i32',
    columns: 'i32',
    steps: 'i32',
    bag: 'i32',
    pad: 'i32',
    byOutputs: 'i32',
  },
  {
    binary: 'train',
    access: ({ vocabulary, columns, byOutputs }) => ({
      dw: writesMatrix(byOutputs === 1 ? 'outputs' : 'inputs', columns, vocabulary),
      dy: reads(byOutputs === 1 ? 'panels' : 'whole'),
      x: reads('whole'),
    }),
    work: ({ vocabulary, columns, steps, bag }, rows) =>
      10 * columns * (rows * (bag === 0 ? 1 : steps) + vocabulary / 10),
  },
);

export const nameRows = /* @__PURE__ */ defineOp(
  () => Opcode.nameRows,
  {
    x: 'address',
    found: 'address',
    list: 'address',
    slots: 'address',
    steps: 'i32',
    bag: 'i32',
    pad: 'i32',
  },
  {
    binary: 'train',
    access: () => ({ x: reads('whole'), found: writes('whole'), list: writes('whole'), slots: writes('whole') }),
    work: ({ steps }, rows) => 20 * rows * steps,
  },
);

export const rowsGradient = /* @__PURE__ */ defineOp(
  () => Opcode.rowsGradient,
  {
    dw: 'address',
    dy: 'address',
    x: 'address',
    slots: 'address',
    columns: 'i32',
    steps: 'i32',
    bag: 'i32',
    pad: 'i32',
    rows: 'i32',
    unit: 'i32',
  },
  {
    binary: 'train',
    access: fields => ({
      dw: writes(shareOfUnit(fields)),
      dy: reads('whole'),
      x: reads('whole'),
      slots: reads('whole'),
    }),
    work: ({ columns, steps, bag }, rows) => 10 * columns * rows * (bag === 0 ? 1 : steps),
  },
);

function defineMove(code: () => Opcode) {
  const takes = code() === Opcode.takeRows;
  return defineOp(
    code,
    {
      rowwise: 'address',
      table: 'address',
      list: 'address',
      vocabulary: 'i32',
      columns: 'i32',
      rows: 'i32',
      unit: 'i32',
    },
    {
      binary: 'train',
      access: fields => ({
        rowwise: takes ? writes(shareOfUnit(fields)) : reads(shareOfUnit(fields)),
        // Whose a row is changes from step to step.
        table: takes ? reads('whole') : writes('whole'),
        list: reads('whole'),
      }),
      work: ({ rows }) => 20 * rows * PANEL,
    },
  );
}

export const takeRows = /* @__PURE__ */ defineMove(() => Opcode.takeRows);
export const returnRows = /* @__PURE__ */ defineMove(() => Opcode.returnRows);
