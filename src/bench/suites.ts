/** What is measured: each suite is a list of cases, and a case one piece of work that contestants do in turns. */
import { conv2d, dense, flatten, inputNumbers, maxPool2d, outputShape, sequential, size } from '../entries/inside.js';
import { nearest, quote, wrongValue } from '../errors.js';
import type { NetworkTask, ProductTask, Task } from './contest.js';
import { namedNetwork, namedNetworks } from './namedNetworks.js';
import { chainOf, lossFor, type Network, networkOf } from './networks.js';
import { type LayerPiece, layerPieces, measureOf } from './own/layers.js';
import { operations } from './own/operations.js';
import { partsOf } from './own/parts.js';
import type { Published, Unit } from './result.js';
import { workOf } from './work.js';

export interface Settings {
  readonly network: Network;
  readonly batches: readonly number[];
  readonly threads: readonly number[];
  readonly optimizer: 'adam' | 'sgd';
  /** Seconds that all of it may take. */
  readonly seconds: number;
}

/** A task whose numbers are written into a folder before it is given out. */
export type Draft = Task | Omit<NetworkTask, 'folder' | 'parameters'>;

export interface CaseSpec {
  readonly name: string;
  readonly at?: number;
  readonly unit: Unit;
  readonly task: Draft;
  readonly network?: Network;
  /** Of one piece; bytes also as a footprint that is touched again and again. */
  readonly multiplyAdds?: number;
  readonly bytes?: number;
  readonly footprint?: number;
  /** The threads that contestants have; any that there are by default. */
  readonly threads?: number;
  /** Nobody but myelin does this. */
  readonly ownAlone?: true;
  /** Each round is a new process, up to the first prediction. */
  readonly cold?: true;
  readonly published?: readonly Published[];
}

export interface Suite {
  readonly name: string;
  readonly about: string;
  readonly axis?: string;
  cases(settings: Settings): readonly CaseSpec[];
}

const LEARNING_RATE = { adam: 1e-3, sgd: 1e-2 };
/**
 * Multiply-adds of an epoch: some 10 ms of one core, and no more steps than programs with much to do for each can
 * take.
 */
const EPOCH = 4e8;
const MOST_STEPS = 64;
const FEWEST_STEPS = 2;
const MOST_ROWS = 4096;

/** Whole batches whose work fills an epoch. */
function rowsFor(multiplyAdds: number, batchSize: number, fewest: number): number {
  const wanted = Math.min(MOST_ROWS, EPOCH / Math.max(1, multiplyAdds));
  const steps = Math.max(fewest, Math.min(MOST_STEPS, Math.floor(wanted / batchSize)));
  return steps * batchSize;
}

function networkCase(
  kind: NetworkTask['kind'],
  network: Network,
  batchSize: number,
  optimizer: 'adam' | 'sgd',
  more: Partial<CaseSpec> = {},
  fewestSteps = FEWEST_STEPS,
): CaseSpec {
  const { architecture, name } = network;
  const loss = lossFor(architecture);
  const work = workOf(architecture, { kind, loss, optimizer, batchSize });
  const chain = chainOf(architecture);
  const task: Omit<NetworkTask, 'folder' | 'parameters'> = {
    kind,
    architecture: JSON.stringify(architecture),
    ...(chain ? { chain } : {}),
    loss,
    optimizer,
    learningRate: LEARNING_RATE[optimizer],
    batchSize,
    rows: kind === 'training' ? rowsFor(work.multiplyAdds, batchSize, fewestSteps) : batchSize,
  };
  const title =
    kind === 'training'
      ? `${name}, batch ${batchSize}`
      : `${name}, ${batchSize} row${batchSize > 1 ? 's' : ''} at once`;
  return { name: title, unit: 'samples', task, network, ...work, ...more };
}

function productCase(way: ProductTask['way'], rows: number, inputs: number, outputs: number, at?: number): CaseSpec {
  const names = { forward: 'forward', inputGradient: 'dX', weightGradient: 'dW' };
  const all = rows * inputs * outputs;
  const footprint = 4 * (rows * inputs + inputs * outputs + rows * outputs);
  return {
    name: `${rows}×${inputs}×${outputs} ${names[way]}`,
    ...(at === undefined ? {} : { at }),
    unit: 'multiplyAdds',
    task: { kind: 'product', way, rows, inputs, outputs },
    multiplyAdds: 1,
    bytes: footprint / all,
    footprint,
    threads: 1,
    ...(way === 'forward' ? {} : { ownAlone: true as const }),
  };
}

/** Each layer's ways, by themselves. */
function layerCases(family: LayerPiece['family']): CaseSpec[] {
  return layerPieces
    .filter(piece => piece.family === family)
    .map(piece => {
      const { multiplyAdds, numbers, bytes } = measureOf(piece);
      const pieces = multiplyAdds || numbers;
      return {
        name: piece.name,
        ...(piece.at === undefined ? {} : { at: piece.at }),
        unit: multiplyAdds > 0 ? ('multiplyAdds' as const) : ('numbers' as const),
        task: { kind: 'operation' as const, name: piece.name },
        ...(multiplyAdds > 0 ? { multiplyAdds: 1 } : { bytes: bytes / pieces, footprint: bytes }),
        threads: 1,
        ownAlone: true as const,
      };
    });
}

/** Without the limits: what it waits for is neither of them. */
function timeAlone({ multiplyAdds: _, bytes: __, ...rest }: CaseSpec): CaseSpec {
  return rest;
}

const SQUARES = [4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048];
const SHAPES = [
  [1, 784, 128],
  [32, 784, 128],
  [128, 784, 512],
  [128, 128, 10],
] as const;
const WAYS = ['forward', 'inputGradient', 'weightGradient'] as const;
const WIDTHS = [16, 32, 64, 128, 256, 512, 1024, 2048];
const BATCHES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
const DEPTHS = [1, 2, 4, 8, 16];
const DEFAULT_BATCH = 32;
/** Networks with enough to do for several threads; and steps beside which it is little to begin an epoch on them. */
const LARGE_NETWORKS = ['resnet-8', 'transformer'] as const;
const STEPS_TO_SHARE = 8;

/** The network with other layers between its ends. */
function between({ architecture }: Network, hidden: readonly number[]): Network {
  return networkOf([inputNumbers(architecture), ...hidden, size(outputShape(architecture))]);
}

/** Steps that have their parts measured where no network was asked for. */
const STEPS = [
  [networkOf([2, 4, 1], 'tanh'), 4],
  [networkOf([4, 16, 3]), 16],
] as const;

/** What others have published of networks that anyone can train again. */
const SIMPLE_CHAINS = 'julialang.org/blog/2022/04/simple-chains';
const published = {
  tiny: [
    { who: 'SimpleChains.jl 0.2.2, Core i9-10980XE (18 cores, AVX-512)', rate: 1e4 / 41.2e-6, source: SIMPLE_CHAINS },
    { who: 'SimpleChains.jl 0.2.2, EPYC 7513 (32 cores)', rate: 1e4 / 72e-6, source: SIMPLE_CHAINS },
    { who: 'PyTorch, Core i9-10980XE (18 cores)', rate: 1e4 / 1.525e-3, source: SIMPLE_CHAINS },
    { who: 'PyTorch, EPYC 7513 (32 cores)', rate: 1e4 / 7e-3, source: SIMPLE_CHAINS },
  ],
  lenet: [
    { who: 'SimpleChains.jl 0.2.2, Core i9-10980XE (18 cores, AVX-512)', rate: 6e5 / 1.241958, source: SIMPLE_CHAINS },
    { who: 'SimpleChains.jl 0.2.2, EPYC 7513 (32 cores)', rate: 6e5 / 3.083624, source: SIMPLE_CHAINS },
    { who: 'SimpleChains.jl 0.2.2, Core i7-1165G7 (4 cores)', rate: 6e5 / 5.320512, source: SIMPLE_CHAINS },
    { who: 'PyTorch through a loader, Core i9-10980XE (18 cores)', rate: 6e5 / 10.78, source: SIMPLE_CHAINS },
    { who: 'PyTorch through a loader, EPYC 7513 (32 cores)', rate: 6e5 / 15.09, source: SIMPLE_CHAINS },
  ],
  mnist: [
    {
      who: 'scikit-learn MLPClassifier, 53.46 s until it stops, epochs not told',
      source: 'benchmarks/bench_mnist.py of scikit-learn',
    },
  ],
} satisfies Record<string, readonly Published[]>;

/** SimpleChains' fit of the exponential of 2×2 matrices. */
function tinyNetwork(): Network {
  const layers = [dense(32, { activation: 'tanh' }), dense(16, { activation: 'tanh' }), dense(4)];
  return { name: '4-32-16-4 tanh', architecture: sequential(4, layers) };
}

/** LeNet-5 without padding, as SimpleChains trains it; the article's batches grow with its threads. */
function lenetNetwork(): Network {
  const relu = { activation: 'relu' } as const;
  const convolutions = [conv2d(6, 5, relu), maxPool2d(2), conv2d(16, 5, relu), maxPool2d(2), flatten()];
  const layers = [...convolutions, dense(120, relu), dense(84, relu), dense(10, { activation: 'softmax' })];
  return { name: 'LeNet-5, 28×28, valid', architecture: sequential([28, 28, 1], layers) };
}

export const suites: readonly Suite[] = [
  {
    name: 'training',
    about: 'whole epochs, beside peers',
    cases: ({ network, batches, optimizer }) =>
      batches.map(batch => networkCase('training', network, batch, optimizer)),
  },
  {
    name: 'inference',
    about: 'predictions of one row and of a batch, beside peers',
    cases: ({ network, batches, optimizer }) =>
      [...new Set([1, ...batches])].map(batch => networkCase('inference', network, batch, optimizer)),
  },
  {
    name: 'gemm',
    about: 'matrix products from 4 to 2048, and those of layers',
    axis: 'size',
    cases: () => [
      ...SQUARES.map(n => productCase('forward', n, n, n, n)),
      ...SHAPES.flatMap(shape => WAYS.map(way => productCase(way, ...(shape as readonly [number, number, number])))),
    ],
  },
  {
    name: 'ops',
    about: 'all other operations, each alone, beside what memory allows',
    cases: () =>
      operations.map(({ name, bytesPerNumber, footprint }) => ({
        name,
        unit: 'numbers' as const,
        task: { kind: 'operation' as const, name },
        bytes: bytesPerNumber,
        footprint,
        threads: 1,
        ownAlone: true as const,
      })),
  },
  {
    name: 'conv',
    about: 'layers over images and signals: forward and back, beside the peak or copying',
    axis: 'channels',
    cases: () => layerCases('conv'),
  },
  {
    name: 'image',
    about: 'convolution of 32 to 32 channels against the size of the image',
    axis: 'image size',
    cases: () => layerCases('image'),
  },
  {
    name: 'sequence',
    about: 'recurrent layers, attention and what goes with them, likewise',
    axis: 'units',
    cases: () => layerCases('sequence'),
  },
  {
    name: 'step',
    about: 'a training step and its parts',
    cases: ({ network, batches }) =>
      [...STEPS, ...batches.map(batch => [network, batch] as const)].flatMap(([own, batchSize]) =>
        partsOf(own.architecture, batchSize).map(({ name, multiplyAdds }) => ({
          name: `${own.name}/${batchSize}: ${name}`,
          unit: 'steps' as const,
          task: { kind: 'part' as const, name, architecture: JSON.stringify(own.architecture), batchSize },
          ...(multiplyAdds > 0 ? { multiplyAdds } : {}),
          threads: 1,
          ownAlone: true as const,
        })),
      ),
  },
  {
    name: 'coldStart',
    about: 'from nothing to the first prediction',
    cases: ({ network, optimizer }) => [
      timeAlone(
        networkCase('inference', network, 1, optimizer, {
          unit: 'starts',
          threads: 1,
          cold: true,
          name: `${network.name}, first prediction`,
        }),
      ),
    ],
  },
  {
    name: 'threads',
    about: 'training on one thread and on more',
    axis: 'threads',
    cases: ({ network, batches: [batch = DEFAULT_BATCH], optimizer, threads }) =>
      threads.map(count =>
        networkCase('training', network, batch, optimizer, {
          at: count,
          threads: count,
          name: `${network.name}, batch ${batch}, ${count} thread${count > 1 ? 's' : ''}`,
        }),
      ),
  },
  {
    name: 'speedUp',
    about: 'ResNet-8 and a transformer on one thread and on more, in turns',
    cases: ({ batches: [batch = DEFAULT_BATCH], optimizer }) =>
      LARGE_NETWORKS.map(name => networkCase('training', namedNetwork(name), batch, optimizer, {}, STEPS_TO_SHARE)),
  },
  {
    name: 'published',
    about: 'networks whose speed others have published, from machines of theirs',
    cases: () => [
      networkCase('training', tinyNetwork(), 10_000, 'adam', { published: published.tiny }),
      networkCase('training', lenetNetwork(), 128, 'adam', { published: published.lenet }),
      networkCase('training', networkOf([784, 100, 100, 10]), 200, 'adam', { published: published.mnist }),
    ],
  },
  {
    name: 'networks',
    about: 'whole networks of images and sequences, beside peers',
    cases: ({ batches: [batch = DEFAULT_BATCH], optimizer }) =>
      namedNetworks.map(name => networkCase('training', namedNetwork(name), batch, optimizer, { threads: 1 })),
  },
  {
    name: 'width',
    about: 'training against the width of the hidden layer',
    axis: 'width',
    cases: ({ network, batches: [batch = DEFAULT_BATCH], optimizer }) =>
      WIDTHS.map(width =>
        networkCase('training', between(network, [width]), batch, optimizer, { at: width, threads: 1 }),
      ),
  },
  {
    name: 'batch',
    about: 'training against the batch size',
    axis: 'batch size',
    cases: ({ network, optimizer }) =>
      BATCHES.map(batch => networkCase('training', network, batch, optimizer, { at: batch, threads: 1 })),
  },
  {
    name: 'depth',
    about: 'training against the number of hidden layers',
    axis: 'hidden layers',
    cases: ({ network, batches: [batch = DEFAULT_BATCH], optimizer }) =>
      DEPTHS.map(depth =>
        networkCase(
          'training',
          between(
            network,
            Array.from({ length: depth }, () => 128),
          ),
          batch,
          optimizer,
          {
            at: depth,
            threads: 1,
            name: `${depth} × 128, batch ${batch}`,
          },
        ),
      ),
  },
];

/** The suites of these names. */
export function chooseSuites(names: readonly string[]): readonly Suite[] {
  const known = suites.map(({ name }) => name);
  return names.map(word => {
    const found = suites.find(({ name }) => name === word);
    if (found) return found;
    const close = nearest(word, known);
    const mend = close === undefined ? undefined : `did you mean '${close}'?`;
    throw wrongValue('bench', `suites among ${known.join(', ')}`, quote(word), mend);
  });
}
