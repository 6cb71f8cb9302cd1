/** Noise while training. */
import { Opcode } from '../opcodes.js';
import { panelCount } from '../panels.js';
import { defineOp, reads, writes, writesMatrix } from './op.js';

const noiseFields = { y: 'address', x: 'address', columns: 'i32', stream: 'i32', spread: 'i32' } as const;
const dropoutFields = { ...noiseFields, mask: 'address', threshold: 'i32', keepScale: 'f32' } as const;

interface Width {
  readonly columns: number;
}

const dropoutAccess = ({ columns }: Width) => ({
  y: writesMatrix('rows', columns),
  x: reads('rows'),
  mask: writes('rows'),
});

export const dropoutForward = /* @__PURE__ */ defineOp(() => Opcode.dropoutForward, dropoutFields, {
  binary: 'train',
  access: dropoutAccess,
  work: ({ columns }, rows) => 45 * rows * columns,
});

export const alphaDropoutForward = /* @__PURE__ */ defineOp(
  () => Opcode.alphaDropoutForward,
  { ...dropoutFields, kept: 'f32', dropped: 'f32' },
  { binary: 'train', access: dropoutAccess, work: ({ columns }, rows) => 50 * rows * columns },
);

export const gaussianNoiseForward = /* @__PURE__ */ defineOp(
  () => Opcode.gaussianNoiseForward,
  { ...noiseFields, deviation: 'f32' },
  {
    binary: 'train',
    access: ({ columns }) => ({ y: writesMatrix('rows', columns), x: reads('rows') }),
    work: ({ columns }, rows) => 80 * rows * columns,
  },
);

export const augment = /* @__PURE__ */ defineOp(
  () => Opcode.augment,
  {
    y: 'address',
    x: 'address',
    columns: 'i32',
    stream: 'i32',
    width: 'i32',
    fromWidth: 'i32',
    from: 'i32',
    changes: 'address',
    downs: 'i32',
    acrosses: 'i32',
    places: 'address',
    reach: 'i32',
    smooth: 'f32',
    low: 'f32',
    high: 'f32',
    hole: 'i32',
  },
  {
    binary: 'train',
    access: ({ columns }) => ({
      y: writesMatrix('rows', columns),
      x: reads('rows'),
      changes: reads('whole'),
      places: reads('whole'),
    }),
    work: ({ columns }, rows) => 160 * rows * panelCount(columns),
  },
);
