/**
 * Six whole networks against PyTorch's float64 values: output, cost, every gradient, ten steps of each optimiser, and
 * the minima of the regularised cost.
 */
import { describe, expect, it } from 'vitest';
import {
  type activation,
  adadelta,
  adagrad,
  adam,
  adamax,
  adamW,
  binaryCrossEntropy,
  type DenseOptions,
  dense,
  type Loss,
  l2,
  Model,
  nadam,
  type Optimizer,
  radam,
  rmsprop,
  rprop,
  sequential,
  sgd,
  sparseCategoricalCrossEntropy,
} from '../../src/entries/node.js';
import { at, sigmoid, softmax } from '../reference/activations.js';
import { expectClose, type GoldenLayer, type GoldenNetwork, goldenNetworks } from '../reference/golden.js';

type Activation = Parameters<typeof activation>[0];

/** What a good float32 implementation reaches, as the files' README says. */
const tolerance = 1e-6;
const toleranceAfterTenSteps = 1e-5;

const optimizers: Record<string, Optimizer> = {
  'sgd(0.1)': sgd({ learningRate: 0.1 }),
  'sgd(0.1, momentum 0.9)': sgd({ learningRate: 0.1, momentum: 0.9 }),
  'sgd(0.1, momentum 0.9, nesterov)': sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
  'sgd(0.1, weightDecay 0.01)': sgd({ learningRate: 0.1, weightDecay: 0.01 }),
  'adam(0.01)': adam({ learningRate: 0.01 }),
  'adam(0.01, amsgrad)': adam({ learningRate: 0.01, amsgrad: true }),
  'adamW(0.01, weightDecay 0.1)': adamW({ learningRate: 0.01, weightDecay: 0.1 }),
  'nadam(0.01)': nadam({ learningRate: 0.01 }),
  'radam(0.01)': radam({ learningRate: 0.01 }),
  'adamax(0.01)': adamax({ learningRate: 0.01 }),
  'rmsprop(0.01)': rmsprop(),
  'rmsprop(0.01, momentum 0.9, centered)': rmsprop({ momentum: 0.9, centered: true }),
  'adagrad(0.1)': adagrad({ learningRate: 0.1 }),
  'adadelta(1.0)': adadelta(),
  'rprop(0.01)': rprop(),
};

const hidden = { ReLU: 'relu', Tanh: 'tanh', GELU: 'gelu', Sigmoid: 'sigmoid', Softplus: 'softplus' } as const;

/** How each golden cost is written: with a linear last layer, and with the activation that makes probabilities. */
const written: Record<GoldenNetwork['loss'], { last: Activation; loss: Loss }[]> = {
  mse: [{ last: 'linear', loss: 'meanSquaredError' }],
  ce: [
    { last: 'linear', loss: sparseCategoricalCrossEntropy({ fromLogits: true }) },
    { last: 'softmax', loss: 'sparseCategoricalCrossEntropy' },
  ],
  bce: [
    { last: 'linear', loss: binaryCrossEntropy({ fromLogits: true }) },
    { last: 'sigmoid', loss: 'binaryCrossEntropy' },
  ],
};

/** Golden layers under myelin's names. */
function named(layers: GoldenLayer[]): Record<string, Float32Array> {
  return Object.fromEntries(
    layers.flatMap(({ weight, bias }, i) => [
      [`${i}.dense.weight`, Float32Array.from(weight)],
      [`${i}.dense.bias`, Float32Array.from(bias)],
    ]),
  );
}

async function build(
  { sizes, activation, parameters }: GoldenNetwork,
  last: Activation,
  options: DenseOptions = {},
): Promise<Model> {
  const widths = sizes.slice(1);
  const layers = widths.map((units, i) =>
    dense(units, { ...options, activation: i + 1 === widths.length ? last : hidden[activation] }),
  );
  const model = await Model.create(sequential([at(sizes, 0)], layers));
  model.setParameters(named(parameters));
  return model;
}

/** What the last layer must give: the golden logits, or the probabilities they stand for. */
function prediction({ output, sizes }: GoldenNetwork, last: Activation): Float64Array {
  const logits = Float64Array.from(output.data);
  if (last === 'softmax') return softmax.forward(logits, sizes.at(-1) ?? 1);
  return last === 'sigmoid' ? logits.map(sigmoid.value) : logits;
}

const variants = goldenNetworks().flatMap(network =>
  written[network.loss].map(({ last, loss }) => ({ name: network.name, last, loss, network })),
);

describe.each(variants)('$name with $last last', ({ network, last, loss }) => {
  const x = Float32Array.from(network.x.data);
  const y = network.loss === 'ce' ? Int32Array.from(network.y.data) : Float32Array.from(network.y.data);
  const rows = at(network.x.shape, 0);

  it('predicts', async () => {
    const model = await build(network, last);
    expectClose(model.predict(x), prediction(network, last), tolerance, 'predict');
    const { output, layers } = model.forward(x);
    expectClose(output, prediction(network, last), tolerance, 'forward');
    expect(layers.map(layer => [layer.name, layer.shape])).toEqual(
      network.sizes.slice(1).map((units, i) => [`${i}.dense`, [rows, units]]),
    );
    expect(layers.at(-1)?.data).toEqual(output);
  });

  it('cost and every gradient', async () => {
    const model = await build(network, last);
    expectClose([model.cost(x, y, { loss })], [network.cost], tolerance, 'cost');
    const { cost, gradients } = model.gradients(x, y, { loss });
    expectClose([cost], [network.cost], tolerance, 'cost with gradients');
    const want = named(network.gradients);
    expect(Object.keys(gradients).sort()).toEqual(Object.keys(want).sort());
    for (const [name, gradient] of Object.entries(want)) {
      expectClose(gradients[name] ?? [], gradient, tolerance, name);
    }
  });

  it.each(['lbfgs', 'conjugateGradient'] as const)('the minimum by %s', async optimizer => {
    const model = await build(network, last, { weightRegularizer: l2(0.01), biasRegularizer: l2(0.01) });
    const history = await model.fit({ x, y }, { loss, optimizer, epochs: 1000 });
    expect(history.stopped).toBe('converged');
    const found = history.loss.at(-1) ?? Number.NaN;
    // Without a hidden layer the problem is convex; elsewhere there are many minima, which may be lower.
    if (network.sizes.length === 2) expectClose([found], [network.minimum], 1e-4);
    else expect(found).toBeLessThan(network.minimum * 1.02);
    const penalty = model.parameters.flatMap(({ data }) => [...data]).reduce((sum, w) => sum + 0.01 * w * w, 0);
    expectClose([found], [model.cost(x, y, { loss }) + penalty], 1e-6, 'the model is the one of the last cost');
  });

  const runs = Object.entries(network.training).flatMap(([name, run]) => {
    const optimizer = optimizers[name];
    return optimizer === undefined ? [] : [{ name, run, optimizer }];
  });
  it.each(runs)('ten steps of $name', async ({ run, optimizer }) => {
    const model = await build(network, last);
    const trainer = await model.trainer({ loss, optimizer, batchSize: rows });
    const costs = run.costBeforeEachStep.map(() => trainer.stepSync(x, y));
    expectClose(costs, run.costBeforeEachStep, tolerance, 'cost before each step');
    const want = named(run.parametersAfter10Steps);
    for (const { name, data } of model.parameters) {
      expectClose(data, want[name] ?? [], toleranceAfterTenSteps, name);
    }
  });
});

it('runs every optimiser that is offered on some network', () => {
  const names = new Set(variants.flatMap(({ network }) => Object.keys(network.training)));
  expect(Object.keys(optimizers).filter(name => !names.has(name))).toEqual([]);
});
