/**
 * What augmentation layers make of an image, in plain float64: pixel by pixel, with nothing of src/ but the layers'
 * data.
 */
import type { AugmentationLayer } from '../../src/layers/augmentation.js';

type Shape = readonly [height: number, width: number, channels: number];
type FillMode = 'reflect' | 'constant' | 'nearest' | 'wrap';

/** Two random words of 32 bits, by which an image draws what becomes of its lines and of its columns. */
type Words = readonly [number, number];

const chosen = (word: number, count: number) => Math.floor(((word >>> 0) / 2 ** 32) * count);
/** One of 1024 steps from −1 to 1. */
const stepOf = (word: number) => -1 + (2 * chosen(word, 1024)) / 1023;

/** A place along an axis, walked back into it. */
function inside(place: number, length: number, mode: FillMode): number | undefined {
  let at = place;
  while (at < 0 || at >= length) {
    if (mode === 'constant') return undefined;
    if (mode === 'nearest') at = at < 0 ? 0 : length - 1;
    else if (mode === 'wrap') at += at < 0 ? length : -length;
    else at = at < 0 ? -1 - at : 2 * length - 1 - at;
  }
  return at;
}

class Image {
  constructor(
    readonly data: ArrayLike<number>,
    readonly shape: Shape,
  ) {}

  pixel(line: number, column: number, channel: number, mode: FillMode): number {
    const [height, width, channels] = this.shape;
    const [i, j] = [inside(line, height, mode), inside(column, width, mode)];
    return i === undefined || j === undefined ? 0 : (this.data[(i * width + j) * channels + channel] ?? Number.NaN);
  }

  /** Between pixels, or of the one that is nearest. */
  between(line: number, column: number, channel: number, mode: FillMode, isSmooth: boolean): number {
    if (!isSmooth) return this.pixel(Math.floor(line + 0.5), Math.floor(column + 0.5), channel, mode);
    const [top, left] = [Math.floor(line), Math.floor(column)];
    let sum = 0;
    for (const [i, wi] of [[top, 1 - (line - top)] as const, [top + 1, line - top] as const]) {
      for (const [j, wj] of [[left, 1 - (column - left)] as const, [left + 1, column - left] as const]) {
        if (wi * wj > 0) sum += wi * wj * this.pixel(i, j, channel, mode);
      }
    }
    return sum;
  }
}

/** Where a pixel of the changed image comes from. */
function sourceOf(layer: AugmentationLayer, [first, second]: Words, [height, width]: Shape) {
  switch (layer.kind) {
    case 'randomFlip': {
      const isUpsideDown = layer.mode !== 'horizontal' && chosen(first, 2) === 1;
      const isMirrored = layer.mode !== 'vertical' && chosen(second, 2) === 1;
      return (i: number, j: number) => [isUpsideDown ? height - 1 - i : i, isMirrored ? width - 1 - j : j] as const;
    }
    case 'randomTranslation': {
      const [down, across] = [stepOf(first) * layer.heightFactor * height, stepOf(second) * layer.widthFactor * width];
      return (i: number, j: number) => [i + down, j + across] as const;
    }
    case 'randomRotation': {
      const angle = 2 * Math.PI * layer.factor * stepOf(first);
      const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
      const [y, x] = [(height - 1) / 2, (width - 1) / 2];
      return (i: number, j: number) => [y + cos * (i - y) + sin * (j - x), x - sin * (i - y) + cos * (j - x)] as const;
    }
    case 'randomCrop': {
      const [top, left] = [chosen(first, height - layer.height + 1), chosen(second, width - layer.width + 1)];
      return (i: number, j: number) => [i + top, j + left] as const;
    }
    default:
      return (i: number, j: number) => [i, j] as const;
  }
}

/** The changed image; NaN where rounding decides which pixel is the nearest. */
export function augmented(layer: AugmentationLayer, data: ArrayLike<number>, shape: Shape, words: Words): Float64Array {
  const image = new Image(data, shape);
  const [height, width, channels] = shape;
  const [tall, wide] = layer.kind === 'randomCrop' ? [layer.height, layer.width] : [height, width];
  const from = sourceOf(layer, words, shape);
  const mode = 'fillMode' in layer ? layer.fillMode : 'constant';
  const isSmooth = !('interpolation' in layer) || layer.interpolation === 'bilinear';
  const [low, high] = layer.kind === 'randomBrightness' ? layer.valueRange : [0, 0];
  const added = layer.kind === 'randomBrightness' ? stepOf(words[0]) * layer.factor * (high - low) : 0;
  return Float64Array.from({ length: tall * wide * channels }, (_, at) => {
    const [i, j] = [Math.floor(at / channels / wide), Math.floor(at / channels) % wide];
    const [line, column] = from(i, j);
    const isClose = [line, column].some(place => Math.abs(place - Math.floor(place) - 0.5) < 1e-3);
    if (!isSmooth && isClose) return Number.NaN;
    if (layer.kind === 'cutout') {
      const [top, left] = [chosen(words[0], height), chosen(words[1], width)].map(c => c - Math.floor(layer.size / 2));
      const isCut = (place: number, start = 0) => place >= start && place < start + layer.size;
      if (isCut(i, top) && isCut(j, left)) return 0;
    }
    const value = image.between(line, column, at % channels, mode, isSmooth);
    return layer.kind === 'randomBrightness' ? Math.min(Math.max(value + added, low), high) : value;
  });
}
