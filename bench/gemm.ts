/**
 * How near do the matrix products come to what the processor can do?
 *
 *     node --import tsx bench/gemm.ts [shape, such as 32x784x128 …]
 *     node --experimental-wasm-revectorize --import tsx bench/gemm.ts
 *
 * Prints, for every shape (rows × inputs × outputs), which share of the 128-bit multiply-add peak forward, dX and dW reach: the median over interleaved
 * rounds, ± half the distance between the quartiles, (the best), and the shortest time. 256 bits have a ceiling of 2.
 */
import type { BinaryName } from '../src/runtime/binaries.js';
import { binaries, compileEntry } from '../test/support/binaries.js';
import { machine, revectorized } from './support/machine.js';
import { Peak, type Sample } from './support/peak.js';
import { spreadOf } from './support/statistics.js';

const SHAPES = [
  '1x784x128',
  '8x784x128',
  '32x784x128',
  '32x512x256',
  '128x784x512',
  '512x1024x1024',
  '128x128x10',
  '4x4x1',
];
const ROUNDS = 15;
/** A shape gives up on a noisy machine after so many seconds. */
const PATIENCE = 10;
/** Multiply-adds that one sample should hold, about 0.2 ms, in so many calls at most. */
const WORK = 5e6;
const CALLS = 5000;
/** What 128 bits, or 256, allow, and a little noise. */
const CEILING = (revectorized ? 2 : 1) * 1.05;

type Kernel = (...operands: number[]) => void;
type Kernels = Record<'multiply' | 'multiplyTransposed' | 'multiplyByTransposed', Kernel>;

const panels = (columns: number): number => Math.ceil(columns / 16);

/** Forward, dX and dW of one shape, over random numbers with padding of 0. */
function products(
  module: WebAssembly.Module,
  [rows, inputs, outputs]: readonly [number, number, number],
  paired: number,
) {
  const memory = new WebAssembly.Memory({ initial: 1024 });
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels;
  let end = 256;
  const room = (floats: number): number => {
    const address = end * 4;
    end += Math.ceil(floats / 16) * 16 + 16;
    return address;
  };
  const random = (height: number, columns: number): number => {
    const values = Float32Array.from({ length: panels(columns) * height * 16 }, (_, i) => {
      const column = Math.floor(i / (height * 16)) * 16 + (i % 16);
      return column < columns ? Math.random() - 0.5 : 0;
    });
    const address = room(values.length);
    new Float32Array(memory.buffer, address).set(values);
    return address;
  };
  const [x, w, b, dy] = [random(rows, inputs), random(inputs, outputs), random(1, outputs), random(rows, outputs)];
  const [y, dx, dw] = [random(rows, outputs), random(rows, inputs), random(inputs, outputs)];
  const scratch = room((panels(outputs) + 1) * 256);
  return [
    () => kernels.multiply(y, x, w, b, rows, rows, inputs, 0, panels(outputs), 0, paired),
    () => kernels.multiplyTransposed(dx, dy, w, x, scratch, rows, inputs, outputs, 0, panels(inputs), paired),
    () => kernels.multiplyByTransposed(dw, x, dy, rows, inputs, outputs, 0, panels(inputs), paired),
  ];
}

function parse(shape: string): readonly [number, number, number] {
  const sizes = shape.split('x').map(Number);
  const [rows = 0, inputs = 0, outputs = 0] = sizes;
  if (sizes.length !== 3 || !sizes.every(size => Number.isInteger(size) && size > 0)) {
    throw new RangeError(`shape: expected rows x inputs x outputs, such as 32x784x128, got '${shape}'`);
  }
  return [rows, inputs, outputs];
}

/** Quiet samples of every product, taken in turns. */
function measure(peak: Peak, works: readonly (() => void)[]): Sample[][] {
  const samples: Sample[][] = works.map(() => []);
  const until = performance.now() + PATIENCE * 1e3;
  for (let round = -3; performance.now() < until && samples.some(taken => taken.length < ROUNDS); round++) {
    works.forEach((work, i) => {
      const sample = peak.sample(work);
      if (round >= 0 && sample.quiet) samples[i]?.push(sample);
    });
  }
  return samples;
}

async function suite(binary: BinaryName, shapes: readonly string[]): Promise<void> {
  const [peak, module] = [await Peak.of(binary), await compileEntry('test/assembly/gemm.ts', binary)];
  const { perTurn, turns } = peak.instructions;
  console.log(`\n${binary}${revectorized ? ', paired' : ''}; the probe: ${turns} × ${perTurn} vector multiply-adds`);
  console.log(['B×I×O', 'forward', 'dX', 'dW'].map((title, i) => title.padEnd(i === 0 ? 16 : 32)).join(''));
  for (const shape of shapes) {
    const sizes = parse(shape);
    const once = sizes[0] * sizes[1] * sizes[2];
    const times = Math.min(CALLS, Math.ceil(WORK / once));
    const works = products(module, sizes, revectorized ? 1 : 0).map(work => () => {
      for (let i = 0; i < times; i++) work();
    });
    const cells = measure(peak, works).map(samples => cell(samples, once * times, times).padEnd(32));
    console.log(`${shape.padEnd(16)}${cells.join('')}`.trimEnd());
  }
  console.log(`peak ${((2 * peak.best) / 1e9).toFixed(1)} GFLOP/s`);
}

function cell(samples: readonly Sample[], multiplyAdds: number, calls: number): string {
  if (samples.length === 0) return 'never quiet';
  const share = spreadOf(samples.map(({ possible }) => multiplyAdds / possible));
  const microseconds = (Math.min(...samples.map(({ time }) => time)) / calls) * 1e6;
  const figures = `${share.median.toFixed(2)} ±${share.spread.toFixed(2)} (${share.best.toFixed(2)})`;
  return `${figures} ${microseconds.toPrecision(3)} µs${share.median > CEILING ? ' broken probe' : ''}`;
}

console.log(machine());
const asked = process.argv.slice(2);
for (const binary of binaries) await suite(binary, asked.length > 0 ? asked : SHAPES);
