/** Tables of rows that whole numbers name. */
import { defineOp, reads, writesMatrix } from './op.js';

export const embeddingForward = /* @__PURE__ */ defineOp(
  'embeddingForward',
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
  {
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
  'embeddingGradient',
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
