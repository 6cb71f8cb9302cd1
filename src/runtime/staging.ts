/** Copies samples and targets into a program's memory, beyond its plan. */
import type { ReadySamples } from '../data/samples.js';
import { align } from '../plan/memory.js';
import type { Program } from './program.js';

/** Where samples, targets and their order lie. */
export interface Places {
  readonly x: number;
  readonly y: number;
  readonly order: number;
  readonly end: number;
}

/** Bytes that one sample, one target and the lengths of one take. */
export interface RowBytes {
  readonly sample: number;
  readonly target: number;
  readonly lengths?: number;
}

/** Lays out room for `rows` samples behind `start`, with their lengths behind them. */
export function layOut(start: number, rows: number, { sample, target, lengths = 0 }: RowBytes): Places {
  const y = start + align(rows * sample) + align(rows * lengths);
  const order = y + align(rows * target);
  return { x: start, y, order, end: order + align(rows * 4) };
}

/** Makes such room `offset` bytes behind a program's plan. */
export function makeRoom(program: Program, rows: number, bytes: RowBytes, offset = 0): Places {
  const start = program.behind;
  const places = layOut(start + offset, rows, bytes);
  program.reserve(places.end - start);
  return places;
}

/** Bytes that so many rows take behind a plan that predicts, with their lengths. */
export function stagingBytes({ inputs, sequences }: { inputs: number; sequences: number }, rows: number): number {
  return align(rows * inputs * 4) + rows * sequences * 4;
}

/**
 * Copies the rows from `first` up to, not with, `last` to `address`, and their lengths behind them, and tells the
 * program how to read them.
 */
export function copySamples(
  program: Program,
  address: number,
  samples: ReadySamples,
  first: number,
  last: number,
): void {
  const { values, scale, rows, lengths } = samples;
  const columns = values.length / rows;
  const whole = first === 0 && last === rows;
  const part = whole ? values : values.subarray(first * columns, last * columns);
  program.put(address, part);
  const { controls } = program;
  controls.x = address;
  controls.bytes = values instanceof Uint8Array ? 1 : 0;
  controls.scale = scale;
  setLengths(program, address + align(part.byteLength), lengths, rows);
  if (!lengths) return;
  const inputs = lengths.length / rows;
  program.put(address + align(part.byteLength), lengths.subarray(first * inputs, last * inputs));
}

/** Says where the lengths of samples lie, if they have some. */
export function setLengths(program: Program, address: number, lengths: Int32Array | undefined, rows: number): void {
  program.controls.lengths = lengths ? address : 0;
  program.controls.sequences = lengths ? lengths.length / rows : 0;
}

/** Copies the targets of the same rows. */
export function copyTargets(
  program: Program,
  address: number,
  targets: Int32Array | Float32Array,
  rows: number,
  first: number,
  last: number,
): void {
  const columns = targets.length / rows;
  const whole = first === 0 && last === rows;
  program.put(address, whole ? targets : targets.subarray(first * columns, last * columns));
  program.controls.y = address;
}

/** The rows that lie at x are an epoch of their own, in the order they lie. */
export function beginRows({ controls }: Program, rows: number): void {
  controls.samples = rows;
  controls.position = 0;
  controls.keptFrom = 0;
  controls.order = 0;
}

/** Makes the rows that lie at x the batch at hand, in the order they lie. */
export function setBatch({ controls }: Program, rows: number): void {
  controls.rows = rows;
  controls.position = rows;
  controls.samples = rows;
  controls.order = 0;
}

/** Where all random numbers come from. */
export function setSeed(program: Program, seed: number): void {
  program.controls.seedLow = (seed % 2 ** 32) | 0;
  program.controls.seedHigh = Math.floor(seed / 2 ** 32);
}
