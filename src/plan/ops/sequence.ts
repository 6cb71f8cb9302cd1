/** Sequences: from step to step, and from steps to others. */
import { FORWARD_ONLY } from '../../forwardOnly.js';
import { AttentionKind, Opcode } from '../opcodes.js';
import { PANEL } from '../panels.js';
import { defineOp, reads, writes, writesMatrix } from './op.js';

/** As of `denseForwardQuantized`. */
const scratchFields = { scratch: 'address', scratchBytes: 'i32' } as const;

/** How many gates there are at most. */
const GATES = 4;

const makesWeights = (kind: number) => kind === AttentionKind.weights || kind === AttentionKind.weightsGradient;

const recurrentWork = ({ units }: { readonly units: number }, rows: number) => GATES * rows * units * (units + 20);

/** Its record's positions are the steps; a row of its values is of another sample than elsewhere. */
export const recurrentForward = /* @__PURE__ */ defineOp(
  () => Opcode.recurrentForward,
  {
    h: 'address',
    z: 'address',
    u: 'address',
    b: 'address',
    c: 'address',
    ...scratchFields,
    units: 'i32',
    kind: 'i32',
    paired: 'i32',
    lengths: 'i32',
    carries: 'i32',
  },
  FORWARD_ONLY || {
    binary: 'predict',
    access: ({ units }) => ({
      h: writesMatrix('whole', units),
      z: writes('whole'),
      u: reads('whole'),
      b: reads('whole'),
      c: writesMatrix('whole', units),
      scratch: writes('whole'),
    }),
    work: recurrentWork,
  },
);

export const recurrentGradient = /* @__PURE__ */ defineOp(
  () => Opcode.recurrentGradient,
  {
    h: 'address',
    z: 'address',
    u: 'address',
    c: 'address',
    dh: 'address',
    dz: 'address',
    du: 'address',
    ...scratchFields,
    units: 'i32',
    kind: 'i32',
    paired: 'i32',
  },
  {
    binary: 'train',
    access: () => ({
      h: reads('whole'),
      z: writes('whole'),
      u: reads('whole'),
      c: writes('whole'),
      dh: reads('whole'),
      dz: writes('whole'),
      du: writes('whole'),
      scratch: writes('whole'),
    }),
    work: recurrentWork,
  },
);

/** Its record's positions are those of y, whose rows where it holds weights are rows of panels. */
export const attention = /* @__PURE__ */ defineOp(
  () => Opcode.attention,
  {
    y: 'address',
    a: 'address',
    b: 'address',
    weights: 'address',
    mask: 'address',
    ...scratchFields,
    kind: 'i32',
    queries: 'i32',
    keys: 'i32',
    heads: 'i32',
    columns: 'i32',
    scale: 'f32',
    causal: 'i32',
    paired: 'i32',
    lengths: 'i32',
  },
  FORWARD_ONLY || {
    binary: 'predict',
    access: ({ kind, queries, keys, heads, columns }) => ({
      y: makesWeights(kind)
        ? { ...writes('rows'), matrix: { columns: keys, height: queries | 1 } }
        : writesMatrix('rows', heads * columns),
      a: reads('rows'),
      b: reads('rows'),
      weights: reads('rows'),
      mask: reads('rows'),
      scratch: writes('whole'),
    }),
    // Rows are those of panels of weights, of which each number takes a softmax too, or of one side alone.
    work: ({ kind, queries, keys, heads, columns }, rows) =>
      makesWeights(kind) ? rows * PANEL * (columns + 60) : rows * heads * columns * Math.max(queries, keys),
  },
);

export const addSteps = /* @__PURE__ */ defineOp(
  () => Opcode.addSteps,
  { y: 'address', x: 'address', w: 'address', columns: 'i32', steps: 'i32' },
  FORWARD_ONLY || {
    binary: 'predict',
    access: ({ columns }) => ({ y: writesMatrix('rows', columns), x: reads('rows'), w: reads('whole') }),
    work: ({ columns }, rows) => 3 * rows * columns,
  },
);

export const stepsGradient = /* @__PURE__ */ defineOp(
  () => Opcode.stepsGradient,
  { dw: 'address', dy: 'address', columns: 'i32', steps: 'i32' },
  {
    binary: 'train',
    access: ({ columns, steps }) => ({ dw: writesMatrix('outputs', columns, steps), dy: reads('panels') }),
    work: ({ columns }, rows) => 3 * rows * columns,
  },
);
