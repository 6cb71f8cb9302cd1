/**
 * What must come out alike in every runtime, from the packed package: predictions of one model file and some steps of
 * training from it, bit for bit. Uses nothing but what all of them have.
 */

/** Exact numbers from −1 to 1 that any engine makes alike. */
function samples(rows, columns) {
  return Float32Array.from({ length: rows * columns }, (_, i) => (Math.imul(i + 1, 2654435761) >> 24) / 128);
}

/** The architecture of the model file: what predicts differently while training is in it too. */
export function makeArchitecture({ sequential, dense, dropout }) {
  return sequential([19], [dense(33, { activation: 'tanh' }), dropout(0.25), dense(5, { activation: 'softmax' })]);
}

/** The same forward pass in float64, from the parameters: what every runtime's predictions are close to. */
function naivePredictions(parameters, x) {
  const [w1, b1, w2, b2] = parameters.map(({ data }) => data);
  const layer = (row, weight, bias) =>
    [...bias].map((b, o) => row.reduce((sum, v, i) => sum + v * weight[i * bias.length + o], b));
  const rows = Array.from({ length: x.length / 19 }, (_, r) => [...x.subarray(r * 19, r * 19 + 19)]);
  return rows.flatMap(row => {
    const z = layer(layer(row, w1, b1).map(Math.tanh), w2, b2).map(Math.exp);
    const sum = z.reduce((a, b) => a + b);
    return z.map(value => value / sum);
  });
}

async function hash(arrays) {
  const bytes = await new Blob(arrays).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...digest.subarray(0, 8)].map(byte => byte.toString(16).padStart(2, '0')).join('');
}

/** Predicts with any entry of the package. */
export async function predictions(Model, file) {
  const model = await Model.fromBytes(file, { deterministic: true });
  const x = samples(37, 19);
  const all = model.predict(x);
  const rows = new Float32Array(all.length);
  for (let row = 0; row < 37; row++) {
    model.predictInto(rows.subarray(row * 5, row * 5 + 5), x.subarray(row * 19, row * 19 + 19));
  }
  if (rows.some((value, i) => !Object.is(value, all[i]))) throw new Error('a row by itself is predicted otherwise');
  return { all, hash: await hash([all]) };
}

/** Networks of images and of sequences, each with the shape of its samples and the classes that it ends in. */
function deeperNetworks(myelin) {
  const { sequential, conv2d, batchNormalization, maxPool2d, depthwiseConv2d, globalAveragePool2d } = myelin;
  const { conv1d, lstm, gru, multiHeadAttention, layerNormalization, globalAveragePool1d, dense } = myelin;
  const end = dense(3, { activation: 'softmax' });
  const relu = { activation: 'relu', padding: 'same' };
  const image = [conv2d(6, 3, relu), batchNormalization(), maxPool2d(2), depthwiseConv2d(3, relu), conv2d(17, 3, relu)];
  const steps = [conv1d(5, 3, { padding: 'causal' }), lstm(9, { returnSequences: true }), multiHeadAttention(2, 4)];
  return [
    sequential([9, 7, 1], [...image, globalAveragePool2d(), end]),
    sequential([11, 3], [...steps, layerNormalization(), globalAveragePool1d(), end]),
    sequential([11, 3], [conv1d(5, 3, { padding: 'causal' }), gru(18, { returnSequences: true }), lstm(6), end]),
  ];
}

/** Reads a model with the entry that knows chains alone: it predicts the same, or names the entry that can. */
async function readChain(Chains, { architecture, file, x, predicted }) {
  const known = !architecture.layers.some(({ kind }) => kind === 'lstm');
  try {
    const chain = await Chains.fromBytes(file, { deterministic: true });
    if (!known || chain.predict(x).some((value, i) => !Object.is(value, predicted[i]))) {
      throw new Error('what was read as a chain predicts otherwise');
    }
  } catch (error) {
    if (known || !error.message.endsWith(`import Model from 'myelin/predict'`)) throw error;
  }
}

/** Trains those, and predicts with this entry and with those that only predict; gives all that must be alike. */
async function trainDeeper(myelin, Reader, Chains) {
  const results = [];
  for (const architecture of deeperNetworks(myelin)) {
    const model = await myelin.Model.create(architecture, { seed: 3, deterministic: true });
    const x = samples(
      40,
      architecture.inputShape.reduce((a, b) => a * b),
    );
    const y = Int32Array.from({ length: 40 }, (_, row) => (x[row * (x.length / 40)] + 1) * 1.49);
    const optimizer = myelin.adam({ learningRate: 0.01 });
    const history = await model.fit(
      { x, y },
      { loss: 'sparseCategoricalCrossEntropy', optimizer, epochs: 1, batchSize: 16 },
    );
    const predicted = model.predict(x);
    const reader = await Reader.fromBytes(model.toBytes(), { deterministic: true });
    if (reader.predict(x).some((value, i) => !Object.is(value, predicted[i]))) {
      throw new Error('what was read from a file predicts otherwise');
    }
    if (Chains) await readChain(Chains, { architecture, file: model.toBytes(), x, predicted });
    results.push(Float64Array.from(history.loss), predicted, ...model.parameters.map(({ data }) => data));
    if (!architecture.layers.some(({ kind }) => kind === 'gru')) continue;
    const stream = reader.stateful();
    let last = [];
    for (let step = 0; step < 11; step++) last = stream.step(x.subarray(step * 3, step * 3 + 3));
    if (last.some((value, i) => !Object.is(value, predicted[i]))) throw new Error('a stream goes along otherwise');
  }
  return results;
}

/**
 * Predicts and trains with a whole entry of the package; `Reader` is a Model of any entry, `Chains` one of the entry that
 * knows chains alone.
 */
export async function conformance(myelin, file, Reader = myelin.Model, Chains = undefined) {
  const { Model, Trainer, adam } = myelin;
  const { all, hash: predicted } = await predictions(Model, file);
  const model = await Model.fromBytes(file, { deterministic: true });
  const naive = naivePredictions(model.parameters, samples(37, 19));
  const worst = Math.max(...all.map((value, i) => Math.abs(value - naive[i])));
  if (!(worst < 1e-6)) throw new Error(`predictions are ${worst} away from the naive ones`);

  const x = samples(203, 19);
  const y = Int32Array.from({ length: 203 }, (_, row) => (x[row * 19] + 1) * 2.4);
  const options = { loss: 'sparseCategoricalCrossEntropy', optimizer: adam({ learningRate: 0.01 }), batchSize: 16 };
  const trainer = await model.trainer(options);
  const costs = [];
  for (let step = 0; step < 5; step++) {
    costs.push(await trainer.step(x.subarray(step * 304, step * 304 + 304), y.subarray(step * 16, step * 16 + 16)));
  }
  const { loss } = await trainer.fit({ x, y }, { epochs: 3 });
  if (!(loss[2] < loss[0])) throw new Error(`training does not lower the cost: ${loss}`);
  const resumed = await Trainer.fromBytes(trainer.toBytes());
  const after = await Promise.all([trainer, resumed].map(each => each.fit({ x, y })));
  if (!Object.is(after[0].loss[0], after[1].loss[0])) throw new Error('a resumed trainer goes on otherwise');
  const own = [Float64Array.from([...costs, ...loss]), ...model.parameters.map(({ data }) => data)];
  const trained = await hash([...own, ...(await trainDeeper(myelin, Reader, Chains))]);
  return { binary: model.backend.binary, predicted, trained };
}
