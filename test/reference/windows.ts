/**
 * Convolutions, pooling and what moves positions in float64, from one description: which numbers of the input, with
 * which weight, make which number of the output.
 */
import type { Layer } from '../../src/layers/index.js';
import { at } from './activations.js';

/** Tells of one product: output o has input i times weight w (1 where there is none) times a factor. */
type Visit = (o: number, i: number, w: number | undefined, factor: number) => void;
type Shape = readonly number[];

/** Of images `[height, width, channels]`; sequences have one line. */
const imageOf = (shape: Shape): Shape => (shape.length === 2 ? [1, ...shape] : shape);
const both = (lengths: Shape): Shape => (lengths.length === 1 ? [1, ...lengths] : lengths);

/** The index in the input that tap k of output o reads along an axis, in or out of it. */
function reader(input: number, output: number, kernel: number, stride: number, dilation: number, padding: string) {
  const reach = (kernel - 1) * dilation + 1;
  const missing = Math.max(0, (output - 1) * stride + reach - input);
  const before = padding === 'same' ? Math.floor(missing / 2) : padding === 'causal' ? reach - 1 : 0;
  return (o: number, k: number) => o * stride + k * dilation - before;
}

/** Everything that windows of an image read: each place of the output with each tap that lies on the image. */
function eachTap(
  [height = 1, width = 1]: Shape,
  [outHeight = 1, outWidth = 1]: Shape,
  window: { kernel: Shape; strides: Shape; dilation?: Shape; padding: string },
  visit: (place: number, source: number, tap: number) => void,
): void {
  const [[kh = 1, kw = 1], [sy = 1, sx = 1], [dy = 1, dx = 1]] = [
    both(window.kernel),
    both(window.strides),
    both(window.dilation ?? [1, 1]),
  ];
  const line = reader(height, outHeight, kh, sy, dy, height === 1 && kh === 1 ? 'valid' : window.padding);
  const column = reader(width, outWidth, kw, sx, dx, window.padding);
  for (let place = 0; place < outHeight * outWidth; place++) {
    for (let tap = 0; tap < kh * kw; tap++) {
      const y = line(Math.floor(place / outWidth), Math.floor(tap / kw));
      const x = column(place % outWidth, tap % kw);
      if (y >= 0 && y < height && x >= 0 && x < width) visit(place, y * width + x, tap);
    }
  }
}

/** All products of a layer on one sample; nothing for layers of other kinds. */
function products(layer: Layer, inputShape: Shape, outputShape: Shape, visit: Visit): boolean {
  const [input, output] = [imageOf(inputShape), imageOf(outputShape)];
  const [channels, outputs] = [input.at(-1) ?? 1, output.at(-1) ?? 1];
  switch (layer.kind) {
    case 'reshape':
    case 'flatten': {
      const count = inputShape.reduce((product, length) => product * length, 1);
      for (let i = 0; i < count; i++) visit(i, i, undefined, 1);
      return true;
    }
    case 'conv2d':
    case 'conv1d': {
      const { kernelSize: kernel, groups } = layer;
      eachTap(input, output, { ...layer, kernel }, (place, source, tap) => {
        for (let o = 0; o < outputs; o++) {
          const group = Math.floor(o / (outputs / groups));
          for (let c = 0; c < channels / groups; c++) {
            const from = source * channels + group * (channels / groups) + c;
            visit(place * outputs + o, from, (tap * (channels / groups) + c) * outputs + o, 1);
          }
        }
      });
      return true;
    }
    case 'depthwiseConv2d':
    case 'depthwiseConv1d':
    case 'separableConv2d':
    case 'separableConv1d': {
      const { kernelSize: kernel, depthMultiplier: many } = layer;
      eachTap(input, output, { ...layer, kernel }, (place, source, tap) => {
        for (let o = 0; o < channels * many; o++) {
          visit(place * channels * many + o, source * channels + Math.floor(o / many), tap * channels * many + o, 1);
        }
      });
      return true;
    }
    case 'conv2dTranspose': {
      // What the convolution of the output reads, this adds to; its padding by PyTorch's formulas where some is given.
      const { kernelSize: kernel, strides, outputPadding, padding } = layer;
      const given = outputPadding && padding === 'same';
      const [dy = 0, dx = 0] = given ? kernel.map(length => Math.floor(length / 2)) : [];
      const [height = 1, width = 1] = [(output[0] ?? 1) + dy, (output[1] ?? 1) + dx];
      eachTap([height, width], input, { kernel, strides, padding: given ? 'valid' : padding }, (place, source, tap) => {
        const [y, x] = [Math.floor(source / width) - dy, (source % width) - dx];
        if (y < 0 || x < 0) return;
        for (let o = 0; o < outputs; o++) {
          for (let c = 0; c < channels; c++) {
            const to = (y * (output[1] ?? 1) + x) * outputs + o;
            visit(to, place * channels + c, (tap * outputs + o) * channels + c, 1);
          }
        }
      });
      return true;
    }
    case 'averagePool2d':
    case 'averagePool1d':
    case 'globalAveragePool2d':
    case 'globalAveragePool1d': {
      const windows = windowsOf(layer, input, output);
      windows.forEach((sources, place) => {
        for (const source of sources) visit(place, source, undefined, 1 / sources.length);
      });
      return true;
    }
    case 'zeroPadding2d':
    case 'zeroPadding1d':
    case 'cropping2d': {
      const sign = layer.kind === 'cropping2d' ? -1 : 1;
      const [[top = 0], [left = 0]] =
        layer.borders.length === 1 ? [[0], layer.borders[0] ?? [0]] : (layer.borders as never);
      const [height = 1, width = 1] = input;
      const [outHeight = 1, outWidth = 1] = output;
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const [toY, toX] = [y + sign * top, x + sign * left];
          if (toY < 0 || toX < 0 || toY >= outHeight || toX >= outWidth) continue;
          for (let c = 0; c < channels; c++) {
            visit((toY * outWidth + toX) * channels + c, (y * width + x) * channels + c, undefined, 1);
          }
        }
      }
      return true;
    }
    case 'upSampling2d': {
      const [factorY = 1, factorX = 1] = layer.factor;
      const [outHeight = 1, outWidth = 1] = output;
      for (let y = 0; y < outHeight; y++) {
        for (let x = 0; x < outWidth; x++) {
          const source = Math.floor(y / factorY) * (input[1] ?? 1) + Math.floor(x / factorX);
          for (let c = 0; c < channels; c++)
            visit((y * outWidth + x) * channels + c, source * channels + c, undefined, 1);
        }
      }
      return true;
    }
    default:
      return false;
  }
}

/** For each number of the output the indices of the numbers that its window has. */
function windowsOf(layer: Layer, input: Shape, output: Shape): number[][] {
  const channels = input.at(-1) ?? 1;
  const window =
    'poolSize' in layer
      ? { kernel: layer.poolSize, strides: layer.strides, padding: layer.padding }
      : { kernel: input.slice(0, 2), strides: [1, 1], padding: 'valid' };
  const out = 'poolSize' in layer ? output : [1, 1, channels];
  const windows = Array.from({ length: (out[0] ?? 1) * (out[1] ?? 1) * channels }, (): number[] => []);
  eachTap(input, out, window, (place, source) => {
    for (let c = 0; c < channels; c++) windows[place * channels + c]?.push(source * channels + c);
  });
  return windows;
}

export interface WindowPlace {
  readonly layer: Layer;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
}

/** A layer's parameters and their gradients, by their own names. */
type Own = Readonly<Record<string, Float64Array>>;

const sizeOf = (shape: Shape) => shape.reduce((product, length) => product * length, 1);

/** The shape between the two parts of a separable convolution. */
function betweenOf({ layer, inputShape, outputShape }: WindowPlace): Shape | undefined {
  if (layer.kind !== 'separableConv2d' && layer.kind !== 'separableConv1d') return undefined;
  return [...outputShape.slice(0, -1), (inputShape.at(-1) ?? 1) * layer.depthMultiplier];
}

function isMax({ kind }: Layer): boolean {
  return kind === 'maxPool2d' || kind === 'maxPool1d' || kind === 'globalMaxPool2d' || kind === 'globalMaxPool1d';
}

/** Of each window the place of its largest number, the first of equal ones. */
function largest({ layer, inputShape, outputShape }: WindowPlace, x: Float64Array): number[] {
  return windowsOf(layer, imageOf(inputShape), imageOf(outputShape)).map(window =>
    window.reduce((best, i) => (at(x, i) > at(x, best) ? i : best)),
  );
}

/** What it makes before its activation of samples one behind the other; nothing for layers of other kinds. */
export function windowForward(place: WindowPlace, x: Float64Array, own: Own): Float64Array | undefined {
  const { layer, inputShape, outputShape } = place;
  const [inputs, outputs] = [sizeOf(inputShape), sizeOf(outputShape)];
  const rows = x.length / inputs;
  const result = new Float64Array(rows * outputs);
  if (isMax(layer)) {
    for (let row = 0; row < rows; row++) {
      const sample = x.subarray(row * inputs, (row + 1) * inputs);
      largest(place, sample).forEach((source, o) => {
        result[row * outputs + o] = at(sample, source);
      });
    }
    return result;
  }
  const between = betweenOf(place);
  const made = between ? new Float64Array(rows * sizeOf(between)) : result;
  const width = between ? sizeOf(between) : outputs;
  const weight = own.depthwiseWeight ?? own.weight;
  const found = products(layer, inputShape, outputShape, (o, i, w, factor) => {
    const scale = factor * (w === undefined ? 1 : at(weight ?? [], w));
    for (let row = 0; row < rows; row++)
      made[row * width + o] = at(made, row * width + o) + scale * at(x, row * inputs + i);
  });
  if (!found) return undefined;
  const columns = outputShape.at(-1) ?? 1;
  if (between) {
    const channels = between.at(-1) ?? 1;
    for (let o = 0; o < result.length; o++) {
      const [position, column] = [Math.floor(o / columns), o % columns];
      for (let c = 0; c < channels; c++) {
        result[o] =
          at(result, o) + at(made, position * channels + c) * at(own.pointwiseWeight ?? [], c * columns + column);
      }
    }
  }
  const { bias } = own;
  return bias ? result.map((value, i) => value + at(bias, i % columns)) : result;
}

/** The gradients of what {@link windowForward} made. */
export function windowBackward(
  place: WindowPlace,
  x: Float64Array,
  own: Own,
  dy: Float64Array,
): { dx: Float64Array; gradients: Own } {
  const { layer, inputShape, outputShape } = place;
  const [inputs, outputs] = [sizeOf(inputShape), sizeOf(outputShape)];
  const rows = x.length / inputs;
  const dx = new Float64Array(x.length);
  if (isMax(layer)) {
    for (let row = 0; row < rows; row++) {
      largest(place, x.subarray(row * inputs, (row + 1) * inputs)).forEach((source, o) => {
        dx[row * inputs + source] = at(dx, row * inputs + source) + at(dy, row * outputs + o);
      });
    }
    return { dx, gradients: {} };
  }
  const gradients: Record<string, Float64Array> = {};
  const columns = outputShape.at(-1) ?? 1;
  if (own.bias) {
    const db = new Float64Array(columns);
    dy.forEach((value, i) => {
      db[i % columns] = at(db, i % columns) + value;
    });
    gradients.bias = db;
  }
  const between = betweenOf(place);
  let upstream = dy;
  if (between && own.pointwiseWeight) {
    const channels = between.at(-1) ?? 1;
    const { bias: _, pointwiseWeight, ...depthwise } = own;
    // Linear, so that of the depthwise part alone the forward is a depthwise convolution's.
    const made = windowForward({ ...place, layer: asDepthwise(layer), outputShape: between }, x, depthwise) ?? x;
    const dw = new Float64Array(pointwiseWeight.length);
    const back = new Float64Array(made.length);
    dy.forEach((value, o) => {
      const [position, column] = [Math.floor(o / columns), o % columns];
      for (let c = 0; c < channels; c++) {
        const w = c * columns + column;
        dw[w] = at(dw, w) + value * at(made, position * channels + c);
        back[position * channels + c] = at(back, position * channels + c) + value * at(pointwiseWeight, w);
      }
    });
    gradients.pointwiseWeight = dw;
    upstream = back;
  }
  const weight = own.depthwiseWeight ?? own.weight;
  const dw = weight && new Float64Array(weight.length);
  const width = upstream.length / rows;
  products(layer, inputShape, outputShape, (o, i, w, factor) => {
    const scale = factor * (w === undefined ? 1 : at(weight ?? [], w));
    for (let row = 0; row < rows; row++) {
      const up = at(upstream, row * width + o);
      dx[row * inputs + i] = at(dx, row * inputs + i) + up * scale;
      if (dw && w !== undefined) dw[w] = at(dw, w) + up * at(x, row * inputs + i);
    }
  });
  if (dw) gradients[own.depthwiseWeight ? 'depthwiseWeight' : 'weight'] = dw;
  return { dx, gradients };
}

function asDepthwise(layer: Layer): Layer {
  return { ...layer, kind: layer.kind === 'separableConv1d' ? 'depthwiseConv1d' : 'depthwiseConv2d' } as Layer;
}
