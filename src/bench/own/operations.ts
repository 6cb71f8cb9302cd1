/** Operations other than large matrix products, each alone: `adam`, `tanh forward`, `gather uint8` … */
import {
  type ActivationName,
  type Backend,
  buffersOf,
  emitActivation,
  emitActivationGradient,
  emitUpdate,
  panelBytes,
  type RuleConfig,
  resolveActivation,
  resolveOptimizer,
  ops as table,
} from '../../entries/inside.js';
import type { Prepared } from '../contest.js';
import { calls, matrixOf, programOf } from './program.js';

const ROWS = 128;
const COLUMNS = 128;
const INPUTS = 784;
const SAMPLES = 20_000;
/** Updates in one call, on the state that it began with and what they made of it. */
const UPDATES = 16;

/** An operation: numbers that it is done to, and bytes that it reads and writes for each. */
export interface Operation {
  readonly name: string;
  readonly numbers: number;
  readonly bytesPerNumber: number;
  readonly footprint: number;
  prepare(backend: Backend): Prepared;
}

const settings = {
  sgd: { kind: 'sgd' },
  momentum: { kind: 'sgd', momentum: 0.9 },
  nesterov: { kind: 'sgd', momentum: 0.9, nesterov: true },
  adam: { kind: 'adam' },
  adamW: { kind: 'adamW' },
  amsgrad: { kind: 'adam', amsgrad: true },
  nadam: { kind: 'nadam' },
  radam: { kind: 'radam' },
  adamax: { kind: 'adamax' },
  rmsprop: { kind: 'rmsprop' },
  'rmsprop, momentum': { kind: 'rmsprop', momentum: 0.9 },
  'rmsprop, centered': { kind: 'rmsprop', centered: true },
  'rmsprop, momentum, centered': { kind: 'rmsprop', momentum: 0.9, centered: true },
  adagrad: { kind: 'adagrad' },
  adadelta: { kind: 'adadelta' },
  rprop: { kind: 'rprop' },
  lion: { kind: 'lion' },
} as const;

/** Rows of a matrix of four million parameters, which no cache holds with what an optimiser keeps of them. */
const MANY = 2 ** 15;

/** On state that is fresh; or denormal, as that of an input which is always 0 becomes. */
function update(name: keyof typeof settings, { denormal = false, inputs = INPUTS } = {}): Operation {
  const config = resolveOptimizer('bench', settings[name]) as RuleConfig;
  const kept = buffersOf(config).map(buffer => buffer.name);
  const numbers = inputs * COLUMNS;
  const bytesPerNumber = 4 * (3 + 2 * kept.length);
  return {
    name: `${name}${denormal ? ', denormal' : ''}${inputs === MANY ? ', beyond caches' : ''}`,
    numbers,
    bytesPerNumber,
    footprint: 4 * numbers * (2 + kept.length),
    prepare(backend) {
      const program = programOf(backend, ROWS, builder => {
        builder.parameter('w', [inputs, COLUMNS]);
        emitUpdate(builder, config);
      });
      // In the middle of an epoch: only at its end does an update look for numbers that are not finite.
      program.controls.samples = ROWS;
      const buffers = kept.map(buffer => program.floats(program.plan.region(`optimizer.${buffer}`)));
      const gradients = program.floats(program.plan.region('gradients'));
      const [size, gradient] = denormal ? [1e-39, 0] : [0.01, 0.01];
      return {
        run() {
          for (const buffer of buffers) buffer.fill(size);
          gradients.fill(gradient);
          program.run('op', UPDATES);
          return UPDATES * numbers;
        },
      };
    },
  };
}

function activation(name: ActivationName, way: 'forward' | 'gradient'): Operation {
  const config = resolveActivation('bench', name);
  const numbers = ROWS * COLUMNS;
  const bytesPerNumber = 4 * (way === 'forward' ? 2 : 3);
  return {
    name: `${name} ${way}`,
    numbers,
    bytesPerNumber,
    footprint: bytesPerNumber * numbers,
    prepare(backend) {
      const program = programOf(backend, ROWS, builder => {
        const [x, y] = [matrixOf(builder, 'x', COLUMNS), matrixOf(builder, 'y', COLUMNS)];
        const dx = builder.gradientOf(x);
        if (way === 'forward') emitActivation(builder, 'op', config, x, y);
        else emitActivationGradient(builder, 'op', config, x, y, { dx, dy: builder.gradientOf(y) });
      });
      const run = calls(program);
      return { run: () => run() * numbers };
    },
  };
}

function softmax(columns: number): Operation {
  const bytes = 2 * panelBytes(ROWS, columns);
  const numbers = ROWS * columns;
  return {
    name: `softmax + cross-entropy of ${columns}`,
    numbers,
    bytesPerNumber: bytes / numbers,
    footprint: bytes,
    prepare(backend) {
      const program = programOf(backend, ROWS, builder => {
        const x = matrixOf(builder, 'x', columns);
        builder.emit(table.sparseSoftmaxCrossEntropy, 'op', {
          rowCosts: builder.region('rowCosts', ROWS * 8),
          x: x.data,
          dx: builder.gradientOf(x),
          target: builder.region('labels', ROWS * 4),
          columns,
          kind: 0,
          setting: 0,
          divisor: 1,
          weight: 1,
          alpha: 0,
          lengths: 0,
        });
      });
      const run = calls(program);
      return { run: () => run() * numbers };
    },
  };
}

/** Rows in random order, out of more than fit the caches. */
function gathering(width: 1 | 4): Operation {
  const numbers = ROWS * INPUTS;
  const samples = SAMPLES * INPUTS * width;
  return {
    name: width === 1 ? 'gather uint8' : 'gather float32',
    numbers,
    bytesPerNumber: 4 + width,
    footprint: samples,
    prepare(backend) {
      const program = programOf(backend, ROWS, builder => {
        builder.emit(table.nextBatch, 'op', { counts: 0 });
        const y = matrixOf(builder, 'x', INPUTS).data;
        builder.emit(table.gather, 'op', {
          y,
          targets: 0,
          columns: INPUTS,
          stride: INPUTS,
          start: 0,
          ownBytes: 0,
          lengths: 0,
          width: 0,
          filler: 0,
        });
      });
      const start = program.reserve(samples + SAMPLES * 4);
      new Uint8Array(program.memory.buffer, start, samples).fill(60);
      const order = new Int32Array(program.memory.buffer, start + samples, SAMPLES);
      // An odd prime that does not divide the number of rows visits each once.
      for (let i = 0; i < SAMPLES; i++) order[i] = (i * 7919) % SAMPLES;
      program.controls.x = start;
      program.controls.order = start + samples;
      program.controls.bytes = Number(width === 1);
      program.controls.scale = 1 / 255;
      program.controls.samples = SAMPLES;
      program.controls.batchSize = ROWS;
      const batches = Math.floor(SAMPLES / ROWS);
      return {
        run() {
          program.controls.position = 0;
          return program.run('op', batches) * numbers;
        },
      };
    },
  };
}

function dropout(): Operation {
  const bytes = 3 * panelBytes(ROWS, COLUMNS);
  const numbers = ROWS * COLUMNS;
  return {
    name: 'dropout',
    numbers,
    bytesPerNumber: bytes / numbers,
    footprint: bytes,
    prepare(backend) {
      const program = programOf(backend, ROWS, builder => {
        builder.emit(table.dropoutForward, 'op', {
          x: matrixOf(builder, 'x', COLUMNS).data,
          y: matrixOf(builder, 'y', COLUMNS).data,
          mask: builder.region('mask', panelBytes(ROWS, COLUMNS)),
          spread: 1,
          columns: COLUMNS,
          stream: 1,
          threshold: 2 ** 30,
          keepScale: 4 / 3,
        });
      });
      const run = calls(program);
      return { run: () => run() * numbers };
    },
  };
}

const measured = ['relu', 'tanh', 'sigmoid', 'gelu', 'silu', 'softplus'] as const;

export const operations: readonly Operation[] = [
  ...(Object.keys(settings) as (keyof typeof settings)[]).map(name => update(name)),
  update('momentum', { denormal: true }),
  update('adam', { denormal: true }),
  ...(Object.keys(settings) as (keyof typeof settings)[]).map(name => update(name, { inputs: MANY })),
  ...measured.flatMap(name => [activation(name, 'forward'), activation(name, 'gradient')]),
  softmax(10),
  softmax(128),
  gathering(4),
  gathering(1),
  dropout(),
];
