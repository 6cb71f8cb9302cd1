/** Normalisation. */
import { defineOp, reads, writes, writesMatrix } from './op.js';

export const rowNormForward = /* @__PURE__ */ defineOp(
  'rowNormForward',
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
  {
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
  'rowNormGradient',
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
  'rowNormParameterGradient',
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
