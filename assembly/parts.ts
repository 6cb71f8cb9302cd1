// Which share of an op's work is this thread's. Work is split by output, never by reduction, so that the bits are the
// same for any number of threads. In binaries without threads all of this folds away.
import { Controls, Op, PANEL } from './plan';

// This instance's number among the threads that run a plan together, and how many they are.
// @ts-ignore: decorator
@external("env", "part")
declare const part: i32;
// @ts-ignore: decorator
@external("env", "parts")
declare const parts: i32;

/** Bytes from one thread's controls block to the next one's. */
export const CONTROLS_BYTES: i32 = 512;

// @ts-ignore: decorator
@inline
export function partNumber(): i32 {
  return ASC_FEATURE_THREADS ? part : 0;
}

// @ts-ignore: decorator
@inline
export function partCount(): i32 {
  return ASC_FEATURE_THREADS ? parts : 1;
}

/** This thread's own controls: each has a block, and all of them count along. */
// @ts-ignore: decorator
@inline
export function controlsOf(r: Op): Controls {
  return changetype<Controls>(changetype<usize>(r.controls) + partNumber() * CONTROLS_BYTES);
}

/** The first of this thread's share of some units. */
// @ts-ignore: decorator
@inline
export function firstUnit(units: i32): i32 {
  return ASC_FEATURE_THREADS ? units * part / parts : 0;
}

/** The one after the last of its share. */
// @ts-ignore: decorator
@inline
export function lastUnit(units: i32): i32 {
  return ASC_FEATURE_THREADS ? units * (part + 1) / parts : units;
}

/** The first of this thread's share of some rows, which are shared out `unit` at a time. */
// @ts-ignore: decorator
@inline
export function firstOf(rows: i32, unit: i32): i32 {
  return ASC_FEATURE_THREADS ? firstUnit((rows + unit - 1) / unit) * unit : 0;
}

/** The one after the last of its share. */
// @ts-ignore: decorator
@inline
export function lastOf(rows: i32, unit: i32): i32 {
  return ASC_FEATURE_THREADS ? min(rows, lastUnit((rows + unit - 1) / unit) * unit) : rows;
}

/** Rows of a record's values: one for each position of each of the batch's samples. */
// @ts-ignore: decorator
@inline
export function rowsOf(r: Op): i32 {
  return controlsOf(r).rows * r.positions;
}

/**
 * Samples of the batch are shared out four at a time, the height of the kernels' tiles; whoever has a sample has its
 * rows in every value, however many positions each has.
 */
const TILE: i32 = 4;

// This thread's rows of the record at hand, found once for each.
let first: i32 = 0;
let last: i32 = 0;

/**
 * Finds this thread's share of a record's rows, which {@link firstRow} and {@link lastRow} then tell of that record.
 */
// @ts-ignore: decorator
@inline
export function shareRows(r: Op): void {
  if (!ASC_FEATURE_THREADS) return;
  const samples = controlsOf(r).rows;
  first = firstOf(samples, TILE) * r.positions;
  last = lastOf(samples, TILE) * r.positions;
}

/** The first of this thread's share of them. */
// @ts-ignore: decorator
@inline
export function firstRow(_: Op): i32 {
  return ASC_FEATURE_THREADS ? first : 0;
}

/** The one after the last of its share. */
// @ts-ignore: decorator
@inline
export function lastRow(r: Op): i32 {
  return ASC_FEATURE_THREADS ? last : rowsOf(r);
}

/**
 * What goes back through a value's elements is shared out by panels where each sample is a row, by rows where it has
 * positions (`back` in src/plan/ops/op.ts): this thread's panels of so many, and its rows of each.
 */
// @ts-ignore: decorator
@inline
export function firstPanelBack(r: Op, panels: i32): i32 {
  return r.positions > 1 ? 0 : firstUnit(panels);
}

// @ts-ignore: decorator
@inline
export function lastPanelBack(r: Op, panels: i32): i32 {
  return r.positions > 1 ? panels : lastUnit(panels);
}

// @ts-ignore: decorator
@inline
export function firstRowBack(r: Op): i32 {
  return r.positions > 1 ? firstRow(r) : 0;
}

// @ts-ignore: decorator
@inline
export function lastRowBack(r: Op): i32 {
  return r.positions > 1 ? lastRow(r) : rowsOf(r);
}

/** The sample in place `row` of the batch at hand. */
// @ts-ignore: decorator
@inline
export function sampleAt(c: Controls, row: i32): i32 {
  const place = c.position - c.rows + row;
  return c.order ? load<i32>(c.order + (<usize>place << 2)) : place;
}

/** How many of its `steps` count of a sample of the batch, whose lengths are those of an input, counted from 1. */
export function lengthOf(c: Controls, sample: i32, input: i32, steps: i32): i32 {
  if (isDefined(CHAINS_ONLY) || !input || !c.lengths) return steps;
  return load<i32>(c.lengths + (<usize>(sampleAt(c, sample) * c.sequences + input - 1) << 2));
}

/** Whether a row of values is a step beyond its sample's length. */
// @ts-ignore: decorator
@inline
export function isPast(r: Op, row: i32, input: i32): bool {
  const sample = row / r.positions;
  return row - sample * r.positions >= lengthOf(controlsOf(r), sample, input, r.positions);
}

/** Rows of a record's values that count. */
export function countedRows(r: Op, input: i32): i32 {
  const c = controlsOf(r);
  let count = 0;
  for (let sample = 0; sample < c.rows; sample++) count += lengthOf(c, sample, input, r.positions);
  return count;
}

/** Panels of a value with that many columns. */
// @ts-ignore: decorator
@inline
export function panelsOf(columns: i32): i32 {
  return (columns + PANEL - 1) / PANEL;
}
