/** The matrix products of the fully connected layer. */
import { FORWARD_ONLY } from '../../forwardOnly.js';
import { Opcode } from '../opcodes.js';
import { defineOp, reads, writes, writesMatrix } from './op.js';

interface Sizes {
  readonly inputs: number;
  readonly outputs: number;
}

const product = ({ inputs, outputs }: Sizes, rows: number) => rows * inputs * outputs;
/** Where each thread has all rows of x to itself. */
const ownOrWhole = (ownBytes: number) => reads(ownBytes === 0 ? 'whole' : 'own');

export const denseForward = /* @__PURE__ */ defineOp(
  () => Opcode.denseForward,
  {
    y: 'address',
    x: 'address',
    w: 'address',
    b: 'address',
    inputs: 'i32',
    outputs: 'i32',
    floor: 'f32',
    paired: 'i32',
    byOutputs: 'i32',
    ownBytes: 'i32',
  },
  FORWARD_ONLY || {
    binary: 'predict',
    access: ({ outputs, byOutputs, ownBytes }) =>
      byOutputs === 1
        ? // The first product's, where threads share out the output panels, and with them the weights.
          { y: writesMatrix('panels', outputs), x: ownOrWhole(ownBytes), w: reads('outputs'), b: reads('outputs') }
        : { y: writesMatrix('rows', outputs), x: reads('rows'), w: reads('whole'), b: reads('whole') },
    work: product,
  },
);

export const denseForwardQuantized = /* @__PURE__ */ defineOp(
  () => Opcode.denseForwardQuantized,
  {
    y: 'address',
    x: 'address',
    w: 'address',
    scale: 'address',
    b: 'address',
    scratch: 'address',
    scratchBytes: 'i32',
    inputs: 'i32',
    outputs: 'i32',
    floor: 'f32',
    bits: 'i32',
    paired: 'i32',
  },
  FORWARD_ONLY || {
    binary: 'predict',
    access: ({ outputs }) => ({
      y: writesMatrix('rows', outputs),
      x: reads('rows'),
      w: reads('whole'),
      scale: reads('whole'),
      b: reads('whole'),
      // A thread's part of it begins elsewhere for a layer of another width, and nothing else keeps the threads from
      // being in different layers.
      scratch: writes('whole'),
    }),
    work: product,
  },
);

/** Float32 weights from ones of fewer bits. */
export const widenWeights = /* @__PURE__ */ defineOp(
  () => Opcode.widenWeights,
  { to: 'address', w: 'address', scale: 'address', inputs: 'i32', outputs: 'i32', bits: 'i32' },
  FORWARD_ONLY || {
    binary: 'predict',
    access: ({ inputs, outputs }) => ({
      to: writesMatrix('outputs', outputs, inputs),
      w: reads('outputs'),
      scale: reads('outputs'),
    }),
    work: ({ inputs, outputs }, rows) => 2 * inputs * outputs + rows,
  },
);

export const denseInputGradient = /* @__PURE__ */ defineOp(
  () => Opcode.denseInputGradient,
  {
    dx: 'address',
    dy: 'address',
    w: 'address',
    rectified: 'address',
    scratch: 'address',
    scratchBytes: 'i32',
    inputs: 'i32',
    outputs: 'i32',
    paired: 'i32',
  },
  {
    binary: 'train',
    access: ({ inputs }) => ({
      dx: writesMatrix('panels', inputs),
      dy: reads('whole'),
      w: reads('whole'),
      rectified: reads('panels'),
      scratch: writes('whole'),
    }),
    work: product,
  },
);

export const denseWeightGradient = /* @__PURE__ */ defineOp(
  () => Opcode.denseWeightGradient,
  {
    dw: 'address',
    db: 'address',
    x: 'address',
    dy: 'address',
    inputs: 'i32',
    outputs: 'i32',
    paired: 'i32',
    byOutputs: 'i32',
    ownBytes: 'i32',
  },
  {
    binary: 'train',
    access({ inputs, outputs, byOutputs, ownBytes }) {
      const db = writesMatrix('outputs', outputs, 1);
      return byOutputs === 1
        ? { dw: writesMatrix('outputs', outputs, inputs), db, x: ownOrWhole(ownBytes), dy: reads('panels') }
        : { dw: writesMatrix('inputs', outputs, inputs), db, x: reads('panels'), dy: reads('whole') };
    },
    work: product,
  },
);
