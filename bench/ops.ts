/**
 * How near do the operations other than large matrix products come to what memory, or the multiply-adds of the processor, allow?
 *
 *     npm run bench -- ops
 *
 * Prints for each the nanoseconds for one number (of its largest operand) and the share of the limit: of copying as many bytes within the same footprint, or of the
 * 128-bit multiply-add peak (with turbo its ceiling is 2). Medians over interleaved rounds, ± half the distance between the quartiles, and the best.
 */
import { adam, sgd } from '../src/index.js';
import { type ActivationName, resolveActivation } from '../src/layers/activations.js';
import { emitActivation, emitActivationGradient } from '../src/layers/elementwise.js';
import { type OptimizerConfig, optimizerDefinition } from '../src/optimizers/index.js';
import { Builder } from '../src/plan/builder.js';
import { ops as table } from '../src/plan/ops/index.js';
import { panelBytes, panelCount } from '../src/plan/panels.js';
import { Program } from '../src/runtime/program.js';
import { benchBackend, line } from './support/backend.js';
import { Copying } from './support/copying.js';
import { inTurns, type Measured, type Work } from './support/rounds.js';
import { spreadOf } from './support/statistics.js';

const { backend, peak, ceiling } = await benchBackend();
const B = 128;
const SAMPLES = 20_000;
const INPUTS = 784;
/** Updates in one sample of an optimiser, all of them on the state that it began with and what they made of it. */
const UPDATES = 16;
const COLUMNS = [24, 22, 24, 30, 30];

/** One line of the table. */
interface Case extends Work {
  readonly name: string;
  readonly shape: string;
  readonly numbers: number;
  /** Bytes read and written, and copies of the same footprint: what bounds it. */
  readonly moved?: { readonly bytes: number; readonly copying: Copying };
  /** Or multiply-adds. */
  readonly multiplyAdds?: number;
}

/** A program that has the records emitted, filled with numbers between −½ and ½. */
function programOf(emit: (builder: Builder) => void): Program {
  const builder = new Builder(B, { training: true, paired: backend.paired });
  builder.section('op', () => emit(builder));
  const program = new Program(backend.module, builder.finish());
  for (const region of program.plan.regions) {
    if (!['controls', 'records', 'labels'].includes(region.name)) {
      program.floats(region).forEach((_, i, all) => {
        all[i] = Math.random() - 0.5;
      });
    }
  }
  program.set('rows', B);
  program.set('step', 10);
  program.set('learningRate', 1e-9);
  return program;
}

/** Runs the section over and over. */
function runs(program: Program): (times: number) => void {
  return times => {
    program.run('op', times);
  };
}

/** The optimisers; `state` and `gradient` are what is in their buffers before each sample. */
function optimizerCase(name: string, config: OptimizerConfig, state: Fill, gradient: Fill): Case {
  const numbers = INPUTS * 128;
  const { emit, state: buffers } = optimizerDefinition(config.kind);
  const program = programOf(builder => {
    builder.parameter('w', [INPUTS, 128]);
    emit(builder, config);
  });
  const kept = Object.keys(buffers(config)).map(buffer => program.floats(program.plan.region(`optimizer.${buffer}`)));
  const values = Float32Array.from({ length: numbers }, state);
  program.floats(program.plan.region('gradients')).set(Float32Array.from({ length: numbers }, gradient));
  const bytes = 4 * numbers * (3 + 2 * kept.length);
  return {
    name,
    shape: `${INPUTS}×128`,
    numbers: UPDATES * numbers,
    moved: { bytes: UPDATES * bytes, copying: copying(4 * numbers * (2 + kept.length)) },
    most: 1,
    prepare() {
      for (const buffer of kept) buffer.set(values);
    },
    run: () => void program.run('op', UPDATES),
  };
}

/** Copies within a footprint of so many bytes. */
function copying(footprint: number): Copying {
  return new Copying(footprint / 2, footprint / 2);
}

type Fill = () => number;
const fresh: Fill = () => 0.01 + 0.01 * Math.random();
const denormal: Fill = () => 1e-39 * (1 + Math.random());
/** An input that is always 0 has no gradient, so its state decays until it is denormal. */
const none: Fill = () => 0;

function optimizers(): Case[] {
  const momentum = sgd({ momentum: 0.9 });
  return [
    optimizerCase('sgd', sgd(), none, fresh),
    optimizerCase('momentum', momentum, fresh, fresh),
    optimizerCase('momentum, denormal', momentum, denormal, none),
    optimizerCase('adam', adam(), fresh, fresh),
    optimizerCase('adam, denormal', adam(), denormal, none),
    optimizerCase('adam, denormal gradient', adam(), denormal, denormal),
  ];
}

function activationCases(name: ActivationName): Case[] {
  const columns = 128;
  const config = resolveActivation('ops', name);
  return (['forward', 'gradient'] as const).map(way => {
    const program = programOf(builder => {
      const x = builder.value({ name: 'x' }, { positions: 1, columns });
      const y = builder.value({ name: 'y' }, { positions: 1, columns });
      const dx = builder.gradientOf(x);
      if (way === 'forward') emitActivation(builder, 'ops', config, x, y);
      else emitActivationGradient(builder, 'ops', config, x, y, { dx, dy: builder.gradientOf(y) });
    });
    const operands = way === 'forward' ? 2 : 3;
    const bytes = 4 * B * columns * operands;
    return {
      name: `${name} ${way}`,
      shape: `${B}×${columns}`,
      numbers: B * columns,
      moved: { bytes, copying: copying(bytes) },
      run: runs(program),
    };
  });
}

function softmaxCase(columns: number): Case {
  const program = programOf(builder => {
    const x = builder.value({ name: 'x' }, { positions: 1, columns });
    builder.emit(table.sparseSoftmaxCrossEntropy, 'ops', {
      rowCosts: builder.region('rowCosts', B * 8),
      x: x.data,
      dx: builder.gradientOf(x),
      target: builder.region('labels', B * 4),
      columns,
      kind: 0,
      setting: 0,
      divisor: 1,
      weight: 1,
    });
  });
  const bytes = 2 * panelBytes(B, columns);
  return {
    name: 'softmax + cross-entropy',
    shape: `${B}×${columns}`,
    numbers: B * columns,
    moved: { bytes, copying: copying(bytes) },
    run: runs(program),
  };
}

/** Rows in random order, out of more than fit the caches. */
function gatherCase(bytes: boolean): Case {
  const width = bytes ? 1 : 4;
  const program = programOf(builder => {
    builder.emit(table.nextBatch, 'ops', { counts: 0 });
    builder.emit(table.gather, 'ops', {
      y: builder.value({ name: 'x' }, { positions: 1, columns: INPUTS }).data,
      targets: 0,
      columns: INPUTS,
      stride: INPUTS,
      start: 0,
      ownBytes: 0,
    });
  });
  const samples = SAMPLES * INPUTS * width;
  const start = program.reserve(samples + SAMPLES * 4);
  new Uint8Array(program.memory.buffer, start, samples).fill(60);
  const order = new Int32Array(program.memory.buffer, start + samples, SAMPLES);
  order.forEach((_, i) => {
    const j = Math.floor(Math.random() * (i + 1));
    order[i] = order[j] ?? 0;
    order[j] = i;
  });
  program.set('x', start);
  program.set('order', start + samples);
  program.set('bytes', Number(bytes));
  program.set('scale', 1 / 255);
  program.set('samples', SAMPLES);
  program.set('batchSize', B);
  const batches = 8;
  let position = 0;
  return {
    name: `gather ${bytes ? 'uint8' : 'float32'}`,
    shape: `${B} of ${SAMPLES}×${INPUTS}`,
    numbers: B * INPUTS,
    moved: { bytes: B * INPUTS * (4 + width), copying: new Copying(samples, B * INPUTS * 4) },
    most: batches,
    prepare() {
      position = (position + batches * B) % (SAMPLES - 2 * batches * B);
      program.set('position', position);
    },
    run: runs(program),
  };
}

function dropoutCase(): Case {
  const columns = 128;
  const program = programOf(builder => {
    builder.emit(table.dropoutForward, 'ops', {
      x: builder.value({ name: 'x' }, { positions: 1, columns }).data,
      y: builder.value({ name: 'y' }, { positions: 1, columns }).data,
      mask: builder.region('mask', panelBytes(B, columns)),
      columns,
      stream: 1,
      threshold: 2 ** 30,
      keepScale: 4 / 3,
    });
  });
  const bytes = 3 * panelBytes(B, columns);
  return {
    name: 'dropout',
    shape: `${B}×${columns}`,
    numbers: B * columns,
    moved: { bytes, copying: copying(bytes) },
    run: runs(program),
  };
}

/** Layers narrower than a panel: forward, dX and dW. */
function narrowCases(rows: number, inputs: number, outputs: number): Case[] {
  return (['denseForward', 'denseInputGradient', 'denseWeightGradient'] as const).map(op => {
    const program = programOf(builder => {
      const x = builder.value({ name: 'x' }, { positions: 1, columns: inputs });
      const y = builder.value({ name: 'y' }, { positions: 1, columns: outputs });
      const [w, b] = [builder.parameter('w', [inputs, outputs]), builder.parameter('b', [outputs])];
      const [dx, dy] = [builder.gradientOf(x), builder.gradientOf(y)];
      const sizes = { inputs, outputs, paired: builder.paired };
      const shared = { byOutputs: 0, ownBytes: 0 };
      const scratch = builder.scratch(panelBytes(16 + panelCount(outputs) * 16, 16));
      if (op === 'denseForward') {
        builder.emit(table[op], 'ops', { y: y.data, x: x.data, w: w.data, b: b.data, floor: 0, ...shared, ...sizes });
      } else if (op === 'denseInputGradient') {
        builder.emit(table[op], 'ops', { dx, dy, w: w.data, rectified: x.data, ...scratch, ...sizes });
      } else {
        const [dw, db] = [w.gradient ?? 0, b.gradient ?? 0] as const;
        builder.emit(table[op], 'ops', { dw, db, x: x.data, dy, ...shared, ...sizes });
      }
    });
    program.set('rows', rows);
    const multiplyAdds = rows * inputs * outputs;
    const shape = `${rows}×${inputs}×${outputs}`;
    return { name: op, shape, numbers: multiplyAdds, multiplyAdds, run: runs(program) };
  });
}

function measure(title: string, cases: readonly Case[]): Map<string, number> {
  console.log(`\n${title}`);
  line(COLUMNS, ['', 'shape', 'ns a number: best', 'share of copying', 'share of multiply-adds']);
  const copies: Map<Copying, number[]> = new Map();
  const works = cases.map(work => ({
    ...work,
    prepare() {
      const { moved } = work;
      if (moved) {
        const taken = copies.get(moved.copying) ?? [];
        copies.set(moved.copying, taken);
        taken.push(moved.copying.secondsPerByte());
      }
      work.prepare?.();
    },
  }));
  const best = new Map<string, number>();
  inTurns(peak, works).forEach((samples, i) => {
    const one = cases[i];
    if (!one) return;
    const { name, shape, numbers, moved, multiplyAdds } = one;
    const each = samples.map(({ time, times }) => time / times);
    const quickest = Math.min(...each);
    best.set(name, quickest);
    // Copies are undisturbed at their best, as is the work.
    const perByte = moved && spreadOf((copies.get(moved.copying) ?? []).map(seconds => -seconds)).best;
    const ofCopying = moved && perByte ? each.map(seconds => (-perByte * moved.bytes) / seconds) : [];
    const ofPeak = multiplyAdds ? samples.map(({ possible, times }) => (multiplyAdds * times) / possible) : [];
    line(COLUMNS, [name, shape, nanoseconds(samples, quickest, numbers), share(ofCopying), share(ofPeak, ceiling)]);
  });
  return best;
}

function nanoseconds(samples: readonly Measured[], best: number, numbers: number): string {
  return samples.length === 0 ? 'never quiet' : ((best / numbers) * 1e9).toPrecision(3);
}

function share(figures: readonly number[], most = Number.POSITIVE_INFINITY): string {
  if (figures.length === 0) return '';
  const { median, spread, best } = spreadOf(figures);
  return `${median.toFixed(2)} ±${spread.toFixed(2)} (${best.toFixed(2)})${median > most * 1.05 ? ' broken probe' : ''}`;
}

const times = measure('Optimisers, one pass over flat regions', optimizers());
const ratio = (name: string, against: string): string => {
  return `${name} ${((times.get(name) ?? 0) / (times.get(against) ?? 0)).toFixed(3)}`;
};
const ratios = [ratio('momentum, denormal', 'momentum'), ratio('adam, denormal', 'adam')];
console.log(`against fresh state: ${[...ratios, ratio('adam, denormal gradient', 'adam')].join('; ')}`);
const activations = ['relu', 'tanh', 'sigmoid', 'gelu', 'silu', 'softplus'] as const;
measure('Activations', activations.flatMap(activationCases));
measure('Loss, rows, noise', [softmaxCase(10), softmaxCase(128), gatherCase(false), gatherCase(true), dropoutCase()]);
const narrow = [
  [128, 128, 10],
  [32, 16, 1],
  [32, 4, 16],
  [4, 2, 4],
] as const;
measure(
  'Narrow layers, rows × inputs × outputs',
  narrow.flatMap(([rows, inputs, outputs]) => narrowCases(rows, inputs, outputs)),
);
console.log(`peak ${((2 * peak.best) / 1e9).toFixed(1)} GFLOP/s`);
