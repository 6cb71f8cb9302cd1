/** What acts on a value's elements, or on its rows: activations, softmax and dropout. */
import { type Access, defineOp, reads, writes, writesMatrix } from './op.js';

interface Width {
  readonly columns: number;
}

function forward({ columns }: Width): { y: Access; x: Access } {
  return { y: writesMatrix('rows', columns), x: reads('rows') };
}

function backward({ columns }: Width, share: 'rows' | 'panels') {
  return { y: reads(share), x: reads(share), dy: reads(share), dx: writesMatrix(share, columns) };
}

export const activationForward = /* @__PURE__ */ defineOp(
  'activationForward',
  { y: 'address', x: 'address', columns: 'i32', kind: 'i32', setting: 'f32' },
  {
    binary: 'predict',
    access: forward,
    work: ({ columns }, rows) => 30 * rows * columns,
  },
);

export const activationGradient = /* @__PURE__ */ defineOp(
  'activationGradient',
  { y: 'address', x: 'address', columns: 'i32', kind: 'i32', setting: 'f32', dx: 'address', dy: 'address' },
  { binary: 'train', access: fields => backward(fields, 'panels'), work: ({ columns }, rows) => 30 * rows * columns },
);

export const softmaxForward = /* @__PURE__ */ defineOp(
  'softmaxForward',
  { y: 'address', x: 'address', columns: 'i32' },
  {
    binary: 'predict',
    access: forward,
    work: ({ columns }, rows) => 60 * rows * columns,
  },
);

export const softmaxGradient = /* @__PURE__ */ defineOp(
  'softmaxGradient',
  { y: 'address', x: 'address', columns: 'i32', dx: 'address', dy: 'address' },
  { binary: 'train', access: fields => backward(fields, 'rows'), work: ({ columns }, rows) => 10 * rows * columns },
);

export const logSoftmaxForward = /* @__PURE__ */ defineOp(
  'logSoftmaxForward',
  { y: 'address', x: 'address', columns: 'i32' },
  {
    binary: 'predict',
    access: forward,
    work: ({ columns }, rows) => 60 * rows * columns,
  },
);

export const logSoftmaxGradient = /* @__PURE__ */ defineOp(
  'logSoftmaxGradient',
  { y: 'address', x: 'address', columns: 'i32', dx: 'address', dy: 'address' },
  { binary: 'train', access: fields => backward(fields, 'rows'), work: ({ columns }, rows) => 40 * rows * columns },
);

export const dropoutForward = /* @__PURE__ */ defineOp(
  'dropoutForward',
  {
    y: 'address',
    x: 'address',
    mask: 'address',
    columns: 'i32',
    stream: 'i32',
    threshold: 'i32',
    keepScale: 'f32',
  },
  {
    binary: 'train',
    access: ({ columns }) => ({ y: writesMatrix('rows', columns), x: reads('rows'), mask: writes('rows') }),
    work: ({ columns }, rows) => 45 * rows * columns,
  },
);

export const dropoutGradient = /* @__PURE__ */ defineOp(
  'dropoutGradient',
  { dx: 'address', dy: 'address', mask: 'address', columns: 'i32' },
  {
    binary: 'train',
    access: ({ columns }) => ({ dx: writesMatrix('panels', columns), dy: reads('panels'), mask: reads('panels') }),
    work: ({ columns }, rows) => 5 * rows * columns,
  },
);
