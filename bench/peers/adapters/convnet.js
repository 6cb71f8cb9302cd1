/** ConvNetJS, which takes rows one at a time, sums their gradients up, and has no Adam. */
import { Unable } from '../../../src/bench/contest.js';
import { layersOf, readGiven } from '../../../src/bench/given.js';
import { load } from '../../../src/bench/installed.js';

const ACTIVATIONS = ['relu', 'tanh', 'sigmoid'];

function definitionOf({ chain, loss }) {
  if (!chain) throw new Unable('fully connected layers alone');
  const { widths, activations } = chain;
  if (loss === 'binaryCrossEntropy') throw new Unable('no cross-entropy of a sigmoid');
  const hidden = widths.slice(1, -1).map((units, layer) => {
    const activation = activations[layer];
    if (!ACTIVATIONS.includes(activation)) throw new Unable(`no ${activation} inside`);
    return { type: 'fc', num_neurons: units, activation };
  });
  const classes = loss === 'sparseCategoricalCrossEntropy';
  if (!classes && activations.at(-1) !== 'linear') throw new Unable(`no ${activations.at(-1)} at its end`);
  const end = classes
    ? { type: 'softmax', num_classes: widths.at(-1) }
    : { type: 'regression', num_neurons: widths.at(-1) };
  return [{ type: 'input', out_sx: 1, out_sy: 1, out_depth: widths[0] }, ...hidden, end];
}

export async function open() {
  const { names, version } = await load('convnetjs');

  function networkOf(task, parameters) {
    const network = new names.Net();
    network.makeLayers(definitionOf(task));
    const layers = layersOf(task.chain.widths, parameters);
    network.layers
      .filter(({ layer_type: type }) => type === 'fc')
      .forEach(({ filters, biases }, l) => {
        const { inputs, outputs, weight, bias } = layers[l];
        for (let o = 0; o < outputs; o++) {
          for (let i = 0; i < inputs; i++) filters[o].w[i] = weight[i * outputs + o];
          biases.w[o] = bias[o];
        }
      });
    return network;
  }

  return {
    name: 'ConvNetJS',
    version,
    prepare(task) {
      if (task.kind !== 'training' && task.kind !== 'inference') throw new Unable('networks alone');
      const { rows, batchSize, learningRate, optimizer, chain, loss } = task;
      const { x, y, parameters, order } = readGiven(task);
      const network = networkOf(task, parameters);
      const [inputs, outputs] = [chain.widths[0], chain.widths.at(-1)];
      const volumes = Array.from({ length: rows }, (_, row) => {
        const volume = new names.Vol(1, 1, inputs, 0);
        for (let i = 0; i < inputs; i++) volume.w[i] = x[row * inputs + i];
        return volume;
      });
      if (task.kind === 'inference') {
        const predict = row => network.forward(volumes[row]).w;
        return {
          output: [...predict(0)].slice(0, 64),
          run() {
            for (let row = 0; row < batchSize; row++) predict(row);
            return batchSize;
          },
        };
      }
      const labels = loss === 'sparseCategoricalCrossEntropy';
      const target = row => (labels ? y[row] : [...y.subarray(row * outputs, (row + 1) * outputs)]);
      const settings = { method: 'sgd', learning_rate: learningRate, momentum: 0, batch_size: batchSize, l2_decay: 0 };
      const trainer = new names.Trainer(network, settings);
      let epochs = 0;
      let cost = Number.NaN;
      const reason =
        optimizer === 'adam'
          ? 'it has no Adam, and takes plain gradient descent'
          : !labels && 'it halves the squared error, and does not average it';
      return {
        ...(reason ? { notComparable: reason } : {}),
        run() {
          let sum = 0;
          for (const row of order(epochs++)) sum += trainer.train(volumes[row], target(row)).cost_loss;
          cost = sum / rows;
          return rows;
        },
        ...(reason ? {} : { cost: () => cost }),
      };
    },
  };
}
