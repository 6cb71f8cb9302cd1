/** Images changed at random while training, so that a network sees none twice; as they are while predicting. */
import { cosineOfTurns } from '../elementary.js';
import { checkChoice, checkInteger, checkNumber, checkOptions, quote, wrongType, wrongValue } from '../errors.js';
import { FORWARD_ONLY } from '../forwardOnly.js';
import { isList } from '../kinds.js';
import type { Region } from '../plan/memory.js';
import { augment } from '../plan/ops/noise.js';
import { Purpose } from '../random.js';
import type { Shape } from '../shape.js';
import type { LayerBackward, LayerDefinition, LayerForward, Site } from './layer.js';
import { emitMoved, shifted } from './positions.js';
import { checkImage, extentOfImage } from './window.js';

const flipModes = ['horizontalAndVertical', 'horizontal', 'vertical'] as const;
const fillModes = ['reflect', 'constant', 'nearest', 'wrap'] as const;
const interpolations = ['bilinear', 'nearest'] as const;

export interface RandomFlipLayer {
  readonly kind: 'randomFlip';
  readonly mode: (typeof flipModes)[number];
}

export interface RandomMoveOptions {
  /**
   * What lies beyond the border: the image mirrored there (`'reflect'`, the default), its last pixels (`'nearest'`),
   * the image once more (`'wrap'`), or 0 (`'constant'`).
   */
  readonly fillMode?: (typeof fillModes)[number];
  /** How pixels come from between others: `'bilinear'`, the default, or from the `'nearest'` one. */
  readonly interpolation?: (typeof interpolations)[number];
}

export interface RandomTranslationLayer extends Required<RandomMoveOptions> {
  readonly kind: 'randomTranslation';
  readonly heightFactor: number;
  readonly widthFactor: number;
}

export interface RandomRotationLayer extends Required<RandomMoveOptions> {
  readonly kind: 'randomRotation';
  readonly factor: number;
}

export interface RandomCropLayer {
  readonly kind: 'randomCrop';
  readonly height: number;
  readonly width: number;
}

export interface RandomBrightnessOptions {
  /** Between which numbers pixels are, and stay; `[0, 1]` by default. */
  readonly valueRange?: readonly [low: number, high: number];
}

export interface RandomBrightnessLayer extends Required<RandomBrightnessOptions> {
  readonly kind: 'randomBrightness';
  readonly factor: number;
}

export interface CutoutLayer {
  readonly kind: 'cutout';
  readonly size: number;
}

export type AugmentationLayer =
  | RandomFlipLayer
  | RandomTranslationLayer
  | RandomRotationLayer
  | RandomCropLayer
  | RandomBrightnessLayer
  | CutoutLayer;

export const moveNames = ['fillMode', 'interpolation'] as const;
const SHARE = { min: 0, max: 1 };
const MOST = 2 ** 14;

/**
 * While training mirrors one image in two, `[rows, height, width, channels]`, left to right (`'horizontal'`), upside
 * down (`'vertical'`), or either by itself, which is the default. As Keras's RandomFlip.
 */
export function randomFlip(
  mode: RandomFlipLayer['mode'] = 'horizontalAndVertical',
  options: Record<string, never> = {},
): RandomFlipLayer {
  checkOptions('randomFlip', options, []);
  return Object.freeze({ kind: 'randomFlip', mode: checkChoice('randomFlip: mode', mode, flipModes) });
}

/**
 * While training moves each image, `[rows, height, width, channels]`, up or down by at most `heightFactor` of its
 * height and sideways by at most `widthFactor` of its width, both from 0 to 1: by one of 1024 distances each. As
 * Keras's RandomTranslation.
 */
export function randomTranslation(
  heightFactor: number,
  widthFactor: number,
  options: RandomMoveOptions = {},
): RandomTranslationLayer {
  const where = 'randomTranslation';
  return Object.freeze({
    kind: where,
    heightFactor: checkNumber(`${where}: heightFactor`, heightFactor, SHARE),
    widthFactor: checkNumber(`${where}: widthFactor`, widthFactor, SHARE),
    ...checkMove(where, options),
  });
}

/**
 * While training turns each image, `[rows, height, width, channels]`, around its middle by at most `factor` of a whole
 * turn, from 0 to 1, either way: by one of 1024 angles. As Keras's RandomRotation.
 */
export function randomRotation(factor: number, options: RandomMoveOptions = {}): RandomRotationLayer {
  const where = 'randomRotation';
  const checked = checkNumber(`${where}: factor`, factor, SHARE);
  return Object.freeze({ kind: where, factor: checked, ...checkMove(where, options) });
}

/**
 * While training takes any part of so many lines and columns of each image, `[rows, height, width, channels]`; while
 * predicting the one in the middle.
 *
 * @throws RangeError where the image is smaller
 */
export function randomCrop(height: number, width: number, options: Record<string, never> = {}): RandomCropLayer {
  checkOptions('randomCrop', options, []);
  return Object.freeze({
    kind: 'randomCrop',
    height: checkInteger('randomCrop: height', height, 1, MOST),
    width: checkInteger('randomCrop: width', width, 1, MOST),
  });
}

/**
 * While training adds to all numbers of an image, `[rows, height, width, channels]`, one of 1024 from −`factor` to
 * `factor` (0 to 1) times the length of `valueRange`, where they then end. As Keras's RandomBrightness.
 */
export function randomBrightness(factor: number, options: RandomBrightnessOptions = {}): RandomBrightnessLayer {
  const where = 'randomBrightness';
  checkOptions(where, options, ['valueRange']);
  const given: unknown = options.valueRange ?? [0, 1];
  if (!isList(given) || given.length !== 2) throw wrongType(`${where}: valueRange`, '[low, high]', given);
  const low = checkNumber(`${where}: valueRange[0]`, given[0]);
  const high = checkNumber(`${where}: valueRange[1]`, given[1], { above: low });
  const checked = checkNumber(`${where}: factor`, factor, SHARE);
  return Object.freeze({ kind: where, factor: checked, valueRange: Object.freeze([low, high] as const) });
}

/**
 * While training sets a square of `size` × `size` pixels of each image, `[rows, height, width, channels]`, to 0,
 * wherever its middle is, so that it may reach beyond the border. DeVries and Taylor, «Improved regularization of
 * convolutional neural networks with cutout», 2017.
 */
export function cutout(size: number, options: Record<string, never> = {}): CutoutLayer {
  checkOptions('cutout', options, []);
  return Object.freeze({ kind: 'cutout', size: checkInteger('cutout: size', size, 1, MOST) });
}

function checkMove(where: string, options: RandomMoveOptions): Required<RandomMoveOptions> {
  checkOptions(where, options, moveNames);
  const { fillMode = 'reflect', interpolation = 'bilinear' } = options;
  return {
    fillMode: checkChoice(`${where}: fillMode`, fillMode, fillModes),
    interpolation: checkChoice(`${where}: interpolation`, interpolation, interpolations),
  };
}

/** Whether images were changed. */
type Changed = boolean;

export const augmentationLayer: LayerDefinition<AugmentationLayer, Changed> = {
  describe({ kind, ...rest }) {
    if (FORWARD_ONLY) return kind;
    const shown = Object.entries(rest).filter(([name, value]) => name === 'mode' || typeof value === 'number');
    return `${kind}(${shown.map(([, value]) => value).join(', ')})`;
  },

  outputShape(layer, input, from) {
    const [height = 1, width = 1] = checkImage(layer.kind, input, from, 2);
    if (layer.kind !== 'randomCrop') return input;
    if (layer.height > height || layer.width > width) {
      const got = `${layer.height} × ${layer.width}`;
      throw wrongValue('randomCrop', `at most ${height} × ${width}`, got);
    }
    return [layer.height, layer.width, input.at(-1) ?? 1];
  },

  parameters: () => [],
  layout: () => 'lastAxis',

  forward(builder, site) {
    const { layer, place, input, inputShape, outputShape } = site;
    if (layer.kind !== 'randomCrop') return { output: input, saved: false };
    const y = builder.value(place, extentOfImage(outputShape));
    const [to, from] = [outputShape.slice(0, -1), inputShape.slice(0, -1)];
    emitMoved(builder, site, 'there', input, y, () => shifted(to, from, before(site)));
    return { output: y, saved: false };
  },
};

/** Lines and columns before the part in the middle. */
function before({ inputShape, outputShape }: Site<AugmentationLayer>): number[] {
  return [0, 1].map(axis => Math.floor(((inputShape[axis] ?? 1) - (outputShape[axis] ?? 1)) / 2));
}

/** That the pixel at line i and column j comes from a · i + b · j + t, and what is added to it. */
type Way = readonly [a: number, b: number, t: number, added?: number];

/** What an image may become: one of the ways of lines, and one of columns, or the one that goes with it. */
interface Change {
  readonly downs: readonly Way[];
  readonly acrosses: readonly Way[];
  readonly together?: boolean;
}

/** From −1 to 1. */
const steps = () => Array.from({ length: 1024 }, (_, i) => (2 * i - 1023) / 1023);

/** The cosine of x · π. */
function cosine(x: number): number {
  const rest = Math.abs(x) % 2;
  return cosineOfTurns(rest > 1 ? 2 - rest : rest);
}

function changeOf(layer: AugmentationLayer, [height = 1, width = 1]: Shape): Change {
  const [down, across]: [Way, Way] = [
    [1, 0, 0],
    [0, 1, 0],
  ];
  switch (layer.kind) {
    case 'randomFlip':
      return {
        downs: layer.mode === 'horizontal' ? [down] : [down, [-1, 0, height - 1]],
        acrosses: layer.mode === 'vertical' ? [across] : [across, [0, -1, width - 1]],
      };
    case 'randomTranslation':
      return {
        downs: steps().map(step => [1, 0, step * layer.heightFactor * height]),
        acrosses: steps().map(step => [0, 1, step * layer.widthFactor * width]),
      };
    case 'randomRotation': {
      const [y, x] = [(height - 1) / 2, (width - 1) / 2];
      const turns = steps().map(step => {
        const halves = 2 * layer.factor * step;
        return [cosine(halves), cosine(halves - 0.5)] as const;
      });
      return {
        downs: turns.map(([cos, sin]) => [cos, sin, y - cos * y - sin * x]),
        acrosses: turns.map(([cos, sin]) => [-sin, cos, x + sin * y - cos * x]),
        together: true,
      };
    }
    case 'randomCrop':
      return {
        downs: Array.from({ length: height - layer.height + 1 }, (_, first) => [1, 0, first]),
        acrosses: Array.from({ length: width - layer.width + 1 }, (_, first) => [0, 1, first]),
      };
    case 'randomBrightness': {
      const [low, high] = layer.valueRange;
      return { downs: steps().map(step => [1, 0, 0, step * layer.factor * (high - low)]), acrosses: [across] };
    }
    case 'cutout':
      return { downs: Array(height).fill(down), acrosses: Array(width).fill(across) };
  }
}

/** Which of `length` lies at a place, also before the first and behind the last; −1 for none. */
function fill(mode: RandomTranslationLayer['fillMode'], place: number, length: number): number {
  if (place >= 0 && place < length) return place;
  if (mode === 'constant') return -1;
  if (mode === 'nearest') return place < 0 ? 0 : length - 1;
  const period = mode === 'wrap' ? length : 2 * length;
  const rest = ((place % period) + period) % period;
  return rest < length ? rest : period - 1 - rest;
}

export const augmentationForwardInTraining: LayerForward<AugmentationLayer, Changed> = (builder, site) => {
  const { layer, index, place, name, input, inputShape, outputShape } = site;
  const [height = 1, width = 1] = inputShape;
  const { downs, acrosses, together } = changeOf(layer, inputShape);
  const { fillMode = 'constant', interpolation = 'bilinear' }: RandomMoveOptions = 'fillMode' in layer ? layer : {};
  const isSmooth = interpolation === 'bilinear';
  const changes = builder.constant(place, 'changes', () => {
    const all = [...downs, ...acrosses].flatMap(([a, b, t, added = 0]) => [a, b, isSmooth ? t : t + 0.5, added]);
    return new Int32Array(Float32Array.from(all).buffer);
  });
  // Moved by its height, or turned, no image comes from farther away.
  const reach = height + width;
  const places: Region = builder.constant(place, 'places', () => {
    const along = (length: number) => Array.from({ length: 3 * reach }, (_, i) => fill(fillMode, i - reach, length));
    return Int32Array.from([...along(height), ...along(width)]);
  });
  const y = builder.value(place, extentOfImage(outputShape));
  const [low, high] = layer.kind === 'randomBrightness' ? layer.valueRange : [-Infinity, Infinity];
  const fields = {
    ...{ y: y.data, x: input.data, columns: input.columns, stream: index * 256 + Purpose.augment },
    ...{ width: outputShape[1] ?? 1, fromWidth: width, from: input.positions },
    ...{ changes, downs: downs.length, acrosses: together ? 0 : acrosses.length },
    ...{ places, reach, smooth: Number(isSmooth), low, high },
    hole: layer.kind === 'cutout' ? layer.size : 0,
  };
  builder.emit(augment, name, fields, y.positions);
  return { output: y, saved: true };
};

export const augmentationBackward: LayerBackward<AugmentationLayer, Changed> = (
  builder,
  site,
  { output, saved: isChanged },
  gradients,
) => {
  const { name, input, inputShape, outputShape } = site;
  if (isChanged && gradients.wants(input)) {
    const expected = 'nothing that learns before it, and no gradient of its input';
    throw wrongValue(`layer ${quote(name)}`, expected, 'one of them', 'put it first');
  }
  if (output === input) return;
  const [to, from] = [inputShape.slice(0, -1), outputShape.slice(0, -1)];
  gradients.give(input, name, data => {
    const dy = { ...output, data: gradients.of(output) };
    emitMoved(builder, site, 'back', dy, { ...input, data }, () =>
      shifted(
        to,
        from,
        before(site).map(n => -n),
      ),
    );
  });
};
