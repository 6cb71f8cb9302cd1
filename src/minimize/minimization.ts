/** Iterations of a full-batch optimiser: a direction, a search along it, and all rows gone through for each point. */
import { ABORTED, unlessAborted } from '../abort.js';
import { type Architecture, placedLayers } from '../architecture.js';
import type { Executor } from '../executor.js';
import type { Signal } from '../platform.js';
import type { Block, RowSource } from '../rowSource.js';
import type { Run } from '../run.js';
import { size } from '../shape.js';
import { countedRows, type Sums, scoresOf, sumsOf } from '../sums.js';
import type { Directions } from './directions.js';
import { lineSearch, type Point, roundingOf } from './lineSearch.js';
import { addScaled, dot, norm } from './vectors.js';

/** Numbers that a chunk of rows has about, of inputs and all layers' outputs; and how many rows it has. */
const NUMBERS_AT_ONCE = 2 ** 20;
const [LEAST_ROWS, MOST_ROWS] = [32, 4096];

/** How many rows a network goes through at a time: it hangs on shapes alone, as the order of all sums does. */
export function rowsAtOnce(architecture: Architecture): number {
  const layers = placedLayers(architecture);
  const ofRow = layers.reduce((sum, { inputShape, outputShape }) => sum + size(inputShape) + size(outputShape), 0);
  let rows = MOST_ROWS;
  while (rows > LEAST_ROWS && rows * ofRow > NUMBERS_AT_ONCE) rows /= 2;
  return rows;
}

/** Iterations that are to lower the cost by more than the tolerance, a share of it. */
const PATIENCE = 10;
/** Costs that are looked back at. */
export const MOST_COSTS: number = PATIENCE + 1;

/** The last costs with another; where that is above them, what was minimised is another too, and they are forgotten. */
function withCost(costs: readonly number[], cost: number): readonly number[] {
  const last = costs.at(-1) ?? cost;
  return [...(cost > last + roundingOf(last) ? [] : costs), cost].slice(-MOST_COSTS);
}

function isStalled(costs: readonly number[], tolerance: number): boolean {
  const [first = 0, last = 0] = [costs[0], costs.at(-1)];
  return costs.length === MOST_COSTS && first - last <= tolerance * Math.abs(last);
}

/** Cost and gradient over all rows at some parameters; the cost is Infinity where either is not finite. */
interface Evaluation {
  readonly cost: number;
  readonly gradient: Float64Array;
  /** By the names that histories have for them. */
  readonly scores: { readonly loss: number } & Readonly<Record<string, number>>;
  readonly rows: number;
}

type Found = Evaluation & Point;

/** A point that a search found: its parameters, and what the optimiser learns on the way there. */
interface Better extends Found {
  readonly parameters: Float32Array;
  readonly learn: () => void;
}

/** What an iteration came to. */
export interface Iteration {
  /** Of the parameters that it began with, as of every step. */
  readonly scores: Evaluation['scores'];
  readonly rows: number;
  /** Why no further one would bring anything. */
  readonly stopped: 'converged' | 'lineSearchFailed' | undefined;
  /** Makes its step for good. */
  readonly keep: () => void;
}

export class Minimization {
  readonly #run: Run;
  readonly #directions: Directions;
  readonly #source: RowSource;
  readonly #executor: Executor;
  readonly #signal: Signal | undefined;
  /** The parameters that learn, and what is known of them. */
  readonly #at: Float32Array;
  #here: Evaluation | undefined;

  constructor(run: Run, directions: Directions, source: RowSource, executor: Executor, signal: Signal | undefined) {
    this.#run = run;
    this.#directions = directions;
    this.#source = source;
    this.#executor = executor;
    this.#signal = signal;
    this.#at = run.learning.slice();
  }

  /**
   * Makes a step, unless the signal is aborted before that is done. Whoever does not keep it goes back to before it.
   */
  async iterate(tolerance: number): Promise<Iteration | typeof ABORTED> {
    const here = this.#here ?? (await this.#evaluate());
    if (here === ABORTED) return ABORTED;
    if (here.cost === Infinity) throw this.#run.fail(here.rows, 'a finite cost and gradient of all rows');
    this.#here = here;
    const gradientNorm = norm(here.gradient);
    const costs = withCost(this.#run.costs, here.cost);
    const isOver = gradientNorm <= tolerance || isStalled(costs, tolerance);
    const found = isOver ? 'converged' : await this.#step(here);
    if (found === ABORTED) return ABORTED;
    const [next, stopped] = typeof found === 'string' ? [undefined, found] : [found, undefined];
    this.#run.learning.set(next?.parameters ?? this.#at);
    const keep = () => {
      this.#run.costs = costs;
      if (!next) return;
      next.learn();
      this.#at.set(next.parameters);
      this.#here = next;
    };
    const scores = { ...here.scores, gradientNorm, stepLength: next?.length ?? 0 };
    return { scores, rows: here.rows, stopped, keep };
  }

  /** To the parameters of the last step that was kept. */
  goBack(): void {
    this.#run.learning.set(this.#at);
  }

  /** Looks for a better point; where the search for one fails, once more from the gradient alone. */
  async #step(here: Evaluation): Promise<Better | (Iteration['stopped'] & string) | typeof ABORTED> {
    const direction = new Float64Array(this.#at.length);
    for (;;) {
      const knows = this.#directions.towards(direction, here.gradient);
      const slope = dot(direction, here.gradient);
      if (slope < 0) {
        const first = knows ? this.#directions.firstLength(direction, slope) : Number.NaN;
        const isLength = first > 0 && first < Infinity;
        const found = await this.#search(here, direction, slope, isLength ? first : Math.min(1, 1 / norm(direction)));
        if (found === ABORTED || found === 'converged') return found;
        if (found) return found;
      }
      if (!knows) return 'lineSearchFailed';
      this.#directions.forget();
    }
  }

  /** Looks along a direction. */
  async #search(
    here: Evaluation,
    direction: Float64Array,
    slope: number,
    first: number,
  ): Promise<Better | 'converged' | undefined | typeof ABORTED> {
    const start = { ...here, length: 0, slope };
    const lengths = lineSearch<Found>(start, first, this.#directions.flatness);
    let asked = lengths.next();
    let curvature = 0;
    while (!asked.done) {
      const length = asked.value;
      this.#run.learning.set(this.#pointAt(direction, length));
      const found = await this.#evaluate();
      if (found === ABORTED) return ABORTED;
      const point = { ...found, length, slope: dot(direction, found.gradient) };
      if (length === first) curvature = (point.slope - slope) / first;
      asked = lengths.next(point);
    }
    const found = asked.value;
    const parameters = this.#pointAt(direction, found?.length ?? 0);
    const step = Float64Array.from(parameters, (value, i) => value - (this.#at[i] ?? 0));
    if (!found || step.every(change => change === 0)) {
      // A parabola of that curvature lies no deeper than costs are rounded.
      return (slope * slope) / (2 * curvature) <= roundingOf(here.cost) && curvature > 0 ? 'converged' : undefined;
    }
    const learn = () => this.#directions.learn(step, direction, here.gradient, found.gradient);
    return { ...found, parameters, learn };
  }

  #pointAt(direction: Float64Array, length: number): Float32Array {
    return Float32Array.from(this.#at, (value, i) => value + length * (direction[i] ?? 0));
  }

  /**
   * Goes through all rows with the parameters as they are. Chunks of rows are added up in their order and in float64,
   * each by its rows; where sequences end early, by the steps that count.
   */
  async #evaluate(): Promise<Evaluation | typeof ABORTED> {
    const { goals, measuring } = this.#run;
    const gradient = new Float64Array(this.#at.length);
    const none = { cost: Infinity, gradient, scores: { loss: Infinity } };
    let [cost, weight, rows] = [0, 0, 0];
    let sums: Sums = { costSum: 0, correct: 0 };
    let counted = goals.map(() => 0);
    measuring.begin();
    // Nearly always another follows.
    const blocks = this.#source.epoch(true);
    try {
      for (;;) {
        const coming = blocks.next();
        const block = coming && 'then' in coming ? await unlessAborted(this.#signal, coming) : coming;
        if (block === ABORTED) return ABORTED;
        if (!block) break;
        await this.#executor.place(block, undefined, 0, sums);
        const { program, network } = this.#run.workspace;
        const region = network.plan.region('gradients');
        for (let first = 0; first < block.samples.rows; ) {
          if (this.#signal?.aborted) return ABORTED;
          program.controls.keptFrom = first;
          const finished = await this.#executor.run('gradients', 1);
          const samples = program.controls.position - first;
          if (finished === 0) return { ...none, rows: rows + first + samples };
          measuring.add(program, network, block, { samples, first });
          const own = goals.map(goal => countedRows(partOf(block, first, samples), goal));
          const [share = samples] = own;
          cost += share * program.controls.cost;
          addScaled(gradient, share, program.floats(region));
          weight += share;
          counted = counted.map((count, i) => count + (own[i] ?? 0));
          first += samples;
          await this.#executor.took(1);
        }
        sums = sumsOf(program, network.tallies);
        rows += block.samples.rows;
      }
    } finally {
      blocks.close();
    }
    cost /= weight;
    for (let i = 0; i < gradient.length; i++) gradient[i] = (gradient[i] ?? 0) / weight;
    if (!Number.isFinite(norm(gradient))) return { ...none, rows };
    const scores = { ...scoresOf({ ...sums, costSum: cost * rows }, rows, goals, counted), ...measuring.scores };
    return { cost, gradient, scores, rows };
  }
}

/** Some samples of a block, as far as their lengths are asked for. */
function partOf({ samples }: Block, first: number, count: number): Block['samples'] {
  const { rows, lengths } = samples;
  const inputs = (lengths?.length ?? 0) / rows;
  return { ...samples, rows: count, lengths: lengths?.subarray(first * inputs, (first + count) * inputs) };
}
