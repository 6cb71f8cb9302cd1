/**
 * How layers of plain data, such as those of JSON, go through their factories again, which check them and complete
 * them. Bundles that only predict go without: see `written.ts`.
 */
import { checkOptions } from '../errors.js';
import { isList } from '../kinds.js';
import { activation } from './activation.js';
import { permuteConfig, repeatVectorConfig, sliceConfig } from './arrange.js';
import { attentionNames, multiHeadAttention } from './attention.js';
import {
  cutout,
  moveNames,
  randomBrightness,
  randomCrop,
  randomFlip,
  randomRotation,
  randomTranslation,
} from './augmentation.js';
import { batchNormalization, batchNormalizationNames } from './batchNormalization.js';
import { bidirectional } from './bidirectional.js';
import { commonNames } from './common.js';
import { conv1d, conv2d, convolutionNames } from './convolution.js';
import { dense } from './dense.js';
import { depthwiseConv1d, depthwiseConv2d, depthwiseNames, separableConv1d, separableConv2d } from './depthwise.js';
import { alphaDropout, dropout, spatialDropout } from './dropout.js';
import { bagNames, embedding, embeddingBag, tableNames } from './embedding.js';
import { flatten } from './flatten.js';
import { gaussianNoise } from './gaussianNoise.js';
import { groupNormalization, groupNormNames } from './groupNorm.js';
import type { Layer, LayerKind } from './index.js';
import type { ConcatenateLayer, MergeLayer } from './merge.js';
import { normalization, normalizationNames } from './normalization.js';
import {
  globalAveragePool1d,
  globalAveragePool2d,
  globalMaxPool1d,
  globalMaxPool2d,
  type PoolLayer,
  type PoolOptions,
  pool,
} from './pooling.js';
import { positionEmbedding, positionEmbeddingNames, sinusoidalPositions } from './positionEmbedding.js';
import { cropping2d, reshape, upSampling2d, zeroPadding1d, zeroPadding2d } from './positions.js';
import { gru, gruNames, lstm, recurrentNames, simpleRnn } from './recurrent.js';
import { layerNormalization, rmsNormalization, rowNormNames } from './rowNorm.js';
import { conv2dTranspose, transposedNames } from './transposed.js';
import { weightedNames } from './weighted.js';
import type { Lengths } from './window.js';

/** A factory, the keys of its layer that it takes one by one, and those that it takes as options. */
type Factory = readonly [make: (...given: never[]) => Layer, taken: readonly string[], options?: readonly string[]];

const merged = (kind: (MergeLayer | ConcatenateLayer)['kind']): Factory => [() => Object.freeze({ kind }), []];

function pooled(kind: PoolLayer['kind']): Factory {
  const make = (poolSize: Lengths, options: PoolOptions) => pool(kind, poolSize, options) as PoolLayer;
  return [make, ['poolSize'], ['strides', 'padding']];
}

/** A sequence's two borders, which the layer has in a list of axes. */
const only = (borders: unknown) => (isList(borders) && borders.length === 1 ? borders[0] : borders) as number;

let known: Readonly<Record<LayerKind, Factory>> | undefined;

function factoryOf(kind: LayerKind): Factory {
  known ??= {
    dense: [dense, ['units'], weightedNames],
    activation: [activation, ['activation']],
    dropout: [dropout, ['rate']],
    flatten: [flatten, []],
    embedding: [embedding, ['vocabulary', 'units'], tableNames],
    embeddingBag: [embeddingBag, ['vocabulary', 'units'], bagNames],
    batchNormalization: [batchNormalization, [], batchNormalizationNames],
    normalization: [normalization, [], normalizationNames],
    gaussianNoise: [gaussianNoise, ['deviation']],
    alphaDropout: [alphaDropout, ['rate']],
    layerNormalization: [layerNormalization, [], rowNormNames],
    rmsNormalization: [rmsNormalization, [], rowNormNames],
    add: merged('add'),
    subtract: merged('subtract'),
    multiply: merged('multiply'),
    average: merged('average'),
    maximum: merged('maximum'),
    concatenate: merged('concatenate'),
    slice: [(start: number, end: number) => sliceConfig({ start, end }), ['start', 'end']],
    permute: [permuteConfig, ['axes']],
    repeatVector: [repeatVectorConfig, ['times']],
    reshape: [reshape, ['shape']],
    conv2d: [conv2d, ['filters', 'kernelSize'], convolutionNames],
    conv1d: [conv1d, ['filters', 'kernelSize'], convolutionNames],
    depthwiseConv2d: [depthwiseConv2d, ['kernelSize'], depthwiseNames],
    depthwiseConv1d: [depthwiseConv1d, ['kernelSize'], depthwiseNames],
    separableConv2d: [separableConv2d, ['filters', 'kernelSize'], depthwiseNames],
    separableConv1d: [separableConv1d, ['filters', 'kernelSize'], depthwiseNames],
    conv2dTranspose: [conv2dTranspose, ['filters', 'kernelSize'], transposedNames],
    maxPool2d: pooled('maxPool2d'),
    averagePool2d: pooled('averagePool2d'),
    maxPool1d: pooled('maxPool1d'),
    averagePool1d: pooled('averagePool1d'),
    globalMaxPool2d: [globalMaxPool2d, []],
    globalAveragePool2d: [globalAveragePool2d, []],
    globalMaxPool1d: [globalMaxPool1d, []],
    globalAveragePool1d: [globalAveragePool1d, []],
    zeroPadding2d: [zeroPadding2d, ['borders']],
    zeroPadding1d: [(borders: unknown) => zeroPadding1d(only(borders)), ['borders']],
    cropping2d: [cropping2d, ['borders']],
    upSampling2d: [upSampling2d, ['factor']],
    spatialDropout: [spatialDropout, ['rate']],
    groupNormalization: [groupNormalization, ['groups'], groupNormNames],
    simpleRnn: [simpleRnn, ['units'], recurrentNames],
    lstm: [lstm, ['units'], recurrentNames],
    gru: [gru, ['units'], gruNames],
    bidirectional: [bidirectional, ['layer'], ['merge', ...commonNames]],
    multiHeadAttention: [multiHeadAttention, ['heads', 'keySize'], attentionNames],
    positionEmbedding: [positionEmbedding, ['steps'], positionEmbeddingNames],
    sinusoidalPositions: [sinusoidalPositions, []],
    randomFlip: [randomFlip, ['mode']],
    randomTranslation: [randomTranslation, ['heightFactor', 'widthFactor'], moveNames],
    randomRotation: [randomRotation, ['factor'], moveNames],
    randomCrop: [randomCrop, ['height', 'width']],
    randomBrightness: [randomBrightness, ['factor'], ['valueRange']],
    cutout: [cutout, ['size']],
  };
  return known[kind];
}

/** A layer of plain data of that kind, checked, complete and frozen. */
export function remake(where: string, layer: { readonly kind: LayerKind }): Layer {
  const [make, taken, options = []] = factoryOf(layer.kind);
  checkOptions(where, layer, ['kind', ...taken, ...options]);
  const { kind: _, ...rest } = layer as Readonly<Record<string, unknown>>;
  const given = taken.map(name => rest[name]);
  const others = Object.fromEntries(Object.entries(rest).filter(([name]) => !taken.includes(name)));
  return (make as (...given: unknown[]) => Layer)(...given, others);
}
