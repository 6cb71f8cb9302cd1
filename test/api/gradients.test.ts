/** Gradients of the inputs, of training steps, and given ones in place of targets and loss. */
import { describe, expect, it } from 'vitest';
import {
  add,
  batchNormalization,
  dense,
  dropout,
  flatten,
  graph,
  layerNormalization,
  Model,
  sequential,
  sgd,
} from '../../src/entries/node.js';
import { at } from '../reference/activations.js';
import { labels, numbers } from '../reference/data.js';
import { expectClose } from '../reference/golden.js';

const [rows, inputs, classes] = [7, 6, 3];
const x = numbers(rows * inputs, 1);
const y = labels(rows, classes, 2);
const loss = 'sparseCategoricalCrossEntropy';

const networks = {
  'a chain': sequential(inputs, [dense(17, { activation: 'tanh' }), dense(classes, { activation: 'softmax' })]),
  'a frozen start': sequential(inputs, [
    dense(9, { activation: 'gelu', trainable: false }),
    layerNormalization(),
    dense(classes, { activation: 'softmax' }),
  ]),
  'samples with positions': sequential(
    [2, 3],
    [dense(5, { activation: 'tanh' }), flatten(), dense(classes, { activation: 'softmax' })],
  ),
  'an input that two read': graph(inputs, input => {
    const h = input.to(dense(inputs, { activation: 'tanh' }));
    return add(input, h).to(dense(classes, { activation: 'softmax' }));
  }),
};

describe.each(Object.entries(networks))('%s', (_, architecture) => {
  it('has the gradient of its input, as finite differences say', async () => {
    const model = await Model.create(architecture, { seed: 3 });
    const { cost, gradients } = model.gradients(x, y, { loss, inputs: true });
    const without = model.gradients(x, y, { loss });
    expect(cost).toBe(without.cost);
    const { input = new Float32Array(), ...others } = gradients;
    expect(others).toEqual(without.gradients);
    const h = 0.02;
    const slopes = Float64Array.from(x, (_, i) => {
      const moved = (by: number) =>
        model.cost(
          x.map((value, k) => (k === i ? value + by : value)),
          y,
          { loss },
        );
      return (moved(h) - moved(-h)) / (2 * h);
    });
    expectClose(input, slopes, 2e-4, 'gradient of the input');
  });

  it('learns from given gradients as from the loss that has them', async () => {
    const targets = numbers(rows * classes, 9);
    const options = { loss: 'meanSquaredError', optimizer: 'adam', batchSize: 8 } as const;
    const [one, two] = [await Model.create(architecture), await Model.create(architecture)];
    const [byLoss, byGradient] = [await one.trainer(options), await two.trainer(options)];
    for (let step = 0; step < 4; step++) {
      const made = two.predict(x);
      const gradient = made.map((value, i) => (2 * (value - at(targets, i))) / (rows * classes));
      byLoss.stepSync(x, targets);
      // Some steps by the loss between those by its gradient: the optimiser goes on.
      if (step === 1) byGradient.stepSync(x, targets);
      else expect(step === 2 ? await byGradient.step(x, { gradient }) : byGradient.stepSync(x, { gradient })).toBe(0);
      one.parameters.forEach(({ name, data }, index) => {
        expectClose(two.parameters[index]?.data ?? [], data, 1e-4, `${name} after step ${step}`);
      });
    }
    expect(byGradient.steps).toBe(4);
  });
});

it('as training does: of the masks that the next step has, or those of a seed', async () => {
  const layers = [
    dense(33, { activation: 'relu' }),
    batchNormalization(),
    dropout(0.5),
    dense(classes, { activation: 'softmax' }),
  ];
  const model = await Model.create(sequential(inputs, layers), { seed: 5 });
  const trainer = await model.trainer({ loss, optimizer: sgd({ learningRate: 1 }), batchSize: rows });
  for (let step = 0; step < 2; step++) {
    const { gradients } = model.gradients(x, y, { loss, training: true });
    const before = model.parameters;
    trainer.stepSync(x, y);
    for (const { name, data, trainable } of model.parameters) {
      const earlier = before.find(parameter => parameter.name === name)?.data ?? data;
      if (trainable)
        expectClose(
          data,
          earlier.map((value, i) => value - at(gradients[name] ?? [], i)),
          1e-6,
          name,
        );
    }
  }
  const seeded = (seed: number) => model.gradients(x, y, { loss, training: true, seed });
  expect(seeded(1)).toEqual(seeded(1));
  expect(seeded(1)).not.toEqual(seeded(2));
  expect(model.gradients(x, y, { loss })).toEqual(model.gradients(x, y, { loss, training: false }));
});

it('takes given gradients on threads, with the same bits', async () => {
  const architecture = sequential(64, [dense(256, { activation: 'relu' }), dropout(0.3), dense(200)]);
  const samples = numbers(128 * 64, 4);
  const trained = await Promise.all(
    [1, 2, 3].map(async threads => {
      const model = await Model.create(architecture, { seed: 1 });
      const trainer = await model.trainer({ loss: 'meanSquaredError', optimizer: 'adam', batchSize: 128, threads });
      for (let step = 0; step < 3; step++) await trainer.step(samples, { gradient: numbers(128 * 200, step) });
      await trainer.fit({ x: samples, y: numbers(128 * 200, 7) });
      return model.toBytes();
    }),
  );
  expect(trained[1]).toEqual(trained[0]);
  expect(trained[2]).toEqual(trained[0]);
});

it('refuses gradients that are not one finite number for each output, before any work', async () => {
  const model = await Model.create(networks['a chain']);
  const trainer = await model.trainer({ loss, optimizer: 'sgd' });
  const before = model.toBytes();
  const refused = (gradient: unknown) => () => trainer.stepSync(x, { gradient } as { gradient: Float32Array });
  const expected = 'step: gradient: expected 21 numbers, one for each output of each row, got';
  expect(refused(new Float32Array(20))).toThrow(`${expected} 20 numbers`);
  expect(refused('all')).toThrow(TypeError);
  expect(refused(new Float32Array(21).fill(Number.NaN))).toThrow(/finite numbers, got NaN in row 0, column 0/);
  expect(refused([...new Float32Array(20), Number.POSITIVE_INFINITY])).toThrow(/got Infinity in row 6, column 2/);
  expect(() => trainer.stepSync(x, { gradient: new Float32Array(21), y } as never)).toThrow(/'y'/);
  expect(() => model.gradients(x, y, { loss, seed: 3 })).toThrow(/training/);
  expect(() => model.gradients(x, y, { loss, inputs: 1 as never })).toThrow(TypeError);
  expect(model.toBytes()).toEqual(before);
});
