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

/** Lays out room for `rows` samples behind `start`, with their lengths behind them. */
export function layOut(
  start: number,
  rows: number,
  bytesPerSample: number,
  bytesPerTarget: number,
  bytesOfLengths = 0,
): Places {
  const y = start + align(rows * bytesPerSample) + align(rows * bytesOfLengths);
  const order = y + align(rows * bytesPerTarget);
  return { x: start, y, order, end: order + align(rows * 4) };
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
  if (part instanceof Uint8Array) new Uint8Array(program.memory.buffer, address, part.length).set(part);
  else new Float32Array(program.memory.buffer, address, part.length).set(part);
  program.set('x', address);
  program.set('bytes', values instanceof Uint8Array ? 1 : 0);
  program.set('scale', scale);
  setLengths(program, lengths ? address + align(part.byteLength) : 0, lengths, rows);
  if (!lengths) return;
  const inputs = lengths.length / rows;
  const own = lengths.subarray(first * inputs, last * inputs);
  new Int32Array(program.memory.buffer, address + align(part.byteLength), own.length).set(own);
}

/** Says where the lengths of samples lie, if they have some. */
export function setLengths(program: Program, address: number, lengths: Int32Array | undefined, rows: number): void {
  program.set('lengths', lengths ? address : 0);
  program.set('sequences', lengths ? lengths.length / rows : 0);
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
  const part = targets.subarray(first * columns, last * columns);
  if (part instanceof Int32Array) new Int32Array(program.memory.buffer, address, part.length).set(part);
  else new Float32Array(program.memory.buffer, address, part.length).set(part);
  program.set('y', address);
}

/** The rows that lie at x are an epoch of their own, in the order they lie. */
export function beginRows(program: Program, rows: number): void {
  program.set('samples', rows);
  program.set('position', 0);
  program.set('keptFrom', 0);
  program.set('order', 0);
}

/** Makes the rows that lie at x the batch at hand, in the order they lie. */
export function setBatch(program: Program, rows: number): void {
  program.set('rows', rows);
  program.set('position', rows);
  program.set('samples', rows);
  program.set('order', 0);
}

/** Where all random numbers come from. */
export function setSeed(program: Program, seed: number): void {
  program.set('seedLow', (seed % 2 ** 32) | 0);
  program.set('seedHigh', Math.floor(seed / 2 ** 32));
}
