/**
 * Between float32 weights and those of fewer bits. Everything is exact integer or float64 arithmetic, so the bits are
 * the same everywhere.
 */
import { shorten, wrongValue } from './errors.js';
import { type StoredNumbers, scaleName, storedParts, type WeightFormat } from './plan/formats.js';
import type { Shape } from './shape.js';

/** A stored array of numbers with its name and shape. */
export interface StoredTensor {
  readonly name: string;
  readonly shape: Shape;
  readonly data: StoredNumbers;
}

/** The largest number of IEEE 754's binary16, and the first above it that no longer rounds to it. */
const LARGEST_FLOAT16 = 65504;
const BEYOND_FLOAT16 = 65520;
/** int8 weights go from −127 to 127, so that a weight and its negative are stored alike. */
const LARGEST_INT8 = 127;

/** The tensors that store float32 parameters as a model with such weights does. */
export function quantizeTensors(
  parameters: readonly { name: string; shape: Shape; columns?: number | undefined; data: Float32Array }[],
  weights: WeightFormat,
): StoredTensor[] {
  return parameters.flatMap((parameter): StoredTensor[] => {
    const { name, shape, columns = shape.at(-1) ?? 1, data } = parameter;
    const [stored] = storedParts(parameter, weights);
    if (stored?.format === 'float16') return [{ name, shape, data: toFloat16(`quantize: ${shorten(name)}`, data) }];
    if (stored?.format !== 'int8') return [{ name, shape, data }];
    const { values, scales } = toInt8(data, columns);
    return [
      { name, shape, data: values },
      { name: scaleName(name), shape: [columns], data: scales },
    ];
  });
}

/** The numbers that stored ones stand for; `scales` are those of an int8 matrix's columns. */
export function dequantize(data: StoredNumbers, scales: ArrayLike<number> = []): Float32Array {
  if (data instanceof Float32Array) return data;
  if (data instanceof Uint16Array) return fromFloat16(data);
  return Float32Array.from(data, (value, i) => value * (scales[i % scales.length] ?? 1));
}

/** Row-major numbers as whole multiples of a scale for each column: its largest number, without its sign, over 127. */
export function toInt8(data: Float32Array, columns: number): { values: Int8Array; scales: Float32Array } {
  const scales = new Float32Array(columns);
  data.forEach((value, i) => {
    scales[i % columns] = Math.max(scales[i % columns] ?? 0, Math.abs(value));
  });
  for (let column = 0; column < columns; column++) scales[column] = (scales[column] ?? 0) / LARGEST_INT8;
  const values = Int8Array.from(data, (value, i) => {
    const scale = scales[i % columns] ?? 0;
    // Where all of a column is 0, or so small that its scale is.
    if (scale === 0) return 0;
    return Math.max(-LARGEST_INT8, Math.min(LARGEST_INT8, Math.round(value / scale)));
  });
  return { values, scales };
}

/**
 * The bits of the nearest float16 numbers, ties to even.
 *
 * @throws RangeError where one is too large
 */
export function toFloat16(where: string, data: Float32Array): Uint16Array {
  const bits = new Uint32Array(data.slice().buffer);
  return Uint16Array.from(bits, (word, i) => {
    if (!(Math.abs(data[i] ?? 0) < BEYOND_FLOAT16)) {
      const expected = `numbers from -${LARGEST_FLOAT16} to ${LARGEST_FLOAT16}`;
      throw wrongValue(where, expected, data[i] ?? 0, `take weights: 'int8', whose columns have scales`);
    }
    const sign = (word >>> 16) & 0x8000;
    const magnitude = word & 0x7fffffff;
    const exponent = magnitude >>> 23;
    // From 2⁻¹⁴ on the exponent changes its bias; a carry out of the significand is right to raise it.
    if (exponent >= 113) return sign | roundedShift(magnitude - (112 << 23), 13);
    // Below, float16 counts in steps of 2⁻²⁴; all below half a step is 0.
    if (exponent < 102) return sign;
    return sign | roundedShift((magnitude & 0x7fffff) | 0x800000, 126 - exponent);
  });
}

/** value / 2^shift, to the nearest whole number, ties to even. */
function roundedShift(value: number, shift: number): number {
  const whole = value >>> shift;
  const rest = value - whole * 2 ** shift;
  const half = 2 ** (shift - 1);
  return rest > half || (rest === half && whole % 2 === 1) ? whole + 1 : whole;
}

/** The numbers that float16's bits stand for; they are finite. */
export function fromFloat16(data: Uint16Array): Float32Array {
  return Float32Array.from(data, bits => {
    const exponent = (bits >>> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    const magnitude = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
    return bits & 0x8000 ? -magnitude : magnitude;
  });
}
