/** What a program adds up over rows, of each output and of all: costs and right answers; and what scores that makes. */
import type { ReadySamples } from './data/samples.js';
import type { OutputGoal } from './goals.js';
import { ofEnd } from './names.js';
import type { Tally } from './network.js';
import type { Region } from './plan/memory.js';
import type { Program } from './runtime/program.js';
import type { Goal } from './training.js';

/** What rows add up for one output. */
interface Sum {
  readonly costSum: number;
  readonly correct: number;
}

/** What some rows have added up: for all outputs together, and for each that has a name by itself. */
export interface Sums extends Sum {
  readonly outputs?: Readonly<Record<string, Sum>> | undefined;
}

const nothing: Sum = { costSum: 0, correct: 0 };

/** The float64 number that a region of the program's holds. */
export function numberAt(program: Program, { address }: Region): Float64Array {
  return new Float64Array(program.memory.buffer, address, 1);
}

/** Has rows that come add to what others have. */
export function setSums(program: Program, tallies: readonly Tally[], { costSum, correct, outputs }: Sums): void {
  program.controls.costSum = costSum;
  program.controls.correct = correct;
  for (const { name, ...places } of tallies) {
    const own = outputs?.[name] ?? nothing;
    numberAt(program, places.cost)[0] = own.costSum;
    numberAt(program, places.correct)[0] = own.correct;
  }
}

/** What the rows have added up by now. */
export function sumsOf(program: Program, tallies: readonly Tally[]): Sums {
  const sums = { costSum: program.controls.costSum, correct: program.controls.correct };
  if (tallies.length === 0) return sums;
  const outputs = tallies.map(({ name, cost, correct }) => {
    return [name, { costSum: numberAt(program, cost)[0], correct: numberAt(program, correct)[0] }] as const;
  });
  return { ...sums, outputs: Object.fromEntries(outputs) as Record<string, Sum> };
}

/** How many answers of a row are right or wrong. */
export function answersOf({ accuracy, positions, target }: Goal['loss']): number {
  return accuracy?.kind === 'threshold' && target.kind === 'values' ? positions * target.columns : positions;
}

/** How many rows count for an output, of which those count in part whose sequences end early. */
export function countedRows({ rows, lengths }: ReadySamples, goal: OutputGoal | undefined): number {
  if (!lengths || !goal?.lengths) return rows;
  const inputs = lengths.length / rows;
  let steps = 0;
  for (let i = goal.lengths - 1; i < lengths.length; i += inputs) steps += lengths[i] ?? 0;
  return steps / goal.loss.positions;
}

/** What rows that were judged have added up: costs of steps, which count alike whatever sequence they are of. */
export function judgedScores(sums: Sums, samples: ReadySamples, goals: readonly OutputGoal[]) {
  const { rows, lengths } = samples;
  if (!lengths) return scoresOf(sums, rows, goals);
  const counted = goals.map(goal => countedRows(samples, goal));
  const ofRows = (sum: Sum, goal: number) => ({ ...sum, costSum: (sum.costSum * rows) / (counted[goal] ?? rows) });
  const named = goals.flatMap(({ name }, i) => {
    const own = name === undefined ? undefined : sums.outputs?.[name];
    return own ? [[name, ofRows(own, i)] as const] : [];
  });
  if (named.length === 0) return scoresOf(ofRows(sums, 0), rows, goals, counted);
  const costSum = named.reduce((sum, [, own], i) => sum + own.costSum * (goals[i]?.weight ?? 1), 0);
  return scoresOf({ ...sums, costSum, outputs: Object.fromEntries(named) }, rows, goals, counted);
}

/**
 * The costs and the shares of right answers of so many rows, by the names that histories have for them. `counted` are
 * the rows that count for each output.
 */
export function scoresOf(
  { costSum, correct, outputs }: Sums,
  rows: number,
  goals: readonly OutputGoal[],
  counted: readonly number[] = [],
): { loss: number } & Record<string, number> {
  const scores: { loss: number } & Record<string, number> = { loss: costSum / rows };
  for (const [i, { name, loss, accuracy }] of goals.entries()) {
    const own = name === undefined ? { costSum, correct } : outputs?.[name];
    if (!own) continue;
    scores[ofEnd(name, 'loss')] = own.costSum / rows;
    if (accuracy) scores[ofEnd(name, 'accuracy')] = own.correct / ((counted[i] ?? rows) * answersOf(loss));
  }
  return scores;
}

/** The same names before there are any scores, and those of metrics that rows are kept for. */
export function scoreNames(goals: readonly OutputGoal[]): string[] {
  const outputs = Object.fromEntries(goals.map(({ name }) => [name ?? '', nothing]));
  const measured = goals.flatMap(({ name, measured }) => measured.map(({ key }) => ofEnd(name, key)));
  return [...Object.keys(scoresOf({ ...nothing, outputs }, 1, goals)), ...measured];
}

/** What a score is called of the validation rows: `valLoss` of `loss`, `kind.valLoss` of `kind.loss`. */
export function validationName(name: string): string {
  const at = name.lastIndexOf('.') + 1;
  return `${name.slice(0, at)}val${name.charAt(at).toUpperCase()}${name.slice(at + 1)}`;
}
