/** What makes one value of several, and adds up the gradients of one that several read. */
import { defineOp, reads, writesMatrix } from './op.js';

export const accumulate = /* @__PURE__ */ defineOp(
  'accumulate',
  { dx: 'address', further: 'address', columns: 'i32' },
  {
    binary: 'train',
    access: ({ columns }) => ({ dx: writesMatrix('panels', columns), further: reads('panels') }),
    work: ({ columns }, rows) => 3 * rows * columns,
  },
);
