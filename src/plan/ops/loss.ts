/** The cost of a batch, its gradient for what the network made, and how many rows are right. */
import { Opcode } from '../opcodes.js';
import { defineOp, reads, writes, writesMatrix } from './op.js';

function defineLoss(code: () => Opcode) {
  return defineOp(
    code,
    {
      rowCosts: 'address',
      x: 'address',
      dx: 'address',
      target: 'address',
      columns: 'i32',
      kind: 'i32',
      setting: 'f32',
      divisor: 'f32',
      weight: 'f32',
      alpha: 'f32',
      lengths: 'i32',
    },
    {
      binary: 'train',
      access: ({ columns }) => ({
        rowCosts: writes('rows'),
        x: reads('rows'),
        dx: writesMatrix('rows', columns),
        target: reads('rows'),
      }),
      work: ({ columns }, rows) => 80 * rows * columns,
    },
  );
}

export type LossOp = ReturnType<typeof defineLoss>;

export const elementwiseLoss = /* @__PURE__ */ defineLoss(() => Opcode.elementwiseLoss);
export const softmaxCrossEntropy = /* @__PURE__ */ defineLoss(() => Opcode.softmaxCrossEntropy);
export const sparseSoftmaxCrossEntropy = /* @__PURE__ */ defineLoss(() => Opcode.sparseSoftmaxCrossEntropy);
export const cosineSimilarity = /* @__PURE__ */ defineLoss(() => Opcode.cosineSimilarity);
export const categoricalHinge = /* @__PURE__ */ defineLoss(() => Opcode.categoricalHinge);

export const weighRows = /* @__PURE__ */ defineOp(
  () => Opcode.weighRows,
  { rowCosts: 'address', dx: 'address', weights: 'address', columns: 'i32' },
  {
    binary: 'train',
    access: ({ columns }) => ({ rowCosts: writes('rows'), dx: writesMatrix('rows', columns), weights: reads('rows') }),
    work: ({ columns }, rows) => 4 * rows * columns,
  },
);

export const maskCosts = /* @__PURE__ */ defineOp(
  () => Opcode.maskCosts,
  { rowCosts: 'address', dx: 'address', columns: 'i32', lengths: 'i32' },
  {
    binary: 'train',
    access: ({ columns }) => ({ rowCosts: writes('rows'), dx: writesMatrix('rows', columns) }),
    work: (_, rows) => rows,
  },
);

export const cost = /* @__PURE__ */ defineOp(
  () => Opcode.cost,
  { rowCosts: 'address', tally: 'address', divisor: 'f32', weight: 'f32', adds: 'i32', lengths: 'i32', judges: 'i32' },
  {
    binary: 'train',
    access: () => ({ rowCosts: reads('whole'), tally: writes('own') }),
    work: (_, rows) => 20 * rows,
  },
);

function defineAccuracy(code: () => Opcode) {
  return defineOp(
    code,
    { x: 'address', target: 'address', tally: 'address', columns: 'i32', threshold: 'f32', lengths: 'i32' },
    {
      binary: 'train',
      access: () => ({ x: reads('whole'), target: reads('whole'), tally: writes('own') }),
      work: ({ columns }, rows) => 20 * rows * columns,
    },
  );
}

export const categoricalAccuracy = /* @__PURE__ */ defineAccuracy(() => Opcode.categoricalAccuracy);
export const sparseCategoricalAccuracy = /* @__PURE__ */ defineAccuracy(() => Opcode.sparseCategoricalAccuracy);
export const thresholdAccuracy = /* @__PURE__ */ defineAccuracy(() => Opcode.thresholdAccuracy);
