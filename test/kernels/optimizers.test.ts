/** Every optimiser against float64 over several steps, and what becomes of its state when gradients stay away. */
import { describe, expect, it } from 'vitest';
import { buffersOf, emitUpdate, type RuleConfig, ruleNames } from '../../src/optimizers/index.js';
import {
  adadelta,
  adagrad,
  adam,
  adamax,
  adamW,
  lion,
  nadam,
  radam,
  rmsprop,
  rprop,
  sgd,
} from '../../src/optimizers/kinds.js';
import { numbers } from '../reference/data.js';
import { expectClose } from '../reference/golden.js';
import * as reference from '../reference/optimizers.js';
import { Assembled } from '../support/assemble.js';
import { backends } from '../support/binaries.js';

const count = 37;

const cases: Record<string, [config: RuleConfig, twin: () => reference.Optimizer]> = {
  sgd: [sgd({ learningRate: 0.1 }), () => reference.sgd({ learningRate: 0.1 })],
  'sgd with decay': [
    sgd({ learningRate: 0.1, weightDecay: 0.05 }),
    () => reference.sgd({ learningRate: 0.1, weightDecay: 0.05 }),
  ],
  momentum: [sgd({ learningRate: 0.1, momentum: 0.9 }), () => reference.sgd({ learningRate: 0.1, momentum: 0.9 })],
  Nesterov: [
    sgd({ learningRate: 0.1, momentum: 0.8, nesterov: true }),
    () => reference.sgd({ learningRate: 0.1, momentum: 0.8, nesterov: true }),
  ],
  'Nesterov with decay': [
    sgd({ learningRate: 0.1, momentum: 0.8, nesterov: true, weightDecay: 0.05 }),
    () => reference.sgd({ learningRate: 0.1, momentum: 0.8, nesterov: true, weightDecay: 0.05 }),
  ],
  adam: [adam({ learningRate: 0.01 }), () => reference.adam({ learningRate: 0.01 })],
  'adam with decay and other betas': [
    adam({ learningRate: 0.01, beta1: 0.5, beta2: 0.9, epsilon: 1e-3, weightDecay: 0.05 }),
    () => reference.adam({ learningRate: 0.01, beta1: 0.5, beta2: 0.9, epsilon: 1e-3, weightDecay: 0.05 }),
  ],
  adamW: [adamW({ learningRate: 0.01 }), () => reference.adamW({ learningRate: 0.01 })],
  'adamW with much decay': [
    adamW({ learningRate: 0.01, weightDecay: 0.9 }),
    () => reference.adamW({ learningRate: 0.01, weightDecay: 0.9 }),
  ],
  amsgrad: [
    adam({ learningRate: 0.01, beta2: 0.9, amsgrad: true }),
    () => reference.adam({ learningRate: 0.01, beta2: 0.9, amsgrad: true }),
  ],
  nadam: [
    nadam({ learningRate: 0.01, momentumDecay: 0.3, weightDecay: 0.05 }),
    () => reference.nadam({ learningRate: 0.01, momentumDecay: 0.3, weightDecay: 0.05 }),
  ],
  radam: [radam({ learningRate: 0.01 }), () => reference.radam({ learningRate: 0.01 })],
  adamax: [adamax({ learningRate: 0.01, beta2: 0.9 }), () => reference.adamax({ learningRate: 0.01, beta2: 0.9 })],
  rmsprop: [
    rmsprop({ learningRate: 0.01, alpha: 0.9, weightDecay: 0.05 }),
    () => reference.rmsprop({ learningRate: 0.01, alpha: 0.9, weightDecay: 0.05 }),
  ],
  'rmsprop with momentum': [
    rmsprop({ learningRate: 0.01, momentum: 0.9 }),
    () => reference.rmsprop({ learningRate: 0.01, momentum: 0.9 }),
  ],
  'rmsprop, centered': [
    rmsprop({ learningRate: 0.01, alpha: 0.9, epsilon: 0.01, centered: true }),
    () => reference.rmsprop({ learningRate: 0.01, alpha: 0.9, epsilon: 0.01, centered: true }),
  ],
  'rmsprop, centered, with momentum': [
    rmsprop({ learningRate: 0.01, epsilon: 0.01, momentum: 0.5, centered: true }),
    () => reference.rmsprop({ learningRate: 0.01, epsilon: 0.01, momentum: 0.5, centered: true }),
  ],
  adagrad: [
    adagrad({ learningRate: 0.1, weightDecay: 0.05 }),
    () => reference.adagrad({ learningRate: 0.1, weightDecay: 0.05 }),
  ],
  adadelta: [adadelta({ learningRate: 0.7 }), () => reference.adadelta({ learningRate: 0.7 })],
  rprop: [
    rprop({ learningRate: 0.1, stepSizes: [0.01, 0.3] }),
    () => reference.rprop({ learningRate: 0.1, stepSizes: [0.01, 0.3] }),
  ],
  lion: [
    lion({ learningRate: 0.01, weightDecay: 0.5 }),
    () => reference.lion({ learningRate: 0.01, weightDecay: 0.5 }),
  ],
};

/** What never fades: a sum, a largest value, a size of its own. */
const lasting = /vMax|stepSize|\bu$|adagrad/;

it('none is forgotten', () => {
  expect(new Set(Object.values(cases).map(([config]) => config.kind))).toEqual(new Set(ruleNames));
});

describe.each(backends)('$binary', backend => {
  function assemble(config: RuleConfig) {
    const ops = new Assembled(backend, 1, builder => {
      const { data, gradient } = builder.parameter('w', [count]);
      emitUpdate(builder, config);
      const buffers = buffersOf(config).map(({ name }) => builder.region(`optimizer.${name}`, 0));
      if (!gradient) throw new Error('no gradient');
      return { data, gradient, buffers };
    });
    ops.set({ learningRate: config.learningRate as number });
    return ops;
  }

  it.each(Object.entries(cases))('%s goes where float64 goes', (_, [config, twin]) => {
    const ops = assemble(config);
    const { data, gradient } = ops.places;
    const begin = numbers(count, 1);
    const w = Float64Array.from(begin);
    const step = twin();
    ops.write(data, begin, count);
    for (let t = 1; t <= 20; t++) {
      // Some gradients are large, some small, and some vanish now and then.
      const g = numbers(count, t + 1).map((value, i) => (i % 5 === t % 5 ? 0 : value * (i % 3 === 0 ? 100 : 0.01)));
      ops.write(gradient, g, count);
      ops.set({ step: t });
      ops.run();
      step([w], [Float64Array.from(g)]);
      expectClose(ops.read(data, count, 1), w, 1e-5, `after step ${t}`);
    }
  });

  it.each(Object.entries(cases))(
    '%s lets its state fade to next to nothing, never to denormal numbers',
    (_, [config]) => {
      const ops = assemble(config);
      const { program, places } = ops;
      ops.write(places.data, new Float32Array(count), count);
      ops.write(places.gradient, numbers(count, 1), count);
      ops.set({ step: 1, learningRate: 0 });
      ops.run();
      ops.write(places.gradient, new Float32Array(count), count);
      const denormal = (value: number) => value !== 0 && Math.abs(value) < 2 ** -126;
      for (let round = 0; round < 1000; round++) {
        // 0.999 to the 80,000th power is far below anything float32 holds.
        program.run('ops', 80);
        if (places.buffers.some(buffer => program.floats(buffer).some(denormal)))
          throw new Error(`denormal, round ${round}`);
      }
      // What is added and taken away leaves a grid of such numbers, on which rounding holds the last steps before 0.
      for (const buffer of places.buffers.filter(({ name }) => !lasting.test(`${config.kind} ${name}`))) {
        const most = /\.(v|squares|steps)$/.test(buffer.name) ? 1e-34 : 1e-26;
        expect(Math.max(...program.floats(buffer).map(Math.abs)), buffer.name).toBeLessThan(most);
      }
    },
  );

  it.each([0, 1e-40])('adam with epsilon %d leaves parameters without a gradient alone, and others finite', epsilon => {
    for (const make of [adam, adamW]) {
      const ops = assemble(make({ epsilon, weightDecay: 0, learningRate: 0.01 }));
      const begin = numbers(count, 1);
      // From nothing, and by way of squares that are swept away, to the largest whose square is a float32.
      const g = begin.map((value, i) => (i % 3 === 0 ? 0 : Math.sign(value) * 10 ** ((i % 37) - 18)));
      ops.write(ops.places.data, begin, count);
      for (let step = 1; step <= 3; step++) {
        ops.write(ops.places.gradient, g, count);
        ops.set({ step });
        ops.run();
      }
      const moved = ops.read(ops.places.data, count, 1).map((value, i) => value - (begin[i] ?? 0));
      moved.forEach((by, i) => {
        if (g[i] === 0) expect(by).toBe(0);
        else expect(Math.abs(by)).toBeLessThan(0.5);
      });
    }
  });

  it.each(Object.entries(cases))('%s makes nothing of denormal gradients', (_, [config]) => {
    const ops = assemble(config);
    ops.write(
      ops.places.gradient,
      numbers(count, 1).map(value => value * 1e-40),
      count,
    );
    ops.set({ step: 1 });
    ops.run();
    for (const buffer of ops.places.buffers.filter(({ name }) => !/stepSize|\bu$/.test(name))) {
      expect(ops.program.floats(buffer).every(value => Object.is(value, 0))).toBe(true);
    }
  });
});
