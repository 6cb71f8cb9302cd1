/**
 * Trains small networks with everything there is (each activation, initialiser, optimiser, schedule, refinement and
 * cost, dropout, short batches, bytes for samples) with `deterministic: true`, and prints one hash of every bit that
 * came of it. The same seed must print the same hash on every engine.
 *
 *     node test/reproducible/train.js [SEED]     after `npm run build`; bun and deno run it too
 */
import { createHash } from 'node:crypto';
import process from 'node:process';
import {
  adam,
  conv2d,
  cosineDecay,
  cosineRestarts,
  cutout,
  dense,
  dropout,
  elu,
  exponentialDecay,
  flatten,
  gelu,
  huber,
  l1l2,
  l2,
  leakyRelu,
  Model,
  maxNorm,
  nonNegative,
  oneCycle,
  piecewise,
  polynomialDecay,
  randomBrightness,
  randomCrop,
  randomFlip,
  randomRotation,
  randomTranslation,
  rmsprop,
  sequential,
  sgd,
  sparseCategoricalCrossEntropy,
  stepDecay,
  sum,
  unitNorm,
  weighted,
} from '../../dist/entries/node.js';
import { initializerNames } from '../../dist/initializers/index.js';
import { activationNames } from '../../dist/layers/activations.js';
import { lossNames } from '../../dist/losses/index.js';
import { optimizerNames, ruleNames } from '../../dist/optimizers/index.js';

const seed = Number(process.argv[2] ?? 1);
const ROWS = 53;
const INPUTS = 19;
const OUTPUTS = 3;

const hash = createHash('sha256');

/** Adds numbers bit by bit. */
function add(numbers) {
  hash.update(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
}

// Samples are bytes of a multiplicative sequence: exact integers, the same everywhere.
const bytes = Uint8Array.from({ length: ROWS * INPUTS }, (_, i) => Math.imul(i + 1, 2654435761) >>> 24);
const labels = Uint8Array.from({ length: ROWS }, (_, row) => (bytes[row * INPUTS] ?? 0) % OUTPUTS);
const oneHot = Float32Array.from({ length: ROWS * OUTPUTS }, (_, i) =>
  Number(labels[Math.floor(i / OUTPUTS)] === i % OUTPUTS),
);
const samples = { x: bytes, scale: 1 / 255 };

// Everything by its name, and what has settings once more with others.
const activations = [...activationNames, leakyRelu({ slope: 0.2 }), elu({ alpha: 0.7 }), gelu({ approximate: 'tanh' })];
const losses = [
  ...lossNames,
  huber({ delta: 0.3 }),
  sum('meanSquaredError', weighted('logCosh', 2)),
  sparseCategoricalCrossEntropy({ labelSmoothing: 0.1 }),
];
const optimizers = [
  ...ruleNames,
  sgd({ momentum: 0.9, weightDecay: 0.01 }),
  sgd({ momentum: 0.9, nesterov: true }),
  adam({ weightDecay: 0.01 }),
  adam({ amsgrad: true }),
  rmsprop({ momentum: 0.9, centered: true }),
];
const rates = [
  stepDecay({ initial: 0.01, every: 7, factor: 0.5 }),
  piecewise({ values: [0.01, 0.005], boundaries: [9] }),
  exponentialDecay({ initial: 0.01, factor: 0.97 }),
  polynomialDecay({ initial: 0.01, final: 0.001, steps: 20, power: 1.5 }),
  cosineDecay({ initial: 0.01, steps: 20, warmup: 4 }),
  cosineRestarts({ initial: 0.01, steps: 5, multiply: 2 }),
  oneCycle({ peak: 0.01, steps: 28 }),
];
const refinements = [
  {},
  { clipNorm: 0.1 },
  { clipValue: 0.01, accumulationSteps: 3 },
  { averageDecay: 0.9 },
  { accumulationSteps: 2, averageDecay: 0.99, clipNorm: 0.5 },
];
const asked = [
  {},
  { weightRegularizer: l2(0.01), biasRegularizer: l2(0.01) },
  { weightRegularizer: l1l2(0.001, 0.01), weightConstraint: maxNorm(1) },
  { weightConstraint: unitNorm() },
  { weightConstraint: nonNegative(), learningRateFactor: 0.5 },
];

/** The activation that a network needs at its end for the cost of that name. */
function endingFor(loss) {
  if (loss === 'binaryCrossEntropy' || loss === 'focal') return 'sigmoid';
  if (loss === 'poisson') return 'softplus';
  return /ategoricalCross|klDivergence/.test(loss) ? 'softmax' : 'linear';
}

async function train(architecture, loss, optimizer, options = { batchSize: 8 }, x = samples) {
  const model = await Model.create(architecture, { seed, deterministic: true });
  const y = (loss.kind ?? loss) === 'sparseCategoricalCrossEntropy' ? labels : oneHot;
  for (const { data } of model.parameters) add(data);
  add(model.predict(x));
  const history = await model.fit({ ...x, y }, { loss, optimizer, epochs: 4, validation: { ...x, y }, ...options });
  add(Float64Array.from([...history.loss, ...history.valLoss]));
  for (const { data } of model.parameters) add(data);
  for (const layer of model.forward(x).layers) add(layer.data);
  const { cost, gradients } = model.gradients(x, y, { loss });
  add(Float64Array.of(cost));
  for (const gradient of Object.values(gradients)) add(gradient);
}

const turn = (choices, round) => choices[round % choices.length];

// One network a round, with the next of each list: as many as the longest has.
const rounds = Math.max(activations.length, initializerNames.length, losses.length, optimizers.length);
for (let round = 0; round < rounds; round++) {
  const loss = turn(losses, round);
  const architecture = sequential(INPUTS, [
    dense(21, { activation: turn(activations, round), weightInitializer: turn(initializerNames, round) }),
    dropout(0.3),
    dense(17, { activation: 'tanh', biasInitializer: 'randomNormal' }),
    dense(OUTPUTS, { activation: endingFor(loss.kind ?? loss) }),
  ]);
  await train(architecture, loss, turn(optimizers, round));
}

// The refinements of a step, each list by turns; and those optimisers that take all rows at once.
for (let round = 0; round < rates.length; round++) {
  const layers = [dense(21, { activation: 'relu', ...turn(asked, round) }), dense(OUTPUTS, { activation: 'softmax' })];
  const optimizer = adam({ learningRate: rates[round], weightDecay: 0.01, decayBiasesAndNorms: round % 2 === 0 });
  const more = { batchSize: 8, classWeights: [1, 2, 0.5], ...turn(refinements, round) };
  await train(sequential(INPUTS, layers), 'sparseCategoricalCrossEntropy', optimizer, more);
}
for (const optimizer of optimizerNames.filter(name => !ruleNames.includes(name))) {
  const layers = [dense(21, { activation: 'tanh', ...asked[1] }), dense(OUTPUTS, { activation: 'softmax' })];
  await train(sequential(INPUTS, layers), 'sparseCategoricalCrossEntropy', optimizer, { epochs: 30 });
}

// Images, changed at random in every way.
const images = { x: bytes.subarray(0, ROWS * 16), scale: 1 / 255 };
for (const change of [
  randomFlip(),
  randomTranslation(0.3, 0.2),
  randomRotation(0.2, { fillMode: 'wrap' }),
  randomCrop(3, 2),
  randomBrightness(0.3),
  cutout(2),
]) {
  const layers = [change, conv2d(5, 2, { activation: 'relu' }), flatten(), dense(OUTPUTS, { activation: 'softmax' })];
  await train(sequential([4, 4, 1], layers), 'sparseCategoricalCrossEntropy', 'adam', { batchSize: 8 }, images);
}

console.log(hash.digest('hex'));
