/** The metrics of all outputs of a network, taken while its rows go by. */
import { findNotFinite } from '../data/samples.js';
import { wrongValue } from '../errors.js';
import type { OutputGoal } from '../goals.js';
import type { ReadyData } from '../judge.js';
import { ofEnd } from '../names.js';
import type { NetworkPlan } from '../network.js';
import type { Program } from '../runtime/program.js';
import { wordsOf } from '../training.js';
import { type OutputPlace, Tallies } from './tallies.js';

/** What metrics of one output take. */
interface Part {
  readonly name: string | undefined;
  readonly tallies: Tallies;
  readonly place: OutputPlace;
  readonly labels: boolean;
  /** Its number among the outputs. */
  readonly output: number;
  /** As of its goal. */
  readonly lengths: number;
}

/** Numbers in the target's own unit. */
export type Restore = (numbers: Float32Array) => Float32Array;

const NO_SCORES = Object.freeze({});

export class Measuring {
  readonly #where: string;
  readonly #parts: readonly Part[];
  readonly restore: Restore | undefined;
  /** Numbers of all outputs that a row has. */
  readonly #stride: number;

  /** `where`: who measures; `restore`: where outputs and targets are of another unit than the user's. */
  constructor(where: string, goals: readonly OutputGoal[], restore?: Restore) {
    this.#where = where;
    const stride = goals.reduce((sum, { columns }) => sum + columns, 0);
    const targetStride = goals.reduce((sum, goal) => sum + wordsOf(goal), 0);
    let [start, targetStart] = [0, 0];
    const parts: Part[] = [];
    for (const [output, goal] of goals.entries()) {
      const { name, measured, end, loss, columns, lengths } = goal;
      const { positions, target } = loss;
      const place = { columns: end.columns, positions, start, stride, targetStart, targetStride };
      const tallies = new Tallies('metrics', measured, end);
      const labels = target.kind === 'labels';
      if (measured.length > 0) parts.push({ name, tallies, place, labels, output, lengths });
      start += columns;
      targetStart += wordsOf(goal);
    }
    this.#parts = parts;
    this.#stride = stride;
    this.restore = restore;
  }

  get none(): boolean {
    return this.#parts.length === 0;
  }

  /** Forgets all rows. */
  begin(): void {
    for (const { tallies } of this.#parts) tallies.begin();
  }

  /** What it has counted, for a file; nothing where there are no metrics. */
  get numbers(): readonly (readonly (readonly number[])[])[] | undefined {
    return this.none ? undefined : this.#parts.map(({ tallies }) => tallies.numbers);
  }

  /** Goes on from what a file says of so many rows. */
  resume(where: string, given: unknown, rows: number): void {
    const lists: readonly unknown[] = Array.isArray(given) ? given : [];
    this.#parts.forEach(({ tallies, place }, index) => {
      tallies.resume(where, lists[index], rows * place.positions);
    });
  }

  /**
   * Takes the rows into account that a program's last run kept: so many, from the `first` place of the epoch on, in its
   * order.
   */
  add(
    program: Program,
    { kept }: NetworkPlan,
    data: ReadyData,
    rows: { samples: number; first: number; order?: Int32Array | undefined },
  ): void {
    if (!kept) return;
    const { samples, first, order } = rows;
    const { restore } = this;
    const found = program.floats(kept);
    const outputs = restore ? restored(this.#where, found, restore, rows, this.#stride) : found;
    const { rows: all, lengths } = data.samples;
    const inputs = (lengths?.length ?? 0) / all;
    for (const { tallies, place, labels, output, lengths: end } of this.#parts) {
      const given = labels ? asWords(data.targets) : floatsOf(data.targets);
      const targets = restore && given instanceof Float32Array ? restore(given) : given;
      const weights = data.weights?.[output];
      const counted = lengths && end ? (sample: number) => lengths[sample * inputs + end - 1] ?? 0 : undefined;
      tallies.add({ outputs, samples, targets, weights, first, order, counted }, place);
    }
  }

  /** The values, by the names that histories have for them. */
  get scores(): Readonly<Record<string, number>> {
    if (this.#parts.length === 0) return NO_SCORES;
    return Object.fromEntries(
      this.#parts.flatMap(({ name, tallies }) => {
        return Object.entries(tallies.values).map(([key, value]) => [ofEnd(name, key), value as number]);
      }),
    );
  }
}

/** Targets of several outputs lie in words of four bytes, whatever they are. */
function asWords(targets: Int32Array | Float32Array): Int32Array {
  if (targets instanceof Int32Array) return targets;
  return new Int32Array(targets.buffer, targets.byteOffset, targets.length);
}

function floatsOf(targets: Int32Array | Float32Array): Float32Array {
  if (targets instanceof Float32Array) return targets;
  return new Float32Array(targets.buffer, targets.byteOffset, targets.length);
}

/** Outputs in the target's own unit, which may take them beyond float32: they would mislead as predictions would. */
function restored(
  where: string,
  found: Float32Array,
  restore: Restore,
  { samples, first }: { samples: number; first: number },
  stride: number,
): Float32Array {
  const outputs = restore(found.subarray(0, samples * stride));
  const bad = findNotFinite(outputs);
  if (bad < 0) return outputs;
  const got = `${outputs[bad]} in row ${first + Math.floor(bad / stride)}, column ${bad % stride}`;
  throw wrongValue(where, 'finite outputs', got, 'look for parameters or samples that are too large');
}
