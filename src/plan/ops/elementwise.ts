/** What acts on a value's elements, or on its rows: activations and softmax. */
import { FORWARD_ONLY } from '../../forwardOnly.js';
import { Opcode } from '../opcodes.js';
import { type Access, defineOp, reads, writesMatrix } from './op.js';

interface Width {
  readonly columns: number;
}

function forward({ columns }: Width): { y: Access; x: Access } {
  return { y: writesMatrix('rows', columns), x: reads('rows') };
}

function backward({ columns }: Width, share: 'rows' | 'back') {
  return { y: reads(share), x: reads(share), dy: reads(share), dx: writesMatrix(share, columns) };
}

export const activationForward = /* @__PURE__ */ defineOp(
  () => Opcode.activationForward,
  { y: 'address', x: 'address', columns: 'i32', kind: 'i32', setting: 'f32' },
  FORWARD_ONLY || {
    binary: 'predict',
    access: forward,
    work: ({ columns }, rows) => 30 * rows * columns,
  },
);

export const activationGradient = /* @__PURE__ */ defineOp(
  () => Opcode.activationGradient,
  { y: 'address', x: 'address', columns: 'i32', kind: 'i32', setting: 'f32', dx: 'address', dy: 'address' },
  { binary: 'train', access: fields => backward(fields, 'back'), work: ({ columns }, rows) => 30 * rows * columns },
);

export const softmaxForward = /* @__PURE__ */ defineOp(
  () => Opcode.softmaxForward,
  { y: 'address', x: 'address', columns: 'i32' },
  FORWARD_ONLY || {
    binary: 'predict',
    access: forward,
    work: ({ columns }, rows) => 60 * rows * columns,
  },
);

export const softmaxGradient = /* @__PURE__ */ defineOp(
  () => Opcode.softmaxGradient,
  { y: 'address', x: 'address', columns: 'i32', dx: 'address', dy: 'address' },
  { binary: 'train', access: fields => backward(fields, 'rows'), work: ({ columns }, rows) => 10 * rows * columns },
);

export const logSoftmaxForward = /* @__PURE__ */ defineOp(
  () => Opcode.logSoftmaxForward,
  { y: 'address', x: 'address', columns: 'i32' },
  FORWARD_ONLY || {
    binary: 'predict',
    access: forward,
    work: ({ columns }, rows) => 60 * rows * columns,
  },
);

export const logSoftmaxGradient = /* @__PURE__ */ defineOp(
  () => Opcode.logSoftmaxGradient,
  { y: 'address', x: 'address', columns: 'i32', dx: 'address', dy: 'address' },
  { binary: 'train', access: fields => backward(fields, 'rows'), work: ({ columns }, rows) => 40 * rows * columns },
);
