import { describe, expect, it } from 'vitest';
import { kFold, pick } from '../../src/data/parts.js';
import {
  adam,
  choice,
  crossValidate,
  dense,
  integer,
  logUniform,
  Model,
  normalization,
  search,
  sequential,
  sgd,
  uniform,
} from '../../src/entries/node.js';
import { Random } from '../../src/random.js';
import { draw, grid } from '../../src/search/space.js';

const random = new Random(4, 0, 0);
const y = Int32Array.from({ length: 60 }, (_, row) => (row % 6 === 0 ? 1 : 0));
const x = Float32Array.from({ length: 120 }, (_, i) => 1000 + 3 * (y[i >> 1] ?? 0) + random.uniform());
const network = (units: number) =>
  sequential(2, [normalization(), dense(units, { activation: 'relu' }), dense(2, { activation: 'softmax' })]);
const fit = { loss: 'sparseCategoricalCrossEntropy', optimizer: adam({ learningRate: 0.02 }), epochs: 8 } as const;
const options = { folds: 3, fit, metrics: ['accuracy'] } as const;

describe('crossValidate', () => {
  it('trains each fold anew on the rows that it is not judged by, each class keeping its share', async () => {
    const seen: number[] = [];
    const { folds, mean, deviation } = await crossValidate(
      network(8),
      { x, y },
      {
        ...options,
        seeds: [0, 1],
        onProgress: (_, done, of) => void seen.push(done, of),
      },
    );
    expect(folds.map(({ seed, fold, rows }) => [seed, fold, rows])).toEqual(
      [0, 1].flatMap(seed => [0, 1, 2].map(fold => [seed, fold, 20])),
    );
    expect(seen).toEqual([1, 6, 2, 6, 3, 6, 4, 6, 5, 6, 6, 6]);
    const accuracies = folds.map(({ scores }) => scores.accuracy ?? 0);
    const own = accuracies.reduce((sum, value) => sum + value / 6, 0);
    expect(mean.accuracy).toBeCloseTo(own, 12);
    expect(deviation.accuracy).toBeCloseTo(Math.sqrt(accuracies.reduce((s, v) => s + (v - own) ** 2 / 6, 0)), 12);
    // The same by hand.
    const [fold] = kFold(60, { folds: 3, seed: 1, stratify: y });
    const model = await Model.create(network(8), { seed: 1 });
    await model.fit(pick({ x, y }, fold?.train ?? []), fit);
    const { loss } = model.evaluate(pick({ x, y }, fold?.test ?? []), { loss: fit.loss });
    expect(folds[3]?.scores.loss).toBe(loss);
  });

  it('takes several targets a row, flat', async () => {
    const flat = { x, y: Float32Array.from({ length: 120 }, (_, i) => x[i] ?? 0) };
    const rows = { x: Array.from(y, (_, row) => [...x.subarray(2 * row, 2 * row + 2)]), y: flat.y };
    const how = { folds: 3, fit: { loss: 'meanSquaredError', optimizer: 'adam' } } as const;
    const network = sequential(2, [dense(2)]);
    const found = await crossValidate(network, flat, how);
    expect(found.folds.map(fold => fold.rows)).toEqual([20, 20, 20]);
    expect(await crossValidate(network, rows, how)).toEqual(found);
  });

  it('gives the same results on any number of threads', async () => {
    const [one, two] = [1, 2].map(threads =>
      crossValidate(network(8), { x, y }, { ...options, fit: { ...fit, threads } }),
    );
    expect(await one).toEqual(await two);
  });

  it('refuses more folds than the smallest class has rows, and stops where it is told to', async () => {
    await expect(crossValidate(network(8), { x, y }, { ...options, folds: 11 })).rejects.toThrow(
      'crossValidate: folds: expected',
    );
    const signal = AbortSignal.abort();
    await expect(crossValidate(network(8), { x, y }, { ...options, signal })).rejects.toThrow(/abort/i);
    await expect(crossValidate(network(8), { x, y }, { ...options, fold: 3 } as never)).rejects.toThrow("'folds'");
  });
});

describe('refused before any work:', () => {
  const space = { units: choice(1) };
  const fine = { folds: 2, fit: { loss: 'meanSquaredError', optimizer: 'adam' } } as const;
  const given = { x: [[1], [2], [3], [4]], y: [1, 2, 3, 4] };
  const network = sequential(1, [dense(1)]);
  const unused = () => {
    throw new Error('some work');
  };

  it.each<[object, string]>([
    [{ fit: undefined }, 'crossValidate: fit: expected what models are trained with'],
    [{ fit: null }, 'crossValidate: fit: expected what models are trained with'],
    [{ onProgress: 5 }, 'crossValidate: onProgress: expected a function, got 5'],
    [{ signal: 5 }, 'crossValidate: signal: expected an AbortSignal, got 5'],
    [{ seeds: [] }, 'crossValidate: seeds: expected a list of seeds'],
  ])('crossValidate with %j', async (options, message) => {
    await expect(crossValidate(network, given, { ...fine, ...options } as never)).rejects.toThrow(message);
  });

  it.each<[object, string]>([
    [{ fit: undefined }, 'search: fit: expected what models are trained with'],
    [{ onProgress: 5 }, 'search: onProgress: expected a function, got 5'],
    [{ signal: 5 }, 'search: signal: expected an AbortSignal, got 5'],
  ])('search with %j', async (options, message) => {
    const asked = { trials: 1, build: unused, fit: fine.fit, ...options };
    await expect(search(space, given, asked as never)).rejects.toThrow(message);
  });
});

describe('a space', () => {
  it('is drawn from within its bounds, the same for the same seed', () => {
    const space = {
      a: choice('x', 'y'),
      b: uniform(-1, 2),
      c: logUniform(1e-4, 1e-1),
      d: integer(2, 4),
    };
    const points = Array.from({ length: 300 }, (_, i) => draw(space, new Random(0, 0, i)));
    expect(new Set(points.map(({ a }) => a))).toEqual(new Set(['x', 'y']));
    expect(new Set(points.map(({ d }) => d))).toEqual(new Set([2, 3, 4]));
    const rates = points.map(({ c }) => Number(c));
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(1e-4);
    expect(Math.max(...rates)).toBeLessThanOrEqual(1e-1);
    // As many below the geometric mean of the bounds as above.
    expect(rates.filter(rate => rate < 10 ** -2.5).length / 300).toBeCloseTo(0.5, 0);
    expect(points[7]).toEqual(draw(space, new Random(0, 0, 7)));
    expect(grid('search', { a: choice(1, 2), b: integer(0, 2) })).toHaveLength(6);
    expect(() => grid('search', { a: uniform(0, 1) })).toThrow(/choice/);
    const large = { a: integer(0, 2 ** 31 - 1), b: choice('x', 'y') };
    expect(grid('search', large, 3)).toEqual([
      { a: 0, b: 'x' },
      { a: 0, b: 'y' },
      { a: 1, b: 'x' },
    ]);
    expect(() => grid('search', large)).toThrow('search: space: expected a grid of at most 1000000 points');
    expect(() => logUniform(0, 1)).toThrow(/from/);
  });
});

describe('search', () => {
  const space = { units: choice(1, 16), rate: logUniform(1e-6, 1e-1) };
  const how = {
    build: ({ units }: { units: number }) => network(units),
    fit: ({ rate }: { rate: number }) => ({ ...fit, optimizer: adam({ learningRate: rate }), epochs: 9 }),
    seed: 2,
  };

  it('finds settings that learn, the best first, the same for the same seed', async () => {
    const first = await search(space, { x, y }, { ...how, trials: 6 });
    expect(first.trials).toHaveLength(6);
    expect(first.best).toEqual(first.trials[0]);
    const scores = first.trials.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => a - b));
    expect(await search(space, { x, y }, { ...how, trials: 6 })).toEqual(first);
    const byAccuracy = await search(space, { x, y }, { ...how, trials: 3, metric: 'accuracy' });
    expect(byAccuracy.best.score).toBe(Math.max(...byAccuracy.trials.map(({ score }) => score)));
  });

  it('halves: few epochs for all, all of them for some', async () => {
    const epochs: number[] = [];
    const { best, trials } = await search(
      space,
      { x, y },
      {
        ...how,
        trials: 9,
        method: 'halving',
        onProgress: trial => void epochs.push(trial.epochs),
      },
    );
    expect(epochs).toEqual([...new Array(9).fill(1), 3, 3, 3, 9]);
    expect(best.epochs).toBe(9);
    expect(trials).toHaveLength(9);
  });

  it('ends with an abort while its callback, or that of folds, still waits', async () => {
    const stop = () => {
      const control = new AbortController();
      setTimeout(() => control.abort(new Error('enough')), 20);
      return { signal: control.signal, onProgress: () => new Promise<void>(() => {}), workers: 1 } as const;
    };
    await expect(search(space, { x, y }, { ...how, trials: 3, ...stop() })).rejects.toThrow('enough');
    await expect(crossValidate(network(2), { x, y }, { fit, folds: 2, ...stop() })).rejects.toThrow('enough');
  });

  it('says where nothing comes of build, fit or data', async () => {
    const none = (() => undefined) as never;
    await expect(search(space, { x, y }, { ...how, build: none })).rejects.toThrow('search: build: expected an arch');
    await expect(search(space, { x, y }, { ...how, fit: none })).rejects.toThrow('search: fit: expected a function');
    await expect(search(space, undefined as never, how)).rejects.toThrow('search: data: expected { x, y } in memory');
    const chunks = { chunks: () => [{ x, y }] } as never;
    await expect(crossValidate(network(2), chunks, { fit })).rejects.toThrow('crossValidate: data: expected { x, y }');
    await expect(crossValidate(undefined as never, { x, y }, { fit })).rejects.toThrow(
      'crossValidate: expected an arch',
    );
  });

  it('goes through a grid', async () => {
    const { trials } = await search(
      { units: integer(1, 3) },
      { x, y },
      { build: ({ units }) => network(units), fit, method: 'grid' },
    );
    expect(new Set(trials.map(({ settings }) => settings.units))).toEqual(new Set([1, 2, 3]));
  });
});

describe('a training that diverges', () => {
  const x = [1, 2, 3, 1e6, 2, 1, 3, 2, 1];
  const data = { x: x.map(value => [value]), y: x.map(value => value / 2) };
  const fit = { loss: 'meanSquaredError', optimizer: sgd({ learningRate: 0.01 }), epochs: 9, batchSize: 1 } as const;
  const network = sequential(1, [dense(1)]);

  it.each([1, 2])('is a trial with its error, behind all others, with %d workers', async workers => {
    const build = () => network;
    const plain = { x: data.x.slice(4), y: data.y.slice(4) };
    const { best, trials } = await search({ rate: choice(1e30, 0.01, 0.001) }, plain, {
      ...{ method: 'grid', build, workers },
      fit: ({ rate }) => ({ ...fit, optimizer: sgd({ learningRate: rate }) }),
    });
    expect(trials.map(({ settings }) => settings.rate)[2]).toBe(1e30);
    expect(trials[2]).toMatchObject({ score: Infinity, error: expect.stringMatching(/^fit: epoch 1.*finite/) });
    expect(trials[0]).toEqual(best);
    expect(best.score).toBeLessThan(Infinity);
    expect(best).not.toHaveProperty('error');
    const hopeless = search({ rate: choice(1e30, 1e31) }, plain, {
      ...{ method: 'grid', build, workers },
      fit: ({ rate }) => ({ ...fit, optimizer: sgd({ learningRate: rate }) }),
    });
    await expect(hopeless).rejects.toThrow(/^search: expected a training that stays finite, got none/);
  });

  it('is a fold with its error, which leaves no mean', async () => {
    const { folds, mean } = await crossValidate(network, data, { folds: 3, fit });
    const whole = folds.filter(({ error }) => error === undefined);
    expect(whole).toHaveLength(1);
    expect(Number.isFinite(whole[0]?.scores.loss)).toBe(true);
    for (const { error, scores } of folds) if (error !== undefined) expect(scores).toEqual({ loss: Number.NaN });
    expect(mean).toEqual({ loss: Number.NaN });
    const hopeless = { ...fit, optimizer: sgd({ learningRate: 1e30 }) };
    await expect(crossValidate(network, data, { folds: 3, fit: hopeless })).rejects.toThrow('stays finite, got none');
  });

  it('is no excuse for wrong options', async () => {
    const wrong = { fit: { ...fit, batchSize: -1 }, build: () => network };
    await expect(search({ rate: choice(1) }, data, wrong)).rejects.toThrow('batchSize');
  });
});
