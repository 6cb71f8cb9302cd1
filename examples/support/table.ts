/** What the examples share: reading the bundled data, which is clean enough for a plain split at every comma. */
import { readFileSync } from 'node:fs';

export interface Table {
  /** The names of the input columns. */
  readonly columns: readonly string[];
  readonly x: readonly number[][];
  /** The last column, which is to be predicted, as it is written. */
  readonly y: readonly string[];
}

/** Reads `data/${name}.csv`. */
export function readTable(name: string): Table {
  const text = readFileSync(new URL(`../../data/${name}.csv`, import.meta.url), 'utf8');
  const [header = [], ...rows] = text
    .trim()
    .split(/\r?\n/)
    .map(line => line.split(','));
  return {
    columns: header.slice(0, -1),
    x: rows.map(cells => cells.slice(0, -1).map(Number)),
    y: rows.map(cells => cells.at(-1) ?? ''),
  };
}

/** Keeps every fifth row for the end, when the network is judged on rows that it has never seen. */
export function holdOut<T>(rows: readonly T[]): { training: T[]; heldOut: T[] } {
  return {
    training: rows.filter((_, index) => index % 5 !== 4),
    heldOut: rows.filter((_, index) => index % 5 === 4),
  };
}

/** The mean and the standard deviation of some numbers; 1 in its place where they are all the same. */
export function moments(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) || 1 };
}

/**
 * Learns every column's mean and standard deviation from the training rows alone, and returns what brings any rows to
 * mean 0 and deviation 1: networks learn best from inputs of that size.
 */
export function standardiser(training: readonly number[][]): (rows: readonly number[][]) => number[][] {
  const columns = (training[0] ?? []).map((_, column) => moments(training.map(row => row[column] ?? 0)));
  return rows => rows.map(row => columns.map(({ mean, deviation }, column) => ((row[column] ?? 0) - mean) / deviation));
}
