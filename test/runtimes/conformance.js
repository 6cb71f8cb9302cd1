/**
 * What must come out alike in every runtime, from the packed package: predictions of one model file and some steps of training from it, bit for bit. Uses
 * nothing but what all of them have.
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

/** Predicts and trains with a whole entry of the package. */
export async function conformance({ Model, Trainer, adam }, file) {
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
  const trained = await hash([Float64Array.from([...costs, ...loss]), ...model.parameters.map(({ data }) => data)]);
  return { binary: model.backend.binary, predicted, trained };
}
