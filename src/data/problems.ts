/** What is wrong with a table's cells, all of it, for one error. */
import { allProblems } from '../errors.js';

/** More than these are not kept. */
const MOST = 100_000;

/** A problem, and the number of the row that it is in; 0 where it is of a whole column, or of the table. */
export interface FoundProblem {
  readonly row: number;
  readonly problem: string;
}

export class Problems {
  readonly #found: FoundProblem[];

  /** `faults`: what was found wrong while the table was read, to be told with the rest. */
  constructor(faults?: { readonly problems: readonly FoundProblem[] }) {
    this.#found = [...(faults?.problems ?? [])];
  }

  /** A problem of a whole column, or of the table. */
  add(problem: Error): void {
    this.#keep(0, problem);
  }

  /** A problem of a cell; `describe` is asked only if there is room. */
  addCell(table: { rowNumber(row: number): number }, row: number, describe: () => Error): void {
    if (this.#found.length < MOST) this.#keep(table.rowNumber(row), describe());
  }

  /** What `work` gives; undefined where it throws, which is kept: each of its problems, where it tells of some. */
  attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof RangeError) && !(error instanceof TypeError)) throw error;
      const { problems } = error as { problems?: readonly string[] };
      for (const message of problems ?? [error.message]) this.#keep(0, { message });
      return undefined;
    }
  }

  #keep(row: number, { message }: { readonly message: string }): void {
    if (this.#found.length < MOST) this.#found.push({ row, problem: message });
  }

  /** Throws one error for all of them, in the order of their rows, if there are any. */
  throwAny(): void {
    if (this.#found.length === 0) return;
    this.#found.sort((a, b) => a.row - b.row);
    throw allProblems(this.#found.map(({ problem }) => problem));
  }
}
