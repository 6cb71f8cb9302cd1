/** What rows count: by weights of their own, and by those of the classes that they are of. */
import { putColumns } from './data/columns.js';
import { stratifiedSplit } from './data/split.js';
import { checkNumber, describe, wrongKind, wrongType, wrongValue } from './errors.js';
import { type OutputGoal, placesOf, targetsByOutput } from './goals.js';
import type { ReadyData } from './judge.js';
import { isList, isNumberArray, kindOf } from './kinds.js';
import { labelOf } from './metrics/metric.js';
import { type ByName, valuesByName } from './names.js';
import { targetNumbers, wordsOf } from './training.js';
import type { ClassWeights, SampleWeights } from './trainingOptions.js';

/** As many finite numbers that are not negative, one of them above 0 at least. */
function checkWeights(where: string, given: unknown, count: number | undefined, what: string): number[] {
  if (!isList(given) && !isNumberArray(given)) throw wrongType(where, `one number for each ${what}`, given);
  const weights = Array.from(given as ArrayLike<unknown>, (weight, i) =>
    checkNumber(`${where}[${i}]`, weight, { min: 0 }),
  );
  if (count !== undefined && weights.length !== count) {
    throw wrongValue(where, `${count} numbers, one for each ${what}`, weights.length);
  }
  if (weights.every(weight => weight === 0)) throw wrongValue(where, 'a number above 0', 'only 0');
  return weights;
}

/** The weights of rows for each output: those that are given for all of them, or by their names. */
export function readSampleWeights(
  where: string,
  given: ByName<SampleWeights> | undefined,
  rows: number,
  goals: readonly OutputGoal[],
): readonly (Float32Array | undefined)[] | undefined {
  if (given === undefined) return undefined;
  const names = goals.flatMap(({ name }) => name ?? []);
  const byName = names.length > 0 && kindOf(given) === 'Object';
  const lists = byName ? valuesByName(where, 'output', given, names) : goals.map(() => given);
  return lists.map((weights, i) => {
    const place = byName ? `${where}: ${names[i]}` : where;
    return weights === undefined ? undefined : Float32Array.from(checkWeights(place, weights, rows, 'row'));
  });
}

/** Class weights as an option has them: where outputs have names those of some of them. */
export function checkClassWeights(
  where: string,
  given: unknown,
  names: readonly string[] | undefined,
): ByName<ClassWeights> {
  const check = (place: string, weights: unknown): ClassWeights => {
    if (typeof weights !== 'string') return checkWeights(place, weights, undefined, 'class');
    if (weights !== 'balanced') throw wrongValue(place, `'balanced' or one number for each class`, describe(weights));
    return weights;
  };
  if (!names) return check(where, given);
  const some = valuesByName(where, 'output', given, names).flatMap((weights, i) => {
    return weights === undefined ? [] : [[names[i] ?? '', check(`${where}: ${names[i]}`, weights)] as const];
  });
  return Object.fromEntries(some);
}

/** Class weights for each output, as many as it has classes. */
export function fitClassWeights(
  where: string,
  given: ByName<ClassWeights> | undefined,
  goals: readonly OutputGoal[],
): readonly (ClassWeights | undefined)[] {
  return goals.map(goal => {
    const { name } = goal;
    const own = name === undefined ? given : (given as Readonly<Record<string, ClassWeights>> | undefined)?.[name];
    if (own === undefined) return undefined;
    const place = name === undefined ? where : `${where}: ${name}`;
    const classes = classesOf(goal);
    if (classes === undefined || goal.loss.positions > 1) {
      throw wrongKind(place, 'an output and a loss of one class for each row', 'another', 'give data.sampleWeights');
    }
    return own === 'balanced' ? own : checkWeights(place, own, classes, 'class');
  });
}

/** How many classes an output tells apart, where each row is of one. */
function classesOf({ loss: { accuracy, target } }: OutputGoal): number | undefined {
  if (target.kind === 'labels') return target.classes;
  if (!accuracy || (accuracy.kind === 'threshold' && target.columns > 1)) return undefined;
  return accuracy.kind === 'threshold' ? 2 : target.columns;
}

/** The class of each row. */
function labelsOf({ end }: OutputGoal, targets: ArrayLike<number>, rows: number): Int32Array {
  const width = targets.length / rows;
  const row = { predictions: [], at: 0, targets, weight: 1 };
  return Int32Array.from({ length: rows }, (_, i) => labelOf({ ...row, from: i * width }, { ...end, where: '' }));
}

/** Rows over classes times rows of each. */
function balanced(labels: Int32Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts.map(count => (count === 0 ? 0 : labels.length / (classes * count)));
}

/** Goals of targets that no weights stand behind yet. */
function bareOf(goals: readonly OutputGoal[]): OutputGoal[] {
  return goals.map(goal => ({ ...goal, weighted: false }));
}

/**
 * The same data, behind each output's targets what the row's cost counts; 1 where nothing says otherwise. Refuses,
 * where they are the `whole` of a fit's rows, those of which none counts.
 */
export function withCostWeights(
  data: ReadyData,
  goals: readonly OutputGoal[],
  classWeights: readonly (ClassWeights | undefined)[],
  whole?: string,
): ReadyData {
  const { targets, weights } = data;
  const { rows } = data.samples;
  const places = placesOf(goals, wordsOf);
  const words = new Int32Array(rows * (places[0]?.stride ?? 0));
  targetsByOutput(targets, rows, bareOf(goals)).forEach((own, i) => {
    const [goal, place] = [goals[i], places[i]];
    if (!goal || !place) return;
    const columns = targetNumbers(goal.loss);
    const asked = classWeights[i];
    const labels = asked && labelsOf(goal, own, rows);
    const ofClass = labels && (asked === 'balanced' ? balanced(labels, classesOf(goal) ?? 1) : asked);
    const counts = Float32Array.from({ length: rows }, (_, row) => {
      return (weights?.[i]?.[row] ?? 1) * (ofClass?.[labels?.[row] ?? 0] ?? 1);
    });
    if (whole !== undefined && counts.every(count => count === 0)) {
      throw wrongValue(`${whole}: classWeights`, 'weights by which a row counts', 'only rows that count 0');
    }
    putColumns(words, new Int32Array(own.buffer, own.byteOffset, own.length), { ...place, columns });
    putColumns(words, new Int32Array(counts.buffer), { ...place, start: place.start + columns, columns: 1 });
  });
  return { ...data, targets: words };
}

/** Some of the rows, in the order of their indices. */
function pickRows({ samples, targets, weights }: ReadyData, rows: readonly number[]): ReadyData {
  const part = <A extends Float32Array | Int32Array | Uint8Array>(all: A): A => {
    const width = all.length / samples.rows;
    const picked = new (all.constructor as new (length: number) => A)(rows.length * width);
    rows.forEach((row, i) => {
      picked.set(all.subarray(row * width, (row + 1) * width), i * width);
    });
    return picked;
  };
  return {
    samples: {
      ...samples,
      rows: rows.length,
      values: part(samples.values),
      lengths: samples.lengths && part(samples.lengths),
    },
    targets: part(targets),
    ...(weights && { weights: weights.map(own => own && part(own)) }),
  };
}

/**
 * Sets a share of the rows aside for validation, of each class of the first output that has classes as many as of all;
 * the same seed, the same rows.
 */
export function splitReady(
  where: string,
  data: ReadyData,
  share: number,
  seed: number,
  goals: readonly OutputGoal[],
): { training: ReadyData; validation: ReadyData } {
  const { rows } = data.samples;
  if (rows < 2) throw wrongValue(where, 'at least 2 rows', rows);
  const index = goals.findIndex(goal => classesOf(goal) !== undefined && goal.loss.positions === 1);
  const [goal, targets] = [goals[index], targetsByOutput(data.targets, rows, bareOf(goals))[index]];
  const labels = goal && targets ? labelsOf(goal, targets, rows) : new Int32Array(rows);
  const { training, validation } = stratifiedSplit(labels, share, seed);
  return { training: pickRows(data, training), validation: pickRows(data, validation) };
}
