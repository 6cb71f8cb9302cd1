/** Noise while training. */
import { Opcode } from '../opcodes.js';
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

export const dropoutGradient = /* @__PURE__ */ defineOp(
  () => Opcode.dropoutGradient,
  { dx: 'address', dy: 'address', mask: 'address', columns: 'i32' },
  {
    binary: 'train',
    access: ({ columns }) => ({ dx: writesMatrix('panels', columns), dy: reads('panels'), mask: reads('panels') }),
    work: ({ columns }, rows) => 5 * rows * columns,
  },
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
