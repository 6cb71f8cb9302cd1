/**
 * The matrix products against naive float64, and bit by bit against themselves: whatever tile, batch, block of the
 * reduction or range of panels an element falls into. Memory around every operand is NaN, so that what is read astray
 * shows in the result, and must be unchanged afterwards.
 */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { binaries, compileEntry } from '../support/binaries.js';

const PANEL = 16;
const panels = (columns: number): number => Math.ceil(columns / PANEL);
const at = (values: Float32Array, i: number): number => values[i] ?? Number.NaN;

/** Addresses and sizes, in the order in which assembly/simd/gemm.ts has them; true is 1. */
type Kernel = (...operands: number[]) => void;
type Kernels = Record<'initialize' | 'multiply' | 'multiplyTransposed' | 'multiplyByTransposed' | 'sumRows', Kernel>;

/** A row-major matrix. */
interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

function matrix(rows: number, columns: number, element: (row: number, column: number) => number): Matrix {
  const values = Float32Array.from({ length: rows * columns }, (_, i) => element(Math.floor(i / columns), i % columns));
  return { rows, columns, values };
}

/** Numbers in (−1, 1) that depend on the seed alone. */
function noise(rows: number, columns: number, seed: number): Matrix {
  let state = (seed * 2654435761) >>> 0;
  return matrix(rows, columns, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state - 2 ** 31) / 2 ** 31;
  });
}

function rowsOf(m: Matrix, first: number, last: number): Matrix {
  return { rows: last - first, columns: m.columns, values: m.values.slice(first * m.columns, last * m.columns) };
}

function transpose(m: Matrix): Matrix {
  return matrix(m.columns, m.rows, (row, column) => at(m.values, column * m.columns + row));
}

/** The panels of a matrix, as they lie in memory. */
function pack({ rows, columns, values }: Matrix): Float32Array {
  const packed = new Float32Array(panels(columns) * rows * PANEL);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const panel = Math.floor(column / PANEL);
      packed[(panel * rows + row) * PANEL + (column % PANEL)] = at(values, row * columns + column);
    }
  }
  return packed;
}

/** The matrix in `packed`, whose padding must be exactly 0. */
function unpack(packed: Float32Array, rows: number, columns: number): Matrix {
  for (let i = 0; i < packed.length; i++) {
    const column = Math.floor(i / (rows * PANEL)) * PANEL + (i % PANEL);
    if (column >= columns && packed[i] !== 0) throw new Error(`padding at ${i} is ${packed[i]}`);
  }
  return matrix(rows, columns, (row, column) => {
    return at(packed, (Math.floor(column / PANEL) * rows + row) * PANEL + (column % PANEL));
  });
}

/** One memory, laid out anew for every call of a kernel. */
class Arena {
  readonly kernels: Kernels;
  readonly #memory = new WebAssembly.Memory({ initial: 256 });
  readonly #words = new Uint32Array(this.#memory.buffer);
  #end = 0;

  constructor(module: WebAssembly.Module) {
    const { exports } = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
    this.kernels = exports as unknown as Kernels;
  }

  /** Forgets every operand. The first 64 bytes are 0, what products go by is as ever, the rest is NaN. */
  clear(): void {
    this.#words.fill(0x7fc0_1234, 0, this.#end + 4096).fill(0, 0, 16);
    this.kernels.initialize();
    this.#end = 256;
  }

  /** Room for `length` floats with some NaN before and behind. */
  room(length: number): number {
    const address = this.#end * 4;
    this.#end += Math.ceil(length / 16) * 16 + 48;
    return address;
  }

  /** The address of a copy of `values`. */
  put(values: Float32Array): number {
    const address = this.room(values.length);
    new Float32Array(this.#memory.buffer).set(values, address / 4);
    return address;
  }

  /** What `run` leaves at `address`. Nothing else may have changed, except the scratch. */
  result(address: number, length: number, run: () => void, scratch = { address: 0, length: 0 }): Float32Array {
    const before = this.#words.slice(0, this.#end + 4096);
    run();
    const after = this.#words.slice(0, before.length);
    const got = new Float32Array(this.#memory.buffer, address, length).slice();
    for (const free of [{ address, length }, scratch]) {
      const [first, last] = [free.address / 4, free.address / 4 + free.length];
      after.set(before.subarray(first, last), first);
    }
    const astray = after.findIndex((word, i) => word !== before[i]);
    if (astray !== -1) throw new Error(`wrote at ${astray * 4}, outside of ${address} … ${address + length * 4}`);
    return got;
  }
}

interface ForwardOptions {
  readonly b?: Matrix;
  readonly floor?: number;
  readonly paired?: boolean;
}

function forward(arena: Arena, x: Matrix, w: Matrix, { b, floor = -Infinity, paired }: ForwardOptions = {}): Matrix {
  arena.clear();
  const [px, pw, pb] = [arena.put(pack(x)), arena.put(pack(w)), b ? arena.put(pack(b)) : 0];
  const length = panels(w.columns) * x.rows * PANEL;
  const y = arena.room(length);
  // Where the tiles are not those in pairs, few columns have one of their own.
  const tile = paired ? 1 : w.columns > 8 ? 0 : 2;
  const got = arena.result(y, length, () => {
    arena.kernels.multiply(y, x.rows, px, pw, pb, x.rows, x.rows, w.rows, 0, panels(w.columns), floor, tile);
  });
  return unpack(got, x.rows, w.columns);
}

interface InputGradientOptions {
  readonly rectified?: Matrix;
  readonly paired?: boolean;
}

function inputGradient(arena: Arena, dy: Matrix, w: Matrix, { rectified, paired }: InputGradientOptions = {}): Matrix {
  arena.clear();
  const [pdy, pw, mask] = [arena.put(pack(dy)), arena.put(pack(w)), rectified ? arena.put(pack(rectified)) : 0];
  const length = panels(w.rows) * dy.rows * PANEL;
  const dx = arena.room(length);
  const scratch = { address: 0, length: (panels(w.columns) + 1) * 256 };
  scratch.address = arena.room(scratch.length);
  const got = arena.result(
    dx,
    length,
    () => {
      arena.kernels.multiplyTransposed(
        dx,
        pdy,
        pw,
        mask,
        scratch.address,
        dy.rows,
        w.rows,
        w.columns,
        0,
        panels(w.rows),
        paired ? 1 : 0,
      );
    },
    scratch,
  );
  return unpack(got, dy.rows, w.rows);
}

function weightGradient(arena: Arena, x: Matrix, dy: Matrix, paired = false): Matrix {
  arena.clear();
  const [px, pdy] = [arena.put(pack(x)), arena.put(pack(dy))];
  const length = panels(dy.columns) * x.columns * PANEL;
  const dw = arena.room(length);
  const got = arena.result(dw, length, () => {
    const last = panels(x.columns);
    arena.kernels.multiplyByTransposed(dw, px, pdy, x.rows, x.columns, dy.columns, 0, last, paired ? 1 : 0);
  });
  return unpack(got, x.columns, dy.columns);
}

function biasGradient(arena: Arena, dy: Matrix): Matrix {
  arena.clear();
  const pdy = arena.put(pack(dy));
  const length = panels(dy.columns) * PANEL;
  const db = arena.room(length);
  const got = arena.result(db, length, () => arena.kernels.sumRows(db, pdy, dy.rows, 0, panels(dy.columns)));
  return unpack(got, 1, dy.columns);
}

/**
 * Expects a · b + c, which float64 knows, as closely as float32 sums: each of the k products and each of the k sums
 * rounds to within 2⁻²⁴ of itself, so the error stays below (k + 2) · 2⁻²⁴ · (|a| · |b| + |c|).
 */
function expectProduct(got: Matrix, a: Matrix, b: Matrix, c?: Matrix): void {
  expect([got.rows, got.columns]).toEqual([a.rows, b.columns]);
  for (let row = 0; row < a.rows; row++) {
    for (let column = 0; column < b.columns; column++) {
      let sum = c ? at(c.values, column) : 0;
      let size = Math.abs(sum);
      for (let k = 0; k < a.columns; k++) {
        const product = at(a.values, row * a.columns + k) * at(b.values, k * b.columns + column);
        sum += product;
        size += Math.abs(product);
      }
      const error = Math.abs(at(got.values, row * b.columns + column) - sum);
      const bound = (a.columns + 2) * 2 ** -24 * size;
      if (!(error <= bound)) throw new Error(`[${row}, ${column}]: off by ${error}, more than ${bound}`);
    }
  }
}

/** The same bits, not merely the same numbers: 0 is not −0. */
function expectSame(got: Matrix, want: Matrix): void {
  expect(got.values.length).toBe(want.values.length);
  const bits = (m: Matrix): Uint32Array => new Uint32Array(m.values.buffer, m.values.byteOffset, m.values.length);
  const [a, b] = [bits(got), bits(want)];
  const different = a.findIndex((word, i) => word !== b[i]);
  if (different !== -1) throw new Error(`${different}: ${got.values[different]} is not ${want.values[different]}`);
}

/** a · b + c in float32, a rounding after each product and each sum, in the order of the reduction. */
function inOrder(a: Matrix, b: Matrix, c?: Matrix): Matrix {
  return matrix(a.rows, b.columns, (row, column) => {
    let sum = c ? at(c.values, column) : 0;
    for (let k = 0; k < a.columns; k++) {
      const product = Math.fround(at(a.values, row * a.columns + k) * at(b.values, k * b.columns + column));
      sum = Math.fround(sum + product);
    }
    return sum;
  });
}

type Shape = readonly [rows: number, inputs: number, outputs: number];

const small = Array.from({ length: 17 }, (_, i) => i + 1);
const shapes: readonly Shape[] = [
  ...small.flatMap((n): Shape[] => [
    [n, 5, 3],
    [3, n, 18],
    [6, 7, n],
    [n, n, n],
  ]),
  [1, 34, 21],
  [1, 100, 50],
  [33, 47, 129],
  [47, 129, 33],
  [129, 33, 47],
  // dX by turning w over for many outputs.
  [70, 20, 150],
  // dX by turning dy over, in whole panels of rows and with rows left.
  [16, 17, 64],
  [19, 30, 77],
  [35, 18, 140],
  // More steps than a block of the reduction: 384 for forward and dX, 192 for dW.
  [5, 385, 17],
  [6, 800, 20],
  [34, 9, 500],
  [3, 35, 400],
  [200, 20, 18],
  [400, 17, 33],
  // More rows than forward takes at once.
  [150, 1024, 9],
];

describe.each(binaries)('%s', binary => {
  let arena: Arena;
  beforeAll(async () => {
    arena = new Arena(await compileEntry('test/assembly/gemm.ts', binary));
  });

  const operands = ([rows, inputs, outputs]: Shape, seed = 1) => ({
    x: noise(rows, inputs, seed),
    w: noise(inputs, outputs, seed + 1),
    b: noise(1, outputs, seed + 2),
    dy: noise(rows, outputs, seed + 3),
  });

  describe.each([false, true])('paired: %s', paired => {
    it.each(shapes)('multiplies %i × %i × %i', (...shape) => {
      const { x, w, b, dy } = operands(shape);
      expectProduct(forward(arena, x, w, { b, paired }), x, w, b);
      expectProduct(forward(arena, x, w, { paired }), x, w);
      expectProduct(inputGradient(arena, dy, w, { paired }), dy, transpose(w));
      expectProduct(weightGradient(arena, x, dy, paired), transpose(x), dy);
    });

    it('multiplies whatever shape', () => {
      const shape = fc.tuple(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 170 }),
      );
      fc.assert(
        fc.property(shape, fc.nat(), (shape, seed) => {
          const { x, w, b, dy } = operands(shape, seed);
          expectProduct(forward(arena, x, w, { b, paired }), x, w, b);
          expectProduct(inputGradient(arena, dy, w, { paired }), dy, transpose(w));
          expectProduct(weightGradient(arena, x, dy, paired), transpose(x), dy);
        }),
        { numRuns: 60 },
      );
    });

    it('gives a row the same bits in every batch', () => {
      // 850 inputs: one row alone is summed in one go, several are in blocks.
      for (const [rows, inputs, outputs] of [
        [37, 850, 66],
        [21, 9, 100],
        [7, 13, 5],
      ] as const) {
        const { x, w, b, dy } = operands([rows, inputs, outputs]);
        const y = forward(arena, x, w, { b, paired });
        const dx = inputGradient(arena, dy, w, { paired });
        for (const [first, last] of [
          [0, 1],
          [rows - 1, rows],
          [2, 5],
          [3, 3 + 4],
          [0, rows - 1],
        ] as const) {
          expectSame(forward(arena, rowsOf(x, first, last), w, { b, paired }), rowsOf(y, first, last));
          expectSame(inputGradient(arena, rowsOf(dy, first, last), w, { paired }), rowsOf(dx, first, last));
        }
      }
    });

    it('keeps to its range of rows', () => {
      const [rows, inputs, outputs] = [23, 400, 40];
      const { x, w, b } = operands([rows, inputs, outputs]);
      const y = pack(forward(arena, x, w, { b }));
      arena.clear();
      const [px, pw, pb, to] = [arena.put(pack(x)), arena.put(pack(w)), arena.put(pack(b)), arena.room(y.length)];
      const got = arena.result(to, y.length, () => {
        for (const [first, last] of [
          [0, 9],
          [9, 10],
          [10, 23],
        ] as const) {
          const skip = first * PANEL * 4;
          const [height, end] = [rows, panels(outputs)];
          const flag = paired ? 1 : 0;
          arena.kernels.multiply(
            to + skip,
            height,
            px + skip,
            pw,
            pb,
            last - first,
            height,
            inputs,
            0,
            end,
            -Infinity,
            flag,
          );
        }
      });
      expect(got).toEqual(y);
    });

    it('keeps to its range of panels', () => {
      const [rows, inputs, outputs] = [18, 70, 90];
      const { x, w, b, dy } = operands([rows, inputs, outputs]);
      const [y, dx, dw] = [
        pack(forward(arena, x, w, { b })),
        pack(inputGradient(arena, dy, w)),
        pack(weightGradient(arena, x, dy)),
      ];
      const { kernels } = arena;
      const flag = paired ? 1 : 0;
      for (const alone of [1, rows]) {
        const [xs, ys] = alone === 1 ? [rowsOf(x, 0, 1), pack(forward(arena, rowsOf(x, 0, 1), w, { b }))] : [x, y];
        arena.clear();
        const [px, pw, pb] = [arena.put(pack(xs)), arena.put(pack(w)), arena.put(pack(b))];
        const to = arena.room(ys.length);
        const panel = alone * PANEL;
        const got = arena.result(to + panel * 4, 3 * panel, () => {
          kernels.multiply(to, alone, px, pw, pb, alone, alone, inputs, 1, 4, -Infinity, flag);
        });
        expect(got).toEqual(ys.slice(panel, 4 * panel));
      }

      arena.clear();
      const panel = rows * PANEL;
      const [px, pdy, pw] = [arena.put(pack(x)), arena.put(pack(dy)), arena.put(pack(w))];
      const to = arena.room(dx.length);
      const length = (panels(outputs) + 1) * 256;
      const scratch = { address: arena.room(length), length };
      const got = arena.result(
        to + 2 * panel * 4,
        3 * panel,
        () => {
          kernels.multiplyTransposed(to, pdy, pw, 0, scratch.address, rows, inputs, outputs, 2, 5, flag);
        },
        scratch,
      );
      expect(got).toEqual(dx.slice(2 * panel, 5 * panel));

      // The rows of dw that belong to the first three panels of inputs, then the others: together they are all.
      const whole = arena.room(dw.length);
      const all = arena.result(whole, dw.length, () => {
        kernels.multiplyByTransposed(whole, px, pdy, rows, inputs, outputs, 0, 3, flag);
        kernels.multiplyByTransposed(whole, px, pdy, rows, inputs, outputs, 3, 5, flag);
      });
      expect(all).toEqual(dw);
    });
  });

  it('gives both tiles the same bits', () => {
    for (const shape of shapes) {
      const { x, w, b, dy } = operands(shape, 7);
      expectSame(forward(arena, x, w, { b, paired: true }), forward(arena, x, w, { b }));
      expectSame(inputGradient(arena, dy, w, { paired: true }), inputGradient(arena, dy, w));
      expectSame(weightGradient(arena, x, dy, true), weightGradient(arena, x, dy));
    }
  });

  it.runIf(binary === 'simd')('rounds after each product and each sum, in the order of the reduction', () => {
    for (const shape of shapes) {
      const { x, w, b, dy } = operands(shape, 11);
      expectSame(forward(arena, x, w, { b }), inOrder(x, w, b));
      expectSame(inputGradient(arena, dy, w), inOrder(dy, transpose(w)));
      expectSame(weightGradient(arena, x, dy), inOrder(transpose(x), dy));
    }
  });

  it('lifts outputs to the floor, but not NaN', () => {
    for (const paired of [false, true]) {
      for (const shape of [
        [5, 500, 20],
        [1, 40, 40],
        [9, 3, 7],
      ] as const) {
        const { x, w, b } = operands(shape);
        const { values } = forward(arena, x, w, { b, paired });
        const lifted = { rows: x.rows, columns: w.columns, values: values.map(value => Math.max(0, value)) };
        expect(values.some(value => value < 0)).toBe(true);
        expectSame(forward(arena, x, w, { b, floor: 0, paired }), lifted);
        const broken = { ...w, values: w.values.map(() => Number.NaN) };
        expect(forward(arena, x, broken, { b, floor: 0, paired }).values.every(Number.isNaN)).toBe(true);
      }
    }
  });

  it('stops the gradient where the input is not positive', () => {
    for (const paired of [false, true]) {
      for (const shape of [
        [5, 37, 20],
        [35, 18, 140],
        [34, 20, 8],
      ] as const) {
        const { w, dy } = operands(shape);
        const mask = matrix(shape[0], shape[1], (row, column) => [2, 0, 1e-30, -1, -0][(row + 3 * column) % 5] ?? 0);
        const open = inputGradient(arena, dy, w, { paired });
        const want = { ...open, values: open.values.map((value, i) => (at(mask.values, i) > 0 ? value : 0)) };
        expectSame(inputGradient(arena, dy, w, { rectified: mask, paired }), want);
      }
    }
  });

  it('sums rows', () => {
    for (const [rows, , outputs] of shapes) {
      const dy = noise(rows, outputs, 5);
      const ones = matrix(1, rows, () => 1);
      const db = biasGradient(arena, dy);
      expectProduct(db, ones, dy);
      expectSame(db, inOrder(ones, dy));
    }
  });
});
