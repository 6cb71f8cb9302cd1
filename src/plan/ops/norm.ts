/** Normalisation. */
import { FORWARD_ONLY } from '../../forwardOnly.js';
import { Opcode } from '../opcodes.js';
import { defineOp, reads, writes, writesMatrix } from './op.js';

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

export const batchMoments = /* @__PURE__ */ defineOp(
  () => Opcode.batchMoments,
  { x: 'address', mean: 'address', variance: 'address', columns: 'i32' },
  {
    binary: 'train',
    access: ({ columns }) => ({
      x: reads('panels'),
      mean: writesMatrix('panels', columns, 1),
      variance: writesMatrix('panels', columns, 1),
    }),
    work: ({ columns }, rows) => 5 * rows * columns,
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
    byPanels: 'i32',
  },
  FORWARD_ONLY || {
    binary: 'predict',
    access({ columns, byPanels }) {
      const share = byPanels === 1 ? 'panels' : 'rows';
      const moments = reads(byPanels === 1 ? 'panels' : 'whole');
      const own = reads(byPanels === 1 ? 'outputs' : 'whole');
      return {
        y: writesMatrix(share, columns),
        x: reads(share),
        mean: moments,
        variance: moments,
        gamma: own,
        beta: own,
      };
    },
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
    access({ columns, fixed }) {
      const moments = reads(fixed === 1 ? 'whole' : 'panels');
      return {
        dx: writesMatrix('panels', columns),
        dgamma: writesMatrix('outputs', columns, 1),
        dbeta: writesMatrix('outputs', columns, 1),
        dy: reads('panels'),
        x: reads('panels'),
        mean: moments,
        variance: moments,
        gamma: reads('outputs'),
      };
    },
    work: ({ columns }, rows) => 15 * rows * columns,
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
      mean: reads('panels'),
      variance: reads('panels'),
    }),
    work: ({ columns }, rows) => 5 * columns + rows,
  },
);
