/** Normalisation. */
import { FORWARD_ONLY } from '../../forwardOnly.js';
import { Opcode } from '../opcodes.js';
import { defineOp, reads, writes, writesMatrix } from './op.js';

/** What every thread reads all of. */
const all = /* @__PURE__ */ reads('whole');

export const rowNormForward = /* @__PURE__ */ defineOp(
  () => Opcode.rowNormForward,
  {
    y: 'address',
    x: 'address',
    gamma: 'address',
    beta: 'address',
    moments: 'address',
    columns: 'i32',
    centered: 'i32',
    epsilon: 'f32',
  },
  FORWARD_ONLY || {
    binary: 'predict',
    access: ({ columns }) => ({
      y: writesMatrix('rows', columns),
      x: reads('rows'),
      gamma: reads('whole'),
      beta: reads('whole'),
      moments: writes('rows'),
    }),
    work: ({ columns }, rows) => 15 * rows * columns,
  },
);

export const rowNormGradient = /* @__PURE__ */ defineOp(
  () => Opcode.rowNormGradient,
  {
    dx: 'address',
    dy: 'address',
    x: 'address',
    gamma: 'address',
    moments: 'address',
    columns: 'i32',
    centered: 'i32',
  },
  {
    binary: 'train',
    access: ({ columns }) => ({
      dx: writesMatrix('rows', columns),
      dy: reads('rows'),
      x: reads('rows'),
      gamma: reads('whole'),
      moments: reads('rows'),
    }),
    work: ({ columns }, rows) => 20 * rows * columns,
  },
);

export const rowNormParameterGradient = /* @__PURE__ */ defineOp(
  () => Opcode.rowNormParameterGradient,
  { dgamma: 'address', dbeta: 'address', dy: 'address', x: 'address', moments: 'address', columns: 'i32' },
  {
    binary: 'train',
    access: ({ columns }) => ({
      dgamma: writesMatrix('outputs', columns, 1),
      dbeta: writesMatrix('outputs', columns, 1),
      dy: reads('panels'),
      x: reads('panels'),
      moments: reads('whole'),
    }),
    work: ({ columns }, rows) => 10 * rows * columns,
  },
);

export const columnChunks = /* @__PURE__ */ defineOp(
  () => Opcode.columnChunks,
  {
    chunks: 'address',
    x: 'address',
    dy: 'address',
    mean: 'address',
    variance: 'address',
    columns: 'i32',
    epsilon: 'f32',
  },
  {
    binary: 'train',
    access: () => ({
      chunks: writes('whole'),
      x: all,
      dy: all,
      mean: all,
      variance: all,
    }),
    work: ({ columns }, rows) => 8 * rows * columns,
  },
);

export const columnSums = /* @__PURE__ */ defineOp(
  () => Opcode.columnSums,
  { chunks: 'address', first: 'address', second: 'address', columns: 'i32', moments: 'i32' },
  {
    binary: 'train',
    access: ({ columns }) => ({
      chunks: reads('whole'),
      first: writesMatrix('outputs', columns, 1),
      second: writesMatrix('outputs', columns, 1),
    }),
    work: ({ columns }, rows) => rows * columns,
  },
);

export const columnNormForward = /* @__PURE__ */ defineOp(
  () => Opcode.columnNormForward,
  {
    y: 'address',
    x: 'address',
    mean: 'address',
    variance: 'address',
    gamma: 'address',
    beta: 'address',
    columns: 'i32',
    epsilon: 'f32',
    invert: 'i32',
  },
  FORWARD_ONLY || {
    binary: 'predict',
    access: ({ columns }) => ({
      y: writesMatrix('rows', columns),
      x: reads('rows'),
      mean: all,
      variance: all,
      gamma: all,
      beta: all,
    }),
    work: ({ columns }, rows) => 5 * rows * columns,
  },
);

export const columnNormGradient = /* @__PURE__ */ defineOp(
  () => Opcode.columnNormGradient,
  {
    dx: 'address',
    dgamma: 'address',
    dbeta: 'address',
    dy: 'address',
    x: 'address',
    mean: 'address',
    variance: 'address',
    gamma: 'address',
    columns: 'i32',
    epsilon: 'f32',
    invert: 'i32',
    fixed: 'i32',
  },
  {
    binary: 'train',
    access: ({ columns }) => ({
      dx: writesMatrix('rows', columns),
      dgamma: all,
      dbeta: all,
      dy: reads('rows'),
      x: reads('rows'),
      mean: all,
      variance: all,
      gamma: all,
    }),
    work: ({ columns }, rows) => 10 * rows * columns,
  },
);

export const moveAverages = /* @__PURE__ */ defineOp(
  () => Opcode.moveAverages,
  {
    movingMean: 'address',
    movingVariance: 'address',
    mean: 'address',
    variance: 'address',
    columns: 'i32',
    momentum: 'f32',
  },
  {
    binary: 'train',
    access: ({ columns }) => ({
      movingMean: writesMatrix('outputs', columns, 1),
      movingVariance: writesMatrix('outputs', columns, 1),
      mean: reads('outputs'),
      variance: reads('outputs'),
    }),
    work: ({ columns }, rows) => 5 * columns + rows,
  },
);
