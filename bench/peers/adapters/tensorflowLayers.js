/** Networks of images and sequences in TensorFlow.js, from an architecture's JSON: the layers are Keras's there too. */
import { Unable } from '../../../src/bench/contest.js';

/** What the layers have in common of convolutions. */
function window({ kernelSize, strides, padding, dilation, groups = 1, useBias, activation }) {
  if (groups !== 1) throw new Unable('no groups of channels');
  return { kernelSize, strides, padding, dilationRate: dilation, useBias, activation: activation.kind };
}

/** Of each kind the layer's maker there, what it takes, and the names of its parameters in the order it has them. */
const kinds = {
  conv2d: layer => ['conv2d', { ...window(layer), filters: layer.filters }, ['weight', 'bias']],
  conv1d: layer => ['conv1d', { ...window(layer), filters: layer.filters }, ['weight', 'bias']],
  depthwiseConv2d: layer => ['depthwiseConv2d', { ...window(layer), depthMultiplier: 1 }, ['weight', 'bias']],
  maxPool2d: ({ poolSize, strides, padding }) => ['maxPooling2d', { poolSize, strides, padding }, []],
  maxPool1d: ({ poolSize, strides, padding }) => ['maxPooling1d', { poolSize, strides, padding }, []],
  globalAveragePool2d: () => ['globalAveragePooling2d', {}, []],
  globalAveragePool1d: () => ['globalAveragePooling1d', {}, []],
  batchNormalization: ({ epsilon, momentum }) => [
    'batchNormalization',
    { epsilon, momentum },
    ['gamma', 'beta', 'movingMean', 'movingVariance'],
  ],
  activation: ({ activation }) => ['activation', { activation: activation.kind }, []],
  flatten: () => ['flatten', {}, []],
  add: () => ['add', {}, []],
  dense: ({ units, useBias, activation }) => [
    'dense',
    { units, useBias, activation: activation.kind },
    ['weight', 'bias'],
  ],
  lstm: ({ units, returnSequences, goBackwards }) => [
    'lstm',
    { units, returnSequences, goBackwards, recurrentActivation: 'sigmoid' },
    ['weight', 'recurrentWeight', 'bias'],
  ],
};

/** The model of a task that is no chain of fully connected layers; `parameters` lie one behind the other. */
export function networkOf(tf, tfLayers, task, parameters) {
  const { layers, inputShape, from, outputs = layers.length - 1 } = JSON.parse(task.architecture);
  const given = {};
  let start = 0;
  for (const { name, shape } of task.parameters) {
    const length = shape.reduce((product, axis) => product * axis, 1);
    given[name] = tf.tensor(parameters.slice(start, start + length), shape);
    start += length;
  }
  const input = tfLayers.input({ shape: inputShape });
  const values = [];
  const made = layers.map((layer, place) => {
    const kind = kinds[layer.kind];
    if (!kind) throw new Unable(`no ${layer.kind} here`);
    const [maker, options, names] = kind(layer);
    const sources = (from?.[place] ?? [place - 1]).map(source => values[source] ?? input);
    const own = tfLayers.layers[maker](options);
    values.push(own.apply(sources.length > 1 ? sources : sources[0]));
    return { own, names: names.map(name => `${place}.${layer.kind}.${name}`).filter(name => name in given) };
  });
  const model = tfLayers.model({ inputs: input, outputs: values[outputs] });
  for (const { own, names } of made) if (names.length > 0) own.setWeights(names.map(name => given[name]));
  tf.dispose(Object.values(given));
  return model;
}
