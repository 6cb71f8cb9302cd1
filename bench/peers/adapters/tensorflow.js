/** TensorFlow.js, its WebAssembly or its plain JavaScript: `tensorflow.js wasm|cpu`. */
import { factor, Unable } from '../../../src/bench/contest.js';
import { layersOf, readGiven } from '../../../src/bench/given.js';
import { load } from '../../../src/bench/installed.js';
import { networkOf } from './tensorflowLayers.js';

/** Multiply-adds that plain JavaScript does in some seconds. */
const SECONDS_OF_WORK = 2 ** 28;
const losses = {
  sparseCategoricalCrossEntropy: 'categoricalCrossentropy',
  binaryCrossEntropy: 'binaryCrossentropy',
  meanSquaredError: 'meanSquaredError',
};

export async function open(backend) {
  const { names: tf, version } = await load('@tensorflow/tfjs-core');
  const { names: tfLayers } = await load('@tensorflow/tfjs-layers');
  const { names: own, folder } = await load(`@tensorflow/tfjs-backend-${backend}`);
  own.setWasmPaths?.(`${folder}/`);
  await tf.setBackend(backend);
  await tf.ready();

  function modelOf(task, parameters) {
    if (!task.chain) return networkOf(tf, tfLayers, task, parameters);
    const { widths, activations } = task.chain;
    const model = tfLayers.sequential();
    activations.forEach((activation, layer) => {
      const shape = layer === 0 ? { inputShape: [widths[0]] } : {};
      model.add(tfLayers.layers.dense({ units: widths[layer + 1], activation, ...shape }));
    });
    const values = layersOf(widths, parameters).flatMap(({ inputs, outputs, weight, bias }) => [
      tf.tensor2d(weight, [inputs, outputs]),
      tf.tensor1d(bias),
    ]);
    model.setWeights(values);
    tf.dispose(values);
    return model;
  }

  function training(task) {
    const { x, y, parameters, order } = readGiven(task);
    const { rows, batchSize, loss, learningRate } = task;
    const model = modelOf(task, parameters);
    const optimizer =
      task.optimizer === 'adam' ? tf.train.adam(learningRate, 0.9, 0.999, 1e-8) : tf.train.sgd(learningRate);
    model.compile({ optimizer, loss: losses[loss] });
    const outputs = model.outputShape.at(-1);
    const samples = tf.tensor(x, [rows, ...model.inputs[0].shape.slice(1)]);
    const labels = loss === 'sparseCategoricalCrossEntropy';
    const targets = labels
      ? tf.cast(tf.oneHot(tf.tensor1d(y, 'int32'), outputs), 'float32')
      : tf.tensor2d(y, [rows, outputs]);
    let epochs = 0;
    let cost = Number.NaN;
    return {
      async run() {
        // Rows put in order beforehand: it shuffles by itself alone.
        const rowsOf = tf.tensor1d(order(epochs++), 'int32');
        const [inOrder, targetsInOrder] = [tf.gather(samples, rowsOf), tf.gather(targets, rowsOf)];
        const settings = { epochs: 1, batchSize, shuffle: false, verbose: 0, yieldEvery: 'never' };
        const { history } = await model.fit(inOrder, targetsInOrder, settings);
        tf.dispose([rowsOf, inOrder, targetsInOrder]);
        cost = history.loss[0];
        return rows;
      },
      cost: () => cost,
      drop: () => tf.dispose([samples, targets, model.getWeights()]),
    };
  }

  function inference(task) {
    const { x, parameters } = readGiven(task);
    const { batchSize } = task;
    const model = modelOf(task, parameters);
    const shape = [batchSize, ...model.inputs[0].shape.slice(1)];
    const batch = x.slice(
      0,
      shape.reduce((product, axis) => product * axis, 1),
    );
    const predict = () => tf.tidy(() => model.predict(tf.tensor(batch, shape)).dataSync());
    return {
      output: [...predict().subarray(0, 64)],
      run() {
        predict();
        return batchSize;
      },
      drop: () => tf.dispose(model.getWeights()),
    };
  }

  function product({ rows, inputs, outputs }) {
    if (backend === 'cpu' && rows * inputs * outputs > SECONDS_OF_WORK) throw new Unable('it would take minutes');
    const of = (height, width, more) =>
      tf.tensor2d(
        Float32Array.from({ length: height * width }, (_, i) => factor(i + more)),
        [height, width],
      );
    const [a, b] = [of(rows, inputs, 0), of(inputs, outputs, 1)];
    const multiply = () => tf.tidy(() => tf.matMul(a, b).dataSync());
    return {
      output: [...multiply().subarray(0, Math.min(8, outputs))],
      run() {
        multiply();
        return rows * inputs * outputs;
      },
      drop: () => tf.dispose([a, b]),
    };
  }

  return {
    name: `TensorFlow.js ${backend}`,
    version,
    prepare(task) {
      if (task.kind === 'training') return training(task);
      if (task.kind === 'inference') return inference(task);
      if (task.kind === 'product' && task.way === 'forward') return product(task);
      throw new Unable('none of its own');
    },
  };
}
