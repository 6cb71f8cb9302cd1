/** What the soak draws from: networks of every family, rows for them, and ways to train. All of it by the seed. */

export const INPUTS = 64;
export const CLASSES = 10;

/** A generator of numbers from 0 up to, not with, 1 (mulberry32). */
export function randomFrom(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const oneOf = (random, list) => list[Math.floor(random() * list.length)];

/** The layers before the last one, over 64 numbers a row; `steps` where these are a sequence of so many. */
export const networks = {
  dense: { layers: ({ dense, dropout }) => [dense(64, { activation: 'relu' }), dropout(0.1)] },
  wide: {
    layers: ({ dense, maxNorm }) => [dense(300, { activation: 'tanh', weightConstraint: maxNorm(2) }), dense(64)],
  },
  normed: {
    layers: ({ batchNormalization, dense, layerNormalization }) => [
      dense(32),
      batchNormalization(),
      dense(32, { activation: 'gelu' }),
      layerNormalization(),
    ],
  },
  images: {
    layers: ({ conv2d, flatten, maxPool2d, reshape }) => [
      reshape([8, 8, 1]),
      conv2d(4, 3, { activation: 'relu' }),
      maxPool2d(2),
      flatten(),
    ],
  },
  convolved: {
    layers: ({ activation, batchNormalization, conv2d, depthwiseConv2d, globalAveragePool2d, reshape }) => [
      reshape([8, 8, 1]),
      conv2d(16, 3, { padding: 'same' }),
      batchNormalization(),
      activation('relu'),
      depthwiseConv2d(3),
      globalAveragePool2d(),
    ],
  },
  recurrent: { steps: 16, layers: ({ gru, lstm }) => [lstm(8, { returnSequences: true }), gru(8)] },
  attentive: {
    steps: 16,
    layers: ({ globalAveragePool1d, multiHeadAttention }) => [multiHeadAttention(2, 4), globalAveragePool1d()],
  },
};

export function architecture(entry, kind) {
  const { layers, steps } = networks[kind];
  const shape = steps ? [steps, INPUTS / steps] : [INPUTS];
  return entry.sequential(shape, [...layers(entry), entry.dense(CLASSES, { activation: 'softmax' })]);
}

/** So many rows for a network of this kind; sequences may have lengths. */
export function rowsOf(random, kind, rows) {
  const shift = Math.floor(random() * 1000);
  const { steps } = networks[kind];
  const x = Float32Array.from({ length: rows * INPUTS }, (_, i) => (((i + shift) * 97) % 251) / 251 - 0.5);
  const y = Int32Array.from({ length: rows }, (_, row) => (row + shift) % CLASSES);
  if (!steps || random() < 0.5) return { x, y };
  return { x: { x, lengths: Int32Array.from({ length: rows }, (_, row) => 1 + ((row * 7 + shift) % steps)) }, y };
}

/** Rows for a fit: as they are, with weights, or in chunks of a few. */
export function dataFor(random, kind) {
  const data = rowsOf(random, kind, 200 + Math.floor(random() * 300));
  const way = random();
  if (way < 0.1) return { ...data, sampleWeights: Float32Array.from(data.y, (_, row) => (row % 5) / 2) };
  if (way > 0.2 || 'lengths' in data.x) return data;
  const { x, y } = data;
  const size = 1 + Math.floor(random() * 100);
  async function* chunks() {
    for (let row = 0; row < y.length; row += size) {
      yield { x: x.subarray(row * INPUTS, (row + size) * INPUTS), y: y.subarray(row, row + size) };
    }
  }
  return { chunks };
}

/** Networks whose cost is the same each time: full-batch optimisers train them too. */
const still = ['images', 'recurrent', 'attentive'];

/** What a trainer over all rows is asked for, now and then and of such networks. */
export function minimizingOf(random, kind) {
  if (!still.includes(kind) || random() > 0.2) return undefined;
  return { loss: 'sparseCategoricalCrossEntropy', optimizer: oneOf(random, ['lbfgs', 'conjugateGradient']) };
}

const optimizers = ['adadelta', 'adagrad', 'adam', 'adamW', 'adamax', 'lion', 'nadam', 'radam', 'rmsprop', 'sgd'];

/** What a trainer is asked for, but for its threads and its batch size; plain data, for any entry. */
export function optionsOf(random, { cosineDecay, stepDecay }) {
  const chance = share => random() < share;
  const learningRate = oneOf(random, [
    0.001,
    cosineDecay({ initial: 0.001, steps: 50 }),
    stepDecay({ initial: 0.001, every: 7 }),
  ]);
  return {
    loss: 'sparseCategoricalCrossEntropy',
    optimizer: { kind: oneOf(random, optimizers), learningRate },
    ...(chance(0.2) && { metrics: ['accuracy', 'rocAuc'] }),
    ...(chance(0.2) && { clipNorm: 1 }),
    ...(chance(0.2) && { clipValue: 0.5 }),
    ...(chance(0.2) && { accumulationSteps: 3 }),
    ...(chance(0.2) && { averageDecay: 0.9 }),
    ...(chance(0.2) && { classWeights: Array.from({ length: CLASSES }, (_, label) => 0.5 + label / CLASSES) }),
  };
}
