/** Every cost op, its gradient, and the batch's one number against float64, at every width. */
import { describe, expect, it } from 'vitest';
import { LossKind } from '../../src/plan/opcodes.js';
import { ops as table } from '../../src/plan/ops/index.js';
import { sizes } from '../checkLayer.js';
import { softmax } from '../reference/activations.js';
import { labels, numbers } from '../reference/data.js';
import { expectClose } from '../reference/golden.js';
import * as reference from '../reference/losses.js';
import { Assembled } from '../support/assemble.js';
import { backends } from '../support/binaries.js';

type LossOp =
  | 'elementwiseLoss'
  | 'softmaxCrossEntropy'
  | 'sparseSoftmaxCrossEntropy'
  | 'cosineSimilarity'
  | 'categoricalHinge';

interface Case {
  readonly op: LossOp;
  readonly kind?: LossKind;
  readonly setting?: number;
  readonly alpha?: number;
  readonly loss: reference.Loss;
  /** Whether the mean is over every element; over rows unless told. */
  readonly elements?: boolean;
  readonly prediction?: (rows: number, columns: number) => Float32Array;
  readonly target?: (rows: number, columns: number) => Float32Array | Int32Array;
}

const near = (rows: number, columns: number) => numbers(rows * columns, 1);
/** Logits, some of them so far out that their exponentials overflow or vanish. */
const extreme = (rows: number, columns: number) => {
  return numbers(rows * columns, 1).map((value, i) => value * ([1, 20, 300, 1e4][Math.floor(i / columns) % 4] ?? 1));
};
const probabilities = (seed: number) => (rows: number, columns: number) => {
  const logits = Float64Array.from(numbers(rows * columns, seed), value => 3 * value);
  return Float32Array.from(softmax.forward(logits, columns));
};
const zeroToOne = (rows: number, columns: number) => numbers(rows * columns, 2).map(value => (value + 1) / 2);
const signs = (rows: number, columns: number) => numbers(rows * columns, 2).map(value => (value > 0 ? 1 : -1));
const classes = (rows: number, columns: number) => labels(rows, columns, 3);

const elementwise = (kind: LossKind, loss: reference.Loss): Case => ({
  op: 'elementwiseLoss',
  kind,
  loss,
  elements: true,
});

const cases: Record<string, Case> = {
  meanSquaredError: elementwise(LossKind.meanSquaredError, reference.meanSquaredError),
  meanAbsoluteError: elementwise(LossKind.meanAbsoluteError, reference.meanAbsoluteError),
  'huber, delta 0.3': { ...elementwise(LossKind.huber, reference.huber(0.3)), setting: 0.3 },
  logCosh: elementwise(LossKind.logCosh, reference.logCosh),
  'logCosh of large errors': { ...elementwise(LossKind.logCosh, reference.logCosh), prediction: extreme },
  binaryCrossEntropyFromLogits: {
    ...elementwise(LossKind.binaryCrossEntropyFromLogits, reference.binaryCrossEntropyFromLogits),
    prediction: extreme,
    target: zeroToOne,
  },
  hinge: { ...elementwise(LossKind.hinge, reference.hinge), target: signs },
  'binaryCrossEntropyFromLogits, smoothed': {
    ...elementwise(LossKind.binaryCrossEntropyFromLogits, reference.smoothedBinaryCrossEntropy(0.2)),
    setting: 0.2,
    prediction: extreme,
    target: zeroToOne,
  },
  focal: {
    ...elementwise(LossKind.focal, reference.focal(2, 0.5)),
    setting: 2,
    prediction: extreme,
    target: zeroToOne,
  },
  'focal, gamma 0.5, alpha 0.25': {
    ...elementwise(LossKind.focal, reference.focal(0.5, 0.25)),
    ...{ setting: 0.5, alpha: 0.25 },
    target: (r, c) => signs(r, c).map(value => (value + 1) / 2),
  },
  poisson: {
    ...elementwise(LossKind.poisson, reference.poisson),
    prediction: (r, c) => numbers(r * c, 1).map(value => Math.abs(value) + 0.1),
    target: (r, c) => numbers(r * c, 2).map(value => Math.floor(5 * Math.abs(value))),
  },
  'quantile 0.9': { ...elementwise(LossKind.quantile, reference.quantile(0.9)), setting: 0.9 },
  meanAbsolutePercentageError: {
    ...elementwise(LossKind.meanAbsolutePercentageError, reference.meanAbsolutePercentageError),
    setting: 2 ** -52,
  },
  squaredHinge: { ...elementwise(LossKind.squaredHinge, reference.squaredHinge), target: signs },
  categoricalHinge: {
    op: 'categoricalHinge',
    loss: reference.categoricalHinge,
    target: (r, c) => Float32Array.from(reference.oneHot(classes(r, c), c)),
  },
  'categoricalHinge of soft targets': {
    op: 'categoricalHinge',
    loss: reference.categoricalHinge,
    target: probabilities(2),
  },
  klDivergence: {
    op: 'elementwiseLoss',
    kind: LossKind.klDivergence,
    loss: reference.klDivergence,
    prediction: probabilities(1),
    target: probabilities(2),
  },
  cosineSimilarity: { op: 'cosineSimilarity', loss: reference.cosineSimilarity },
  softmaxCrossEntropy: {
    op: 'softmaxCrossEntropy',
    loss: reference.categoricalCrossEntropyFromLogits(),
    prediction: extreme,
    target: probabilities(2),
  },
  'softmaxCrossEntropy, smoothed': {
    op: 'softmaxCrossEntropy',
    setting: 0.1,
    loss: reference.categoricalCrossEntropyFromLogits(0.1),
    prediction: extreme,
    target: probabilities(2),
  },
  sparseSoftmaxCrossEntropy: {
    op: 'sparseSoftmaxCrossEntropy',
    loss: reference.sparseCategoricalCrossEntropyFromLogits(),
    prediction: extreme,
    target: classes,
  },
  'sparseSoftmaxCrossEntropy, smoothed': {
    op: 'sparseSoftmaxCrossEntropy',
    setting: 0.1,
    loss: reference.sparseCategoricalCrossEntropyFromLogits(0.1),
    prediction: extreme,
    target: classes,
  },
};

describe.each(backends)('$binary', backend => {
  function assemble(
    { op, kind = 0, setting = 0, alpha = 0.5, elements }: Omit<Case, 'loss'>,
    columns: number,
    rows: number,
  ) {
    return new Assembled(backend, rows, builder => {
      const x = builder.value({ name: 'x' }, { positions: 1, columns }).data;
      const [dx, target] = [builder.region('dx', x.bytes), builder.region('target', x.bytes)];
      const rowCosts = builder.region('rowCosts', rows * 8);
      const divisor = elements ? columns : 1;
      builder.emit(table[op], 'test', {
        rowCosts,
        x,
        dx,
        target,
        columns,
        kind,
        setting,
        divisor,
        weight: 1,
        alpha,
        lengths: 0,
      });
      builder.emit(table.cost, 'test', { rowCosts, tally: 0, divisor, weight: 1, adds: 0, lengths: 0, judges: 0 });
      return { x, dx, target };
    });
  }

  it.each(Object.entries(cases))('%s', (_, test) => {
    const { prediction = near, target = (r: number, c: number) => numbers(r * c, 2), loss } = test;
    for (const columns of sizes) {
      const rows = 5;
      const ops = assemble(test, columns, rows);
      const [x, t] = [prediction(rows, columns), target(rows, columns)];
      ops.write(ops.places.x, x, columns);
      if (t instanceof Int32Array) new Int32Array(ops.program.memory.buffer, ops.places.target.address, rows).set(t);
      else ops.write(ops.places.target, t, columns);
      ops.run();
      const want = loss(Float64Array.from(x), Float64Array.from(t), columns);
      expectClose([ops.program.controls.cost], [want.value], 2e-6, `cost of ${columns} columns`);
      expectClose(ops.read(ops.places.dx, columns), want.gradient, 2e-6, `gradient of ${columns} columns`);
    }
  });

  it('a label in any column is found', () => {
    const columns = 33;
    const ops = assemble({ op: 'sparseSoftmaxCrossEntropy' }, columns, columns);
    const [x, t] = [numbers(columns * columns, 1), Int32Array.from({ length: columns }, (_, i) => i)];
    ops.write(ops.places.x, x, columns);
    new Int32Array(ops.program.memory.buffer, ops.places.target.address, columns).set(t);
    ops.run();
    const loss = reference.sparseCategoricalCrossEntropyFromLogits();
    const want = loss(Float64Array.from(x), Float64Array.from(t), columns);
    expectClose([ops.program.controls.cost], [want.value], 1e-6);
    expectClose(ops.read(ops.places.dx, columns), want.gradient, 1e-6);
  });

  it.each(Object.entries(cases))('%s of NaN anywhere ends the run', (_, test) => {
    for (const columns of [1, 10, 17]) {
      const ops = assemble(test, columns, 2);
      for (let place = 0; place < 2 * columns; place++) {
        const x = (test.prediction ?? near)(2, columns);
        x[place] = Number.NaN;
        ops.write(ops.places.x, x, columns);
        const target = new Float32Array(2 * columns).fill(0.5);
        if (test.target !== classes) ops.write(ops.places.target, target, columns);
        expect(ops.program.run('ops')).toBe(0);
        expect(ops.program.controls.cost).toBeNaN();
      }
    }
  });
});
