/** What a run of benchmarks found, as `--json` prints it and `--compare` and the report read it. */
import type { Machine } from './machine.js';
import type { Figure } from './statistics.js';

/** What is counted; figures are so many a second. */
export type Unit = 'samples' | 'multiplyAdds' | 'numbers' | 'steps' | 'starts';

/** One contestant at one piece of work. */
export interface Row {
  readonly contestant: string;
  readonly version: string;
  readonly threads: number;
  readonly turbo?: true;
  /** The instructions that it was held to, where the processor has wider ones. */
  readonly heldTo?: string;
  /** Pieces a second. */
  readonly rate: Figure;
  /**
   * Of the limits measured beside it: of one core's multiply-adds with 128 bits, and of copying the bytes that it
   * moves.
   */
  readonly shareOfMultiplyAdds?: Figure;
  readonly shareOfBytes?: Figure;
  /** How many times as fast it is as itself on one thread, round by round. */
  readonly speedUp?: Figure;
  /** How many times as fast the row of that label is, round by round. */
  readonly ratios: Readonly<Record<string, Figure>>;
  /** Mean cost of the last epoch that all have done. */
  readonly cost?: number;
  /** Processors' seconds in one of the clock. */
  readonly cores?: number;
  /** It computes something else; why. */
  readonly wrong?: string;
  /** Why it does not compare, and what it did instead. */
  readonly notComparable?: string;
}

/** A figure from elsewhere, of another machine. */
export interface Published {
  readonly who: string;
  /** Pieces a second, where that is told. */
  readonly rate?: number;
  readonly source: string;
}

/** One piece of work and all who did it. */
export interface Case {
  readonly name: string;
  /** Its place on the suite's axis. */
  readonly at?: number;
  readonly unit: Unit;
  /** Of one piece. */
  readonly multiplyAdds?: number;
  readonly bytes?: number;
  /** What the limits allow, pieces a second. */
  readonly limit?: { readonly multiplyAdds?: number; readonly bytes?: number };
  readonly rows: readonly Row[];
  /** Who did not take part, and why. */
  readonly without: Readonly<Record<string, string>>;
  readonly published?: readonly Published[];
  /** The share of rounds in which the machine was quiet. */
  readonly quiet: number;
}

export interface SuiteResult {
  readonly suite: string;
  /** What the cases are laid out along, where they make a curve. */
  readonly axis?: string;
  readonly cases: readonly Case[];
}

export interface Run {
  readonly event: 'benchmark';
  readonly format: 1;
  readonly machine: Machine;
  /** As it was typed. */
  readonly command: string;
  readonly suites: readonly SuiteResult[];
  /** Peers that this machine does not have, and how each is installed. */
  readonly absent: Readonly<Record<string, string>>;
  /** It was ended before everything was measured. */
  readonly interrupted: boolean;
}

/** A row's name: `PyTorch, 2 threads, AVX2`. Without versions, so that rows of two runs are found. */
export function labelOf({
  contestant,
  threads,
  turbo,
  heldTo,
}: Pick<Row, 'contestant' | 'threads' | 'turbo' | 'heldTo'>): string {
  const parts = [`${contestant}${turbo ? ' turbo' : ''}`];
  if (threads > 1) parts.push(`${threads} threads`);
  if (heldTo) parts.push(heldTo);
  return parts.join(', ');
}

/** Of rows of one case the one that differs from `row` in its threads alone, of which it has one. */
export function onOneThread<R extends Pick<Row, 'contestant' | 'threads' | 'turbo' | 'heldTo'>>(
  row: R,
  rows: readonly R[],
): R | undefined {
  const wanted = labelOf({ ...row, threads: 1 });
  return row.threads > 1 ? rows.find(other => labelOf(other) === wanted) : undefined;
}

/** The rows whose speed others are compared with. */
export const isOwn = ({ contestant }: Pick<Row, 'contestant'>): boolean => contestant === 'myelin';
