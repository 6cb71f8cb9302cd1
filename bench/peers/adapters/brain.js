/** brain.js, which takes neither parameters to begin with nor batches: its figures are its own. */
import { Unable } from '../../../src/bench/contest.js';
import { readGiven } from '../../../src/bench/given.js';
import { load } from '../../../src/bench/installed.js';

const INSTEAD =
  'it begins with weights of its own, takes rows one at a time, and descends the squared error of sigmoids';

export async function open() {
  const { names, version } = await load('brain.js');
  return {
    name: 'brain.js',
    version,
    prepare(task) {
      if (task.kind !== 'training' && task.kind !== 'inference') throw new Unable('networks alone');
      const { chain, rows, learningRate, loss, batchSize } = task;
      if (!chain) throw new Unable('fully connected layers alone');
      const { x, y, order } = readGiven(task);
      const { widths, activations } = chain;
      const [inputs, outputs] = [widths[0], widths.at(-1)];
      const activation = ['relu', 'tanh', 'sigmoid'].includes(activations[0]) ? activations[0] : 'sigmoid';
      const network = new names.NeuralNetwork({ hiddenLayers: widths.slice(1, -1), activation });
      const target = row =>
        loss === 'sparseCategoricalCrossEntropy'
          ? Array.from({ length: outputs }, (_, o) => Number(o === y[row]))
          : [...y.subarray(row * outputs, (row + 1) * outputs)];
      const all = Array.from({ length: rows }, (_, row) => ({
        input: [...x.subarray(row * inputs, (row + 1) * inputs)],
        output: target(row),
      }));
      const settings = { iterations: 1, errorThresh: 1e-12, learningRate, momentum: 1e-12 };
      let epochs = 0;
      if (task.kind === 'training') {
        return {
          notComparable: INSTEAD,
          run() {
            const inOrder = Array.from(order(epochs++), row => all[row]);
            network.train(inOrder, settings);
            return rows;
          },
        };
      }
      network.train(all.slice(0, 2), settings);
      return {
        notComparable: INSTEAD,
        run() {
          for (let row = 0; row < batchSize; row++) network.run(all[row].input);
          return batchSize;
        },
      };
    },
  };
}
