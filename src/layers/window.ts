/** Windows on images and sequences: their sizes, and where they lie. A sequence is an image of one line. */
import { checkInteger, wrongKind, wrongType, wrongValue } from '../errors.js';
import { isList } from '../kinds.js';
import type { Builder, Extent, Owner } from '../plan/builder.js';
import type { Region } from '../plan/memory.js';
import { batchShape, type Shape, size } from '../shape.js';

/** One number for all axes, or one for each: of an image `[height, width]`. */
export type Lengths = number | readonly number[];
export type Padding = 'valid' | 'same' | 'causal';

/** How windows lie along one axis. */
export interface Axis {
  readonly length: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly stride: number;
  /** How far the first one begins before the axis. */
  readonly before: number;
  readonly dilation: number;
}

const MOST = 2 ** 16;

export function checkLengths(where: string, value: unknown, rank: number, least = 1): readonly number[] {
  const given: readonly unknown[] = isList(value) ? value : Array(rank).fill(value);
  if (given.length === rank) return Object.freeze(Array.from(given, each => checkInteger(where, each, least, MOST)));
  throw wrongType(where, rank === 1 ? 'a whole number' : 'a whole number, or two: [height, width]', value);
}

/** Refuses a shape that has not so many axes and channels besides; gives the lengths of the axes. */
export function checkImage(kind: string, input: Shape, from: string, rank: number): Shape {
  if (input.length === rank + 1) return input.slice(0, rank);
  const expected = rank === 2 ? 'input [rows, height, width, channels]' : 'input [rows, steps, features]';
  const mend = `put reshape([${rank === 2 ? 'height, width, channels' : 'steps, features'}]) before it`;
  throw wrongKind(kind, expected, `${batchShape(input)} from ${from}`, mend);
}

export interface WindowConfig {
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: Padding;
  readonly dilation?: readonly number[];
}

/** Where windows lie on an input of those lengths, padded as Keras pads: what is odd goes behind. */
export function axesOf(where: string, lengths: Shape, config: WindowConfig): readonly Axis[] {
  const { kernelSize, strides, padding } = config;
  return lengths.map((length, i) => {
    const [kernel, stride, dilation] = [kernelSize[i] ?? 1, strides[i] ?? 1, config.dilation?.[i] ?? 1];
    const reach = (kernel - 1) * dilation + 1;
    const isSame = padding === 'same';
    const wanted = Math.max(0, (Math.ceil(length / stride) - 1) * stride + reach - length);
    const padded = isSame ? wanted : padding === 'causal' ? reach - 1 : 0;
    if (length + padded < reach) {
      const expected = `windows of at most ${length}, the input's ${lengths.length === 1 ? 'steps' : ['height', 'width'][i]}`;
      throw wrongValue(where, expected, reach, `take padding: 'same', or a smaller one`);
    }
    const outputs = Math.floor((length + padded - reach) / stride) + 1;
    return { length, outputs, kernel, stride, before: isSame ? Math.floor(padded / 2) : padded, dilation };
  });
}

/** How many numbers a window reads of each channel. */
export function tapsOf(axes: readonly Axis[]): number {
  return axes.reduce((product, { kernel }) => product * kernel, 1);
}

const flat: Axis = { length: 1, outputs: 1, kernel: 1, stride: 1, before: 0, dilation: 1 };

/** The axes of an image's height and width. */
export function bothAxes(axes: readonly Axis[]): readonly [y: Axis, x: Axis] {
  return [axes.at(-2) ?? flat, axes.at(-1) ?? flat];
}

/** The constant that says where windows lie. */
export function windowOf(builder: Builder, owner: Owner, axes: readonly Axis[], role = 'window'): Region {
  const both = bothAxes(axes);
  const names = ['length', 'outputs', 'kernel', 'stride', 'before', 'dilation'] as const;
  return builder.constant(owner, role, () => Int32Array.from(names.flatMap(name => both.map(axis => axis[name]))));
}

/** A row of the last axis for each position of such a shape. */
export function extentOfImage(shape: Shape): Extent {
  return { positions: size(shape.slice(0, -1)), columns: shape.at(-1) ?? 1 };
}
