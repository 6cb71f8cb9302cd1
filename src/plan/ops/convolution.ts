/** Windows over images: convolutions, pooling, and rows that come to other positions. */
import { FORWARD_ONLY } from '../../forwardOnly.js';
import { GradientWay, Opcode } from '../opcodes.js';
import { PANEL } from '../panels.js';
import { defineOp, reads, writes, writesMatrix } from './op.js';

interface Sizes {
  readonly channels: number;
  readonly outputs: number;
  readonly taps: number;
}

const product = ({ taps, channels, outputs }: Sizes, rows: number) => 1.2 * rows * taps * channels * outputs;

/** How each record of a convolution begins: `Strips` in `assembly/ops/strip.ts`. */
const stripFields = {
  window: 'address',
  scratch: 'address',
  scratchBytes: 'i32',
  channels: 'i32',
  outputs: 'i32',
  taps: 'i32',
  samples: 'i32',
  lines: 'i32',
  across: 'i32',
  paired: 'i32',
} as const;
/** As of `denseForwardQuantized`. */
const scratchAccess = { window: reads('whole'), scratch: writes('whole') };

export const convolutionForward = /* @__PURE__ */ defineOp(
  () => Opcode.convolutionForward,
  { ...stripFields, y: 'address', x: 'address', w: 'address', b: 'address', floor: 'f32' },
  FORWARD_ONLY || {
    binary: 'predict',
    access: ({ outputs }) => ({
      y: writesMatrix('rows', outputs),
      x: reads('rows'),
      w: reads('whole'),
      b: reads('whole'),
      ...scratchAccess,
    }),
    work: product,
  },
);

/** Its record's positions are those of dx. */
export const convolutionInputGradient = /* @__PURE__ */ defineOp(
  () => Opcode.convolutionInputGradient,
  {
    ...stripFields,
    dx: 'address',
    dy: 'address',
    w: 'address',
    b: 'address',
    rectified: 'address',
    way: 'i32',
  },
  FORWARD_ONLY || {
    binary: 'predict',
    access: ({ channels, outputs, way }) => ({
      dx: writesMatrix('rows', way === GradientWay.around ? outputs : channels),
      dy: reads('rows'),
      w: reads('whole'),
      b: reads('whole'),
      rectified: reads('rows'),
      ...scratchAccess,
    }),
    work: product,
  },
);

export const convolutionWeightGradient = /* @__PURE__ */ defineOp(
  () => Opcode.convolutionWeightGradient,
  { ...stripFields, dw: 'address', db: 'address', x: 'address', dy: 'address', transposed: 'i32' },
  {
    binary: 'train',
    access: ({ taps, channels, outputs, transposed }) => ({
      // By fewer inputs at a time than updates are.
      dw: writesMatrix('whole', outputs, taps * channels),
      db: writesMatrix('outputs', transposed === 1 ? channels : outputs, 1),
      x: reads('whole'),
      dy: reads('whole'),
      ...scratchAccess,
    }),
    work: product,
  },
);

export const groupWeights = /* @__PURE__ */ defineOp(
  () => Opcode.groupWeights,
  {
    to: 'address',
    from: 'address',
    taps: 'i32',
    channels: 'i32',
    outputs: 'i32',
    groups: 'i32',
    back: 'i32',
  },
  FORWARD_ONLY || {
    binary: 'predict',
    access: ({ taps, channels, groups, outputs, back }) => ({
      to: writesMatrix('outputs', outputs, back === 1 ? (taps * channels) / groups : taps * channels),
      from: reads(back === 1 ? 'whole' : 'outputs'),
    }),
    work: ({ taps, channels, outputs }, rows) => 3 * taps * channels * outputs + rows,
  },
);

interface Depthwise {
  readonly channels: number;
  readonly multiplier: number;
  readonly taps: number;
}

const depthwiseFields = { window: 'address', channels: 'i32', multiplier: 'i32', taps: 'i32' } as const;
const depthwiseWork = ({ channels, multiplier, taps }: Depthwise, rows: number) =>
  3 * rows * channels * multiplier * taps;

export const depthwiseForward = /* @__PURE__ */ defineOp(
  () => Opcode.depthwiseForward,
  { y: 'address', x: 'address', w: 'address', b: 'address', ...depthwiseFields, floor: 'f32', turned: 'i32' },
  FORWARD_ONLY || {
    binary: 'predict',
    access: ({ channels, multiplier }) => ({
      y: writesMatrix('rows', channels * multiplier),
      x: reads('rows'),
      w: reads('whole'),
      b: reads('whole'),
      window: reads('whole'),
    }),
    work: depthwiseWork,
  },
);

/** Its record's positions are those of dx. */
export const depthwiseInputGradient = /* @__PURE__ */ defineOp(
  () => Opcode.depthwiseInputGradient,
  { dx: 'address', dy: 'address', w: 'address', rectified: 'address', ...depthwiseFields },
  {
    binary: 'train',
    access: ({ channels }) => ({
      dx: writesMatrix('rows', channels),
      dy: reads('rows'),
      w: reads('whole'),
      rectified: reads('rows'),
      window: reads('whole'),
    }),
    work: depthwiseWork,
  },
);

export const depthwiseWeightGradient = /* @__PURE__ */ defineOp(
  () => Opcode.depthwiseWeightGradient,
  { dw: 'address', db: 'address', x: 'address', dy: 'address', ...depthwiseFields },
  {
    binary: 'train',
    access: ({ channels, multiplier, taps }) => ({
      dw: writesMatrix('outputs', channels * multiplier, taps),
      db: writesMatrix('outputs', channels * multiplier, 1),
      x: reads(multiplier === 1 ? 'panels' : 'whole'),
      dy: reads('panels'),
      window: reads('whole'),
    }),
    work: depthwiseWork,
  },
);

export const poolForward = /* @__PURE__ */ defineOp(
  () => Opcode.poolForward,
  { y: 'address', x: 'address', window: 'address', columns: 'i32', kind: 'i32', taps: 'i32', lengths: 'i32' },
  FORWARD_ONLY || {
    binary: 'predict',
    access: ({ columns }) => ({ y: writesMatrix('rows', columns), x: reads('rows'), window: reads('whole') }),
    work: ({ columns, taps }, rows) => 2 * rows * columns * taps,
  },
);

/** Its record's positions are those of dx. */
export const poolGradient = /* @__PURE__ */ defineOp(
  () => Opcode.poolGradient,
  {
    dx: 'address',
    dy: 'address',
    x: 'address',
    y: 'address',
    window: 'address',
    columns: 'i32',
    kind: 'i32',
    lengths: 'i32',
  },
  {
    binary: 'train',
    access: ({ columns }) => ({
      dx: writesMatrix('rows', columns),
      dy: reads('rows'),
      x: reads('rows'),
      y: reads('rows'),
      window: reads('whole'),
    }),
    work: ({ columns }, rows) => 5 * rows * columns,
  },
);

/** Its record's positions are those of y; `from` are those of x. */
export const movePositions = /* @__PURE__ */ defineOp(
  () => Opcode.movePositions,
  {
    y: 'address',
    x: 'address',
    table: 'address',
    columns: 'i32',
    from: 'i32',
    lengths: 'i32',
    places: 'i32',
    turned: 'i32',
  },
  FORWARD_ONLY || {
    binary: 'predict',
    access: ({ columns, turned }) => ({
      y: writesMatrix(turned & 1 ? 'whole' : 'rows', columns),
      x: reads(turned & 2 ? 'whole' : 'rows'),
      table: reads('whole'),
    }),
    work: ({ columns }, rows) => 3 * rows * Math.max(columns, PANEL),
  },
);

/** For streams of one row: what y holds is what it held, a step further. */
export const pushStep = /* @__PURE__ */ defineOp(
  () => Opcode.pushStep,
  { y: 'address', x: 'address', columns: 'i32', steps: 'i32' },
  FORWARD_ONLY || {
    binary: 'predict',
    access: ({ columns, steps }) => ({ y: writesMatrix('whole', columns, steps), x: reads('whole') }),
    work: ({ columns, steps }) => steps * columns,
  },
);
