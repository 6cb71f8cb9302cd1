/**
 * Full-batch optimisers as users meet them: any number of rows, resumption, aborts, what they tell and what they
 * refuse.
 */
import { describe, expect, it } from 'vitest';
import {
  alphaDropout,
  batchNormalization,
  bidirectional,
  conjugateGradient,
  cosineDecay,
  dense,
  dropout,
  earlyStopping,
  type FitOptions,
  gaussianNoise,
  graph,
  type History,
  type Layer,
  l1,
  l1l2,
  l2,
  lbfgs,
  lstm,
  Model,
  maxNorm,
  multiHeadAttention,
  reduceOnPlateau,
  sequential,
  Trainer,
  type TrainerOptions,
  type TrainingData,
} from '../../src/entries/node.js';
import { labels, numbers } from '../reference/data.js';
import { expectClose } from '../reference/golden.js';

const names = ['lbfgs', 'conjugateGradient'] as const;
const loss = 'sparseCategoricalCrossEntropy';
const [rows, inputs] = [5000, 6];
const x = numbers(rows * inputs, 1);
const y = labels(rows, 3, 2).map((label, row) => ((x[row * inputs] ?? 0) > 0 ? label : 0));
const small = { x: x.slice(0, 60 * inputs), y: y.slice(0, 60) };
const network = sequential(inputs, [
  dense(16, { activation: 'tanh', weightRegularizer: l2(1e-3) }),
  dense(3, { activation: 'softmax' }),
]);
const create = () => Model.create(network, { seed: 3, deterministic: true });
const valuesOf = (model: Model) => model.parameters.map(({ data }) => Array.from(data));

function scoresOf({ seconds: _, samplesPerSecond: __, ...scores }: History) {
  return scores;
}

describe.each(names)('%s', optimizer => {
  it('takes all rows, chunk by chunk, of memory or of a stream, and of batches that are judged', async () => {
    const options = { loss, optimizer, epochs: 4, metrics: ['accuracy', 'f1'] } as const;
    const [whole, streamed, first] = [await create(), await create(), await create()];
    const history = await whole.fit({ x, y }, options);
    const chunks = function* () {
      for (let row = 0; row < rows; row += 700) {
        yield { x: x.slice(row * inputs, (row + 700) * inputs), y: y.slice(row, row + 700) };
      }
    };
    expect(scoresOf(await streamed.fit({ chunks }, options))).toEqual(scoresOf(history));
    expect(valuesOf(streamed)).toEqual(valuesOf(whole));
    // What all rows at once come to: the penalty is part of cost and gradient.
    const { cost, gradients } = first.gradients(x, y, { loss, training: true });
    const norm = Math.sqrt(Object.values(gradients).reduce((sum, own) => own.reduce((s, g) => s + g * g, sum), 0));
    expectClose([history.loss[0] ?? 0, history.gradientNorm?.[0] ?? 0], [cost, norm], 1e-6);
    const { loss: _, ...judged } = first.evaluate({ x, y }, { loss, metrics: options.metrics });
    expectClose([history.accuracy?.[0] ?? 0, history.f1?.[0] ?? 0], Object.values(judged) as number[], 1e-9);
    expect(history.loss.every((value, i) => i === 0 || value < (history.loss[i - 1] ?? 0))).toBe(true);
    expect(history.stepLength).toHaveLength(4);
    expect(whole.trained).toEqual({ epochs: 4, steps: 4 });
  });

  it('goes on from its file with the bits of a run that was never stopped', async () => {
    const [straight, stopped] = [await create(), await create()];
    const options = { loss, optimizer } as const;
    const one = await straight.trainer(options);
    const whole = [await one.fit(small, { epochs: 14 }), await one.fit(small, { epochs: 14 })].map(scoresOf);
    const other = await stopped.trainer(options);
    const begun = scoresOf(await other.fit(small, { epochs: 14 }));
    const resumed = await Trainer.fromBytes(other.toBytes());
    expect([begun, scoresOf(await resumed.fit(small, { epochs: 14 }))]).toEqual(whole);
    expect(valuesOf(resumed.model as Model)).toEqual(valuesOf(straight));
    expect([resumed.epoch, resumed.steps]).toEqual([28, 28]);
  });

  it('leaves the last finished iteration where it is aborted within one, and goes on from there', async () => {
    const [model, other] = [await create(), await create()];
    const options = { loss, optimizer } as const;
    const trainer = await model.trainer(options);
    const stop = new AbortController();
    let passes = 0;
    const chunks = async function* () {
      // In the third iteration at the soonest, and in the middle of its rows.
      if (trainer.epoch >= 2 && ++passes === 1) stop.abort();
      for (let row = 0; row < 60; row += 20) {
        await null;
        yield { x: small.x.slice(row * inputs, (row + 20) * inputs), y: small.y.slice(row, row + 20) };
      }
    };
    const history = await trainer.fit({ chunks }, { epochs: 9, signal: stop.signal });
    expect(history.stopped).toBe('aborted');
    expect(history.loss).toHaveLength(2);
    const straight = await other.trainer(options);
    await straight.fit(small, { epochs: 2 });
    expect(valuesOf(model)).toEqual(valuesOf(other));
    const [again, wanted] = [await trainer.fit(small, { epochs: 3 }), await straight.fit(small, { epochs: 3 })];
    expect(scoresOf(again)).toEqual(scoresOf(wanted));
  });

  it('leaves it where it is aborted before an iteration is judged, and makes that again, here and from a file', async () => {
    const [model, other] = [await create(), await create()];
    const options = { loss, optimizer } as const;
    const judged = { validationSplit: 0.25 } as const;
    const trainer = await model.trainer(options);
    const stop = new AbortController();
    const onBatch: FitOptions['onBatch'] = ({ epoch }) => void (epoch === 3 && stop.abort());
    const history = await trainer.fit(small, { ...judged, epochs: 9, signal: stop.signal, onBatch });
    expect([history.stopped, history.loss.length, trainer.epoch, trainer.steps]).toEqual(['aborted', 2, 2, 2]);
    const straight = await other.trainer(options);
    await straight.fit(small, { ...judged, epochs: 2 });
    expect(valuesOf(model)).toEqual(valuesOf(other));
    const wanted = scoresOf(await straight.fit(small, { ...judged, epochs: 3 }));
    const loaded = await Trainer.fromBytes(trainer.toBytes());
    for (const again of [loaded, trainer]) {
      expect(scoresOf(await again.fit(small, { ...judged, epochs: 3 }))).toEqual(wanted);
      expect(valuesOf(again.model)).toEqual(valuesOf(other));
    }
  });

  it('is told of by callbacks, judges, weighs, and stops early', async () => {
    const model = await create();
    const batches: unknown[] = [];
    const history = await model.fit(
      { ...small, sampleWeights: numbers(60, 5).map(Math.abs) },
      {
        loss,
        optimizer,
        epochs: 200,
        metrics: ['accuracy', 'rocAuc'],
        classWeights: 'balanced',
        validationSplit: 0.25,
        callbacks: [earlyStopping({ patience: 3 })],
        onBatch: ({ epoch, batch }) => void batches.push([epoch, batch]),
      },
    );
    expect(history.stopped).toBe('earlyStopping');
    const epochs = history.loss.length;
    expect(batches).toEqual(Array.from({ length: epochs }, (_, i) => [i + 1, 1]));
    for (const scores of Object.values(scoresOf(history))) {
      if (Array.isArray(scores)) expect(scores).toHaveLength(epochs);
    }
    const best = Math.min(...(history.valLoss ?? []));
    expect(history.valLoss?.indexOf(best)).toBe(epochs - 4);
  });

  it('is at once done where it begins at a minimum', async () => {
    const model = await Model.create(sequential(1, [dense(1)]));
    const data = { x: [[1], [2], [3]], y: [2, 4, 6] };
    const first = await model.fit(data, { loss: 'meanSquaredError', optimizer, epochs: 99 });
    expect(first.stopped).toBe('converged');
    expectClose(model.predict([[5]]), [10], 1e-4);
    const second = await model.fit(data, { loss: 'meanSquaredError', optimizer, epochs: 99 });
    expect(scoresOf(second)).toEqual({
      loss: [first.loss.at(-1)],
      gradientNorm: [first.gradientNorm?.at(-1)],
      stepLength: [0],
      stopped: 'converged',
    });
  });

  it('says where no step lowers the cost, and keeps the best parameters', async () => {
    const model = await Model.create(sequential(1, [dense(1, { useBias: false })]));
    model.setParameters({ '0.dense.weight': [1] });
    // |w − 1| twice and |w| once: 1 is the best, and its slope is ⅓.
    const data = { x: [[1], [1], [1]], y: [1, 1, 0] };
    const history = await model.fit(data, { loss: 'meanAbsoluteError', optimizer, epochs: 9 });
    expect(history.stopped).toBe('lineSearchFailed');
    expectClose([...history.loss, ...(history.gradientNorm ?? [])], [1 / 3, 1 / 3], 1e-6);
    expect(valuesOf(model)).toEqual([[1]]);
  });

  it('ends at a start that is not finite, and leaves the model as it was', async () => {
    const model = await Model.create(sequential(1, [dense(1, { activation: 'exponential' })]));
    model.setParameters({ '0.dense.weight': [100] });
    const fit = model.fit({ x: [[1]], y: [1] }, { loss: 'meanSquaredError', optimizer });
    await expect(fit).rejects.toThrow(/fit: epoch 1.*a finite cost and gradient of all rows/);
    expect(model.parameters[0]?.data).toEqual(Float32Array.of(100));
  });

  it('steps back from where the cost is not finite', async () => {
    const model = await Model.create(sequential(1, [dense(1, { activation: 'exponential' })]));
    model.setParameters({ '0.dense.weight': [2] });
    const data = { x: [[10], [-10], [1]], y: [3, 0.1, 1] };
    const history = await model.fit(data, { loss: 'poisson', optimizer, epochs: 200 });
    expect(history.stopped).toBe('converged');
    expect(history.loss[0]).toBeGreaterThan(1e8);
    expect(history.gradientNorm?.at(-1)).toBeLessThan(1e-2);
  });
});

it('minimises the weighted sum of outputs with names, of sequences that end early too', async () => {
  const architecture = graph([4, 2], input => {
    const h = input.to(lstm(5));
    return { kind: h.to(dense(3, { activation: 'softmax' })), size: h.to(dense(1)) };
  });
  const model = await Model.create(architecture);
  const lengths = Int32Array.from({ length: 30 }, (_, i) => 1 + (i % 4));
  const data = { x: numbers(240, 1), lengths, y: { kind: labels(30, 3, 2), size: numbers(30, 3) } };
  const options = { loss: { kind: loss, size: 'meanSquaredError' }, lossWeights: { size: 0.5 } } as const;
  const before = model.evaluate(data, options).loss;
  const history = await model.fit(data as TrainingData, { ...options, optimizer: 'lbfgs', epochs: 20 });
  expectClose([history.loss[0] ?? 0], [before], 1e-6);
  expectClose(
    [history['kind.loss']?.[3] ?? 0],
    [(history.loss[3] ?? 0) - 0.5 * (history['size.loss']?.[3] ?? 0)],
    1e-6,
  );
  expect(model.evaluate(data, options).loss).toBeLessThan(0.7 * before);
});

describe('refuses, before any work,', () => {
  const own = { loss: 'meanSquaredError', optimizer: 'lbfgs' } as const;
  const data = { x: new Float32Array(8), y: new Float32Array(4) };

  it.each<[string, Partial<TrainerOptions & FitOptions>, RegExp]>([
    ['a batch size', { batchSize: 4 }, /^fit: batchSize: expected none with lbfgs, got 4; an iteration takes all rows/],
    [
      'shuffling',
      { shuffle: false },
      /^fit: shuffle: expected none with lbfgs, got false; an iteration takes all rows/,
    ],
    ['accumulation', { accumulationSteps: 2 }, /^fit: accumulationSteps: expected none with lbfgs/],
    ['clipping by norm', { clipNorm: 1 }, /^fit: clipNorm: expected none with lbfgs, got 1; its line search needs/],
    ['clipping by value', { clipValue: 1 }, /^fit: clipValue: expected none with lbfgs, got 1; its line search needs/],
    ['averages', { averageDecay: 0.9 }, /^fit: averageDecay: expected none with lbfgs, got 0.9; it ends at a minimum/],
    [
      'reduceOnPlateau',
      { callbacks: [reduceOnPlateau({ monitor: 'loss' })] },
      /^fit: reduceOnPlateau: expected a lear/,
    ],
  ])('%s', async (_, options, message) => {
    const model = await Model.create(sequential(2, [dense(1)]));
    await expect(model.fit(data, { ...own, ...options })).rejects.toThrow(message);
    expect(model.trained.steps).toBe(0);
  });

  it.each<[string, Layer, RegExp]>([
    ['dropout', dropout(0.5), /^fit: layer '0.dropout': expected none with dropout where lbfgs trains/],
    ['alpha dropout', alphaDropout(0.5), /^fit: layer '0.alphaDropout': expected none with dropout/],
    ['dropout within attention', multiHeadAttention(1, 2, { dropout: 0.1 }), /^fit: layer '0.multiHeadAttention': exp/],
    ['noise', gaussianNoise(0.1), /^fit: layer '0.gaussianNoise': expected none with noise/],
    ['batch normalisation', batchNormalization(), /^fit: layer '0.batchNormalization': expected none with statistics/],
    ['L1', dense(1, { weightRegularizer: l1(0.1) }), /^fit: layer '0.dense': expected none with L1/],
    ['L1 on biases', dense(1, { biasRegularizer: l1l2(0.1, 0.1) }), /^fit: layer '0.dense': expected none with L1/],
    ['constraints', dense(1, { weightConstraint: maxNorm(1) }), /^fit: layer '0.dense': expected none with a constr/],
    ['a rate', dense(1, { learningRateFactor: 0.5 }), /^fit: layer '0.dense': expected none with a learningRateFactor/],
    [
      'what a bidirectional layer has',
      bidirectional(lstm(2, { returnSequences: true, weightRegularizer: l1(1) })),
      /^fit: layer '0.bidirectional': expected none with L1/,
    ],
  ])('%s', async (_, layer, message) => {
    const isSequence = layer.kind === 'multiHeadAttention' || layer.kind === 'bidirectional';
    const model = await Model.create(sequential(isSequence ? [1, 2] : 2, [layer, dense(1)]));
    await expect(model.fit(data, own)).rejects.toThrow(message);
  });

  it('settings and steps that it has no use for', async () => {
    const learningRate = cosineDecay({ initial: 1, steps: 2 });
    const message = /learningRate: expected none, as the length of each step is searched for, got .*; leave it out$/;
    expect(() => lbfgs({ learningRate } as object)).toThrow(message);
    expect(() => conjugateGradient({ learningRate: 1 } as object)).toThrow(message);
    expect(() => lbfgs({ history: 0 })).toThrow('lbfgs: history: expected a whole number from 1 to 100, got 0');
    expect(() => conjugateGradient({ tolerance: 0 })).toThrow(
      'conjugateGradient: tolerance: expected a finite number > 0',
    );
    expect(() => conjugateGradient({ history: 3 } as object)).toThrow("'history'; known: tolerance");
    const model = await Model.create(sequential(2, [dense(1)]));
    const trainer = await model.trainer(own);
    const step =
      'step: expected an optimiser that takes batches, got lbfgs; an epoch of fit is an iteration over all rows';
    expect(() => trainer.stepSync(data.x, data.y)).toThrow(step);
    await expect(trainer.step(data.x, data.y)).rejects.toThrow(step);
    const resumed = Trainer.fromBytes(trainer.toBytes(), { learningRate: 1 });
    await expect(resumed).rejects.toThrow('learningRate: expected none, as the optimiser has none');
  });
});
