/** Schedules against PyTorch's rates, and training by them: the steps' rates, resumption, and what is refused. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  cosineDecay,
  cosineRestarts,
  dense,
  exponentialDecay,
  type LearningRate,
  Model,
  oneCycle,
  piecewise,
  polynomialDecay,
  reduceOnPlateau,
  rprop,
  type Schedule,
  sequential,
  sgd,
  stepDecay,
  Trainer,
} from '../../src/entries/node.js';
import { rateAt, resolveRate, scheduleNames } from '../../src/optimizers/schedules.js';
import { numbers } from '../reference/data.js';

const { schedules } = JSON.parse(
  readFileSync(new URL('../fixtures/golden/schedules.json', import.meta.url), 'utf8'),
) as { schedules: Record<string, readonly number[]> };

const golden: Record<string, Schedule> = {
  'step every 10 by 0.5': stepDecay({ initial: 0.1, every: 10, factor: 0.5 }),
  'at 5, 20 by 0.1': piecewise({ values: [0.1, 0.01, 0.001], boundaries: [5, 20] }),
  'exponential 0.9': exponentialDecay({ initial: 0.1, factor: 0.9 }),
  'cosine over 40 to 0.001': cosineDecay({ initial: 0.1, final: 0.001, steps: 40 }),
  'cosine warm restarts 10, doubling': cosineRestarts({ initial: 0.1, steps: 10, multiply: 2 }),
  'one cycle, 40 steps, peak 0.1': oneCycle({ peak: 0.1, steps: 40 }),
  'polynomial power 2 over 30 to 0.01': polynomialDecay({ initial: 0.1, final: 0.01, steps: 30, power: 2 }),
  'linear warm-up 8 then cosine over 32 to 0': cosineDecay({ initial: 0.1, steps: 32, warmup: 8 }),
};

describe('schedules', () => {
  it.each(Object.entries(golden))('%s', (name, schedule) => {
    const want = schedules[name] ?? [];
    expect(want.length).toBeGreaterThan(30);
    want.forEach((rate, step) => {
      expect(Math.abs(rateAt(schedule, step) - rate), `step ${step}`).toBeLessThan(1e-9);
    });
  });

  it('each is in the golden file, and is plain data', () => {
    expect(new Set(Object.values(golden).map(({ kind }) => kind))).toEqual(new Set(scheduleNames));
    for (const schedule of Object.values(golden)) {
      expect(resolveRate('test', JSON.parse(JSON.stringify(schedule)))).toEqual(schedule);
    }
  });

  it('one cycle that rises in all of its steps is at the peak in the last one, as PyTorch’s with pct_start 1', () => {
    const rising = oneCycle({ peak: 0.1, steps: 4, rising: 1 });
    const want = [0.004, 0.028, 0.076, 0.1, 4e-7];
    want.forEach((rate, step) => {
      expect(rateAt(rising, step), `step ${step}`).toBeCloseTo(rate, 12);
    });
  });

  it('those that end stay at their end', () => {
    expect(rateAt(polynomialDecay({ initial: 1, final: 0.25, steps: 3, power: 0.5 }), 1e6)).toBe(0.25);
    expect(rateAt(cosineDecay({ initial: 1, final: 0.25, steps: 3 }), 1e6)).toBe(0.25);
    expect(rateAt(oneCycle({ peak: 1, steps: 9 }), 1e6)).toBeCloseTo(4e-6, 12);
    expect(rateAt(cosineRestarts({ initial: 1, steps: 4 }), 4e6)).toBe(1);
  });
});

const [ROWS, INPUTS] = [41, 3];
const data = { x: numbers(ROWS * INPUTS, 1), y: numbers(ROWS, 2) };
const create = () => Model.create(sequential(INPUTS, [dense(4, { activation: 'tanh' }), dense(1)]), { seed: 4 });
const options = (learningRate: LearningRate) =>
  ({ loss: 'meanSquaredError', optimizer: sgd({ learningRate, momentum: 0.9 }), batchSize: 4 }) as const;
const bitsOf = (model: Model) => model.parameters.map(({ data: values }) => [...values]);

describe('training by a schedule', () => {
  it('takes each step by its rate, whether in fits or alone', async () => {
    const schedule = cosineDecay({ initial: 0.2, steps: 9, warmup: 3 });
    const models = await Promise.all([create(), create(), create()]);
    const [one, other, third] = await Promise.all(models.map(model => model.trainer(options(schedule))));
    await one?.fit(data, { epochs: 2, shuffle: false });
    const asked: number[] = [];
    await models[1]?.fit(data, {
      ...options(step => asked.push(step) && rateAt(schedule, step)),
      epochs: 2,
      shuffle: false,
    });
    for (let step = 0; step < 22; step++) {
      const [first, last] = [(step % 11) * 4, Math.min(((step % 11) + 1) * 4, ROWS)];
      third?.stepSync(data.x.subarray(first * INPUTS, last * INPUTS), data.y.subarray(first, last));
    }
    expect(bitsOf(models[1] as Model)).toEqual(bitsOf(models[0] as Model));
    expect(bitsOf(models[2] as Model)).toEqual(bitsOf(models[0] as Model));
    expect([...new Set(asked)]).toEqual(Array.from({ length: 22 }, (_, step) => step));
    other?.dispose();
    const constant = await create();
    await constant.fit(data, { ...options(0.2), epochs: 2, shuffle: false });
    expect(bitsOf(constant)).not.toEqual(bitsOf(models[0] as Model));
  });

  it('takes more steps in an epoch than there is room for rates', async () => {
    const long = { x: numbers(2500 * INPUTS, 1), y: numbers(2500, 2) };
    const decay = exponentialDecay({ initial: 0.1, factor: 0.999 });
    const [model, other] = [await create(), await create()];
    await model.fit(long, { ...options(decay), batchSize: 1, shuffle: false });
    const trainer = await other.trainer({ ...options(decay), batchSize: 1 });
    for (let row = 0; row < 2500; row++) {
      trainer.stepSync(long.x.subarray(row * INPUTS, (row + 1) * INPUTS), long.y.subarray(row, row + 1));
    }
    expect(bitsOf(other)).toEqual(bitsOf(model));
  });

  it('goes on where it was; a function is to be given again', async () => {
    for (const rate of [oneCycle({ peak: 0.2, steps: 30 }), (step: number) => 0.2 / (1 + step)]) {
      const model = await create();
      const trainer = await model.trainer(options(rate));
      await trainer.fit(data);
      const bytes = trainer.toBytes();
      if (typeof rate === 'function') {
        await expect(Trainer.fromBytes(bytes)).rejects.toThrow(/learningRate: .*function.*give it again/);
      }
      const resumed = await Trainer.fromBytes(bytes, typeof rate === 'function' ? { learningRate: rate } : {});
      await Promise.all([trainer.fit(data), resumed.fit(data)]);
      expect(bitsOf(resumed.model)).toEqual(bitsOf(model));
    }
  });

  it('refuses rates that are none, before those steps', async () => {
    const model = await create();
    const before = bitsOf(model);
    const refuse = (rate: LearningRate, message: RegExp) =>
      expect(model.fit(data, options(rate))).rejects.toThrow(message);
    await refuse(() => Number.NaN, /fit: learningRate of step 0: .*>= 0.*NaN/);
    await refuse(() => -0.1, /fit: learningRate of step 0: .*-0\.1/);
    expect(bitsOf(model)).toEqual(before);
    await refuse(step => (step === 5 ? Number.NaN : 0.1), /fit: learningRate of step 5/);
    const trainer = await model.trainer(options(() => Number.NaN));
    expect(() => trainer.stepSync(numbers(INPUTS, 1), [1])).toThrow(/step: learningRate of step 0/);
    await expect(
      model.fit(data, {
        ...options(stepDecay({ initial: 1, every: 2 })),
        callbacks: [reduceOnPlateau({ monitor: 'loss' })],
      }),
    ).rejects.toThrow(/reduceOnPlateau.*learningRate/);
  });

  it('refuses schedules that make no sense', () => {
    const loosely = (value: unknown) => value as never;
    expect(() => stepDecay({ initial: 1, every: 0 })).toThrow(/stepDecay: every/);
    expect(() => exponentialDecay({ initial: -1, factor: 1 })).toThrow(/exponentialDecay: initial/);
    expect(() => piecewise({ values: [1], boundaries: [2] })).toThrow(/piecewise: values: .*2, one more/);
    expect(() => piecewise({ values: [1, 2, 3], boundaries: [5, 5] })).toThrow(/boundaries\[1\]/);
    expect(() => piecewise(loosely({ values: 1, boundaries: [] }))).toThrow(/an array of rates/);
    expect(() => polynomialDecay({ initial: 1, steps: 3, power: 0 })).toThrow(/power/);
    expect(() => cosineDecay({ initial: 1, steps: 1.5 })).toThrow(/cosineDecay: steps/);
    expect(() => cosineRestarts({ initial: 1, steps: 2, multiply: 0 })).toThrow(/multiply/);
    expect(() => oneCycle({ peak: 1, steps: 10, rising: 2 })).toThrow(/oneCycle: rising/);
    expect(() => sgd({ learningRate: loosely({ kind: 'cosine' }) })).toThrow(/cosine/);
    expect(() => rprop({ learningRate: loosely(() => 1) })).toThrow(/rprop: learningRate/);
  });
});
