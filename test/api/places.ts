/**
 * Every public function and option that takes a value: each is given one where it takes it, while all else is right.
 */
import { readFileSync } from 'node:fs';
import * as core from '../../src/entries/core.js';
import * as myelin from '../../src/entries/node.js';
import * as predict from '../../src/entries/predict.node.js';
import { partPlaces, readerPlaces } from './dataPlaces.js';

const { Architecture, dense, Model, sequential, Trainer } = myelin;

/** A way in. No value is a `never`, so that none is one that TypeScript would let pass. */
export type Place = (value: never) => unknown;

const x = new Float32Array(4);
const y = [0];
const data = { x, y };
const loss = 'sparseCategoricalCrossEntropy' as const;
const options = { loss, optimizer: 'sgd' } as const;
const numbers = { loss: 'meanSquaredError', optimizer: 'sgd' } as const;

/** A place for each of some options of one object. */
function each(where: string, names: readonly string[], take: (options: never) => unknown): Record<string, Place> {
  return Object.fromEntries(
    names.map(name => [`${where}: ${name}`, (value: never) => take({ [name]: value } as never)]),
  );
}

/** All of them by what they are. */
export async function makePlaces(): Promise<Readonly<Record<string, Place>>> {
  await core.init(readFileSync('wasm/simd.wasm'));
  const model = await Model.create(sequential(4, [dense(3, { activation: 'softmax' })]));
  const regressor = await Model.create(sequential(4, [dense(1)]));
  const trainer = await (await Model.create(model.architecture)).trainer(options);
  const file = model.toBytes();
  const predictor = await predict.Model.fromBytes(file);
  const quantized = await model.quantize({ weights: 'int8' });
  const indexed = await Model.create(sequential(4, [myelin.embeddingBag(8, 2)]));
  const adapted = await Model.create(
    sequential(4, [myelin.normalization(), dense(1), myelin.normalization({ invert: true })]),
  );
  const alone: Record<string, Place> = {
    'predict from indices': v => indexed.predict(v),
    'fit from indices': v => indexed.fit({ x: v, y: new Float32Array(2) }, numbers),
    'adapt: data': v => adapted.adapt(v),
    'adapt: x': v => adapted.adapt({ x: v, y }),
    'adapt: y': v => adapted.adapt({ x, y: v }),
    embedding: v => myelin.embedding(v, 2),
    'embedding: units': v => myelin.embedding(2, v),
    'embedding: options': v => myelin.embedding(2, 2, v),
    'embeddingBag: options': v => myelin.embeddingBag(2, 2, v),
    predict: v => model.predict(v),
    'myelin/predict: predict': v => predictor.predict(v),
    'predict of int8': v => quantized.predict(v),
    predictAsync: v => model.predictAsync(v),
    'predictAsync: options': v => model.predictAsync(x, v),
    'predictInto: x': v => model.predictInto(new Float32Array(3), v),
    'predictInto: out': v => model.predictInto(v, x),
    forward: v => model.forward(v),
    'cost: x': v => model.cost(v, y, { loss }),
    'cost: y': v => model.cost(x, v, { loss }),
    'cost: y of numbers': v => regressor.cost(x, v, numbers),
    'cost: options': v => model.cost(x, y, v),
    'gradients: x': v => model.gradients(v, y, { loss }),
    'gradients: y': v => model.gradients(x, v, { loss }),
    'gradients: options': v => model.gradients(x, y, v),
    'evaluate: data': v => model.evaluate(v, { loss }),
    'evaluate: x': v => model.evaluate({ x: v, y }, { loss }),
    'evaluate: y': v => model.evaluate({ x, y: v }, { loss }),
    'evaluate: scale': v => model.evaluate({ x: new Uint8Array(4), y, scale: v }, { loss }),
    'evaluate: options': v => model.evaluate(data, v),
    'evaluate: a metric': v => model.evaluate(data, { loss, metrics: [v] }),
    'fit: data': v => model.fit(v, options),
    'fit: x': v => model.fit({ x: v, y }, options),
    'fit: y': v => model.fit({ x, y: v }, options),
    'fit: y of numbers': v => regressor.fit({ x, y: v }, numbers),
    'fit: scale': v => model.fit({ x: new Uint8Array(4), y, scale: v }, options),
    'fit: options': v => model.fit(data, v),
    'fit: validation: x': v => model.fit(data, { ...options, validation: { x: v, y } }),
    'fit: validation: y': v => model.fit(data, { ...options, validation: { x, y: v } }),
    trainer: v => model.trainer(v),
    'trainer.step: x': v => trainer.step(v, y),
    'trainer.stepSync: x': v => trainer.stepSync(v, y),
    'trainer.stepSync: y': v => trainer.stepSync(x, v),
    'trainer.fit: data': v => trainer.fit(v),
    'trainer.fit: options': v => trainer.fit(data, v),
    'Trainer.fromBytes': v => Trainer.fromBytes(v),
    'new Trainer': v => Reflect.construct(Trainer, [v]),
    'new Trainer of a model': v => Reflect.construct(Trainer, [model, v]),
    'new Model': v => Reflect.construct(Model, [v]),
    'myelin/predict: new Model': v => Reflect.construct(predict.Model, [v]),
    setParameters: v => model.setParameters(v),
    'setParameters: values': v => regressor.setParameters({ '0.dense.weight': v }),
    quantize: v => model.quantize(v),
    'quantize: weights': v => model.quantize({ weights: v }),
    'Model.create': v => Model.create(v),
    'myelin/core: Model.create': v => core.Model.create(v),
    'Model.create: inputShape': v => Model.create({ inputShape: v, layers: [dense(1)] }),
    'Model.create: layers': v => Model.create({ inputShape: [4], layers: v }),
    'Model.create: options': v => Model.create(model.architecture, v),
    'Model.fromBytes': v => Model.fromBytes(v),
    'Model.fromBytes: options': v => Model.fromBytes(file, v),
    'myelin/predict: Model.fromBytes': v => predict.Model.fromBytes(v),
    'myelin/predict: init': v => predict.init(v),
    'myelin/core: init': v => core.init(v),
    'Model.load': v => Model.load(v),
    'Model.load: options': v => Model.load('no/such/file', v),
    save: v => (typeof v === 'string' ? undefined : model.save(v)),
    'model.metadata': async v => {
      const own = await Model.fromBytes(file);
      own.metadata.note = v;
      return own.toBytes();
    },
    'model.metadata: preprocessing': async v => {
      const own = await Model.fromBytes(file);
      own.metadata.preprocessing = v;
      return own.predict(x);
    },
    'sequential: inputShape': v => sequential(v, [dense(1)]),
    'sequential: a length': v => sequential([v], [dense(1)]),
    'sequential: layers': v => sequential(4, v),
    'sequential: a layer': v => sequential(4, [v]),
    'Architecture.fromJSON': v => Architecture.fromJSON(v),
    dense: v => dense(v),
    'dense: options': v => dense(1, v),
    activation: v => myelin.activation(v),
    'activation: options': v => myelin.activation('relu', v),
    dropout: v => myelin.dropout(v),
    alphaDropout: v => myelin.alphaDropout(v),
    gaussianNoise: v => myelin.gaussianNoise(v),
    'dropout: options': v => myelin.dropout(0.5, v),
  };
  const { flatten, leakyRelu, elu, gelu, constant, randomUniform, randomNormal, orthogonal, zeros } = myelin;
  const { adagrad, adadelta, adamax, lion, nadam, radam, rmsprop, rprop } = myelin;
  const { sgd, adam, adamW, huber, binaryCrossEntropy, categoricalCrossEntropy, sparseCategoricalCrossEntropy } =
    myelin;
  const { layerNormalization, rmsNormalization, batchNormalization, normalization } = myelin;
  const { meanSquaredError, meanAbsoluteError, logCosh, hinge, klDivergence, cosineSimilarity, glorotUniform } = myelin;
  const factories: Record<string, Place> = {
    ...{ flatten, leakyRelu, elu, gelu, constant, randomUniform, randomNormal, orthogonal, sgd, adam, adamW, huber },
    ...{ binaryCrossEntropy, categoricalCrossEntropy, sparseCategoricalCrossEntropy, meanSquaredError, hinge, logCosh },
    ...{ meanAbsoluteError, klDivergence, cosineSimilarity, layerNormalization, rmsNormalization },
    ...{ batchNormalization, normalization, adagrad, adadelta, adamax, lion, nadam, radam, rprop, rmsprop },
    zeros: v => Reflect.apply(zeros, undefined, [v]),
    glorotUniform: v => Reflect.apply(glorotUniform, undefined, [v]),
  };
  const fitting = ['loss', 'optimizer', 'metrics', 'batchSize', 'threads', 'shuffle', 'validation', 'signal', 'epohcs'];
  const rates = ['learningRate', 'beta1', 'beta2', 'epsilon', 'weightDecay'];
  return {
    ...alone,
    ...partPlaces,
    ...readerPlaces,
    ...factories,
    ...each('fit', fitting, v => model.fit(data, { ...options, ...(v as object) })),
    // A number of epochs that is right may be one that takes for ever.
    ...each('fit', ['epochs'], ({ epochs }) =>
      model.fit(data, { ...options, epochs: typeof epochs === 'number' && epochs > 9 ? 9 : epochs }),
    ),
    ...each('fit', ['onBatch', 'onEpoch'], v => model.fit(data, { ...options, ...callable(v) })),
    ...each('cost', ['loss'], v => model.cost(x, y, v)),
    ...each('evaluate', ['metrics'], v => model.evaluate(data, { loss, ...(v as object) })),
    ...each('predictAsync', ['threads'], v => model.predictAsync(x, v)),
    ...each('Model.create', ['seed', 'deterministic'], v => Model.create(model.architecture, v)),
    ...each('Model.fromBytes', ['deterministic'], v => Model.fromBytes(file, v)),
    ...each('dense', ['activation', 'useBias', 'weightInitializer', 'biasInitializer', 'name', 'unit'], v => {
      return Model.create(sequential(4, [dense(2, v)]));
    }),
    ...each('layerNormalization', ['epsilon', 'name'], v => sequential(4, [layerNormalization(v)])),
    ...each('batchNormalization', ['epsilon', 'momentum', 'center', 'scale', 'trainable', 'name'], v => {
      return sequential(4, [batchNormalization(v)]);
    }),
    ...each('normalization', ['invert', 'name'], v => sequential(4, [normalization(v)])),
    ...each('embeddingBag', ['mode', 'pad', 'weightInitializer'], v => myelin.embeddingBag(2, 2, v)),
    ...each('leakyRelu', ['slope'], v => myelin.leakyRelu(v)),
    ...each('elu', ['alpha'], v => myelin.elu(v)),
    ...each('gelu', ['approximate'], v => myelin.gelu(v)),
    ...each('constant', ['value'], v => myelin.constant(v)),
    ...each('randomUniform', ['min', 'max'], v => myelin.randomUniform(v)),
    ...each('randomNormal', ['mean', 'stddev'], v => myelin.randomNormal(v)),
    ...each('orthogonal', ['gain'], v => myelin.orthogonal(v)),
    ...each('sgd', ['learningRate', 'momentum', 'nesterov', 'weightDecay'], v => myelin.sgd(v)),
    ...each('adam', rates, v => myelin.adam(v)),
    ...each('adamW', rates, v => myelin.adamW(v)),
    ...each('adam', ['amsgrad'], v => myelin.adam(v)),
    ...each('nadam', ['momentumDecay'], v => myelin.nadam(v)),
    ...each('adadelta', ['rho', 'epsilon'], v => myelin.adadelta(v)),
    ...each('rmsprop', ['alpha', 'momentum', 'centered'], v => myelin.rmsprop(v)),
    ...each('rprop', ['learningRate', 'etas', 'stepSizes'], v => myelin.rprop(v)),
    ...each('huber', ['delta'], v => myelin.huber(v)),
    ...each('binaryCrossEntropy', ['fromLogits'], v => myelin.binaryCrossEntropy(v)),
    ...each('categoricalCrossEntropy', ['labelSmoothing', 'fromLogits'], v => myelin.categoricalCrossEntropy(v)),
  };
}

/** A class is a function to JavaScript, and what comes of calling it is its own affair. */
function callable(callbacks: object): object {
  const [callback] = Object.values(callbacks);
  return typeof callback === 'function' && 'prototype' in callback ? {} : callbacks;
}
