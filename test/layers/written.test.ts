import { describe, expect, it } from 'vitest';
import * as myelin from '../../src/index.js';
import { remake } from '../../src/layers/factories.js';
import { type Layer, layerKinds } from '../../src/layers/index.js';
import { checkWritten } from '../../src/layers/written.js';

/** A layer of every kind, with most of its options. */
const layers: readonly Layer[] = [
  myelin.dense(3, { activation: myelin.leakyRelu({ slope: 0.2 }), trainable: false, name: 'first' }),
  myelin.dense(2, { activation: myelin.gelu({ approximate: 'tanh' }), weightRegularizer: myelin.l2(0.1) }),
  myelin.activation(myelin.elu({ alpha: 0.5 })),
  myelin.dropout(0.5),
  myelin.flatten(),
  myelin.embedding(9, 4),
  myelin.embeddingBag(9, 4, { mode: 'sum', pad: -1 }),
  myelin.batchNormalization({ center: false }),
  myelin.normalization({ invert: true }),
  myelin.gaussianNoise(0.1),
  myelin.alphaDropout(0.5),
  myelin.layerNormalization({ epsilon: 0.1 }),
  myelin.rmsNormalization(),
  ...(['add', 'subtract', 'multiply', 'average', 'maximum', 'concatenate'] as const).map(kind => ({ kind })),
  { kind: 'slice', start: 0, end: 2 },
  { kind: 'permute', axes: [1, 0] },
  { kind: 'repeatVector', times: 3 },
  myelin.reshape([2, 3]),
  myelin.conv2d(4, [3, 2], { strides: [2, 1], padding: 'same', groups: 2, weightConstraint: myelin.maxNorm(1) }),
  myelin.conv1d(4, 3, { padding: 'causal', dilation: 2 }),
  myelin.depthwiseConv2d(3, { depthMultiplier: 2 }),
  myelin.depthwiseConv1d(3),
  myelin.separableConv2d(4, 3),
  myelin.separableConv1d(4, 3),
  myelin.conv2dTranspose(4, 3, { outputPadding: 0 }),
  myelin.maxPool2d(2),
  myelin.averagePool2d([2, 3]),
  myelin.maxPool1d(2),
  myelin.averagePool1d(2, { strides: 1 }),
  myelin.globalMaxPool2d(),
  myelin.globalAveragePool2d(),
  myelin.globalMaxPool1d(),
  myelin.globalAveragePool1d(),
  myelin.zeroPadding2d([[0, 1], 2]),
  myelin.zeroPadding1d([0, 2]),
  myelin.cropping2d(1),
  myelin.upSampling2d(2),
  myelin.spatialDropout(0.1),
  myelin.groupNormalization(2),
  myelin.simpleRnn(3),
  myelin.lstm(3, { returnSequences: true }),
  myelin.gru(3, { resetAfter: false, recurrentWeightInitializer: 'zeros' }),
  myelin.bidirectional(myelin.gru(3), { merge: 'sum' }),
  myelin.multiHeadAttention(2, 4, { causal: true, dropout: 0.1 }),
  myelin.positionEmbedding(5),
  myelin.sinusoidalPositions(),
  myelin.randomFlip(),
  myelin.randomTranslation(0.1, 0.2),
  myelin.randomRotation(0.1, { fillMode: 'wrap', interpolation: 'nearest' }),
  myelin.randomCrop(3, 4),
  myelin.randomBrightness(0.2),
  myelin.cutout(3),
];

function isFrozen(value: unknown): boolean {
  return typeof value !== 'object' || (Object.isFrozen(value) && Object.values(value as object).every(isFrozen));
}

describe('layers in a file that is only predicted with', () => {
  it.each(layers.map(layer => [layer.kind, JSON.stringify(layer)]))('%s is what its factory makes', (_, text) => {
    const read = checkWritten('layer 0', JSON.parse(text));
    expect(read).toEqual(remake('layer 0', JSON.parse(text)));
    expect(isFrozen(read)).toBe(true);
  });

  it('knows every kind', () => {
    expect(new Set(layers.map(({ kind }) => kind))).toEqual(new Set(layerKinds));
  });

  it('refuses what no factory writes, of every option that going forward reads', () => {
    const isOfTraining = ({ kind }: Layer) => /^random(?!Crop)/.test(kind);
    const nonsense = [null, 'nonsense', -3, 0.5, 2 ** 40, {}, [], [[-3]], { kind: 'nonsense' }];
    for (const layer of layers) {
      for (const [name, value] of Object.entries(layer)) {
        if (isOfTraining(layer) || /^(kind|name)$|Initializer$|Regularizer$|Constraint$/.test(name)) continue;
        const allowed = /^(rate|dropout|deviation|epsilon|momentum|learningRateFactor)$/.test(name)
          ? [0.5, 2 ** 40]
          : [];
        for (const given of nonsense.filter(one => !allowed.includes(one as number))) {
          const where = `${layer.kind}: ${name}: ${JSON.stringify(value)} as ${JSON.stringify(given)}`;
          expect(() => checkWritten('layer 0', { ...layer, [name]: given } as Layer), where).toThrow(
            `layer 0: ${name}: `,
          );
        }
      }
      expect(() => checkWritten('layer 0', Object.assign({ futureOption: 1 }, layer))).toThrow(
        'layer 0: futureOption: ',
      );
    }
  });
});
