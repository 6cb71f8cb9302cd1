/**
 * What a trainer's steps and fits have in common: how far training has come, and how it ends where it leaves the finite
 * numbers.
 */
import { placedLayers } from './architecture.js';
import type { Callbacks } from './callbacks/index.js';
import { findNotFinite } from './data/samples.js';
import { divergence, shorten, wrongKind, wrongState, wrongValue } from './errors.js';
import type { OutputGoal } from './goals.js';
import type { ReadyData } from './judge.js';
import { definitionOf } from './layers/index.js';
import { Measuring } from './metrics/measuring.js';
import { type Directions, directionsOf } from './minimize/directions.js';
import { isMinimizer } from './optimizers/index.js';
import { checkRate, type LearningRate, rateAt } from './optimizers/schedules.js';
import type { Parameter } from './plan/builder.js';
import { PANEL, panelCount } from './plan/panels.js';
import { withCostWeights } from './rowWeights.js';
import { type Places, setSeed } from './runtime/staging.js';
import type { Team } from './runtime/threads.js';
import type { Sums } from './sums.js';
import { type ClassWeights, rowsOfStep, type TrainerConfig } from './trainingOptions.js';
import type { Leader, Trainable } from './weights.js';
import type { Moments, Workspace } from './workspace.js';

/** What is missed where an update, and not a cost, left the finite numbers. */
export const FINITE_PARAMETERS = 'finite parameters';

/** Where the machine's count of steps stays: Adam's corrections have long been 1. */
const MOST_STEP = 2 ** 31 - 1;

/** @internal What a run is made of. */
export interface RunParts<M extends Trainable> {
  readonly model: M;
  readonly config: TrainerConfig;
  readonly goals: readonly OutputGoal[];
  /** The same where rows are weighed. */
  readonly weighedGoals: readonly OutputGoal[];
  /** What rows of each class count, for each output. */
  readonly classWeights: readonly (ClassWeights | undefined)[];
  /** The metrics that rows are kept for. */
  readonly measuring: Measuring;
  readonly deterministic: boolean;
  /** The threads that epochs are run on; none where the caller's does it. */
  readonly team: Team | undefined;
  readonly workspace: Workspace;
  readonly callbacks: Callbacks;
}

/** How far a run has come: what a trainer's file says of it. */
export interface Progress extends Sums {
  /** Epochs finished. */
  epoch: number;
  /** Rows that the epoch under way has taken, of how many, and what it has added up. */
  position: number;
  samples: number;
  costSum: number;
  correct: number;
  outputs?: Sums['outputs'];
  /**
   * Whether the epoch under way takes its rows in an order of its own, and which: its number among the model's epochs.
   */
  shuffled: boolean;
  order: number;
  /** Updates made. */
  step: number;
}

const begun: Progress = {
  epoch: 0,
  position: 0,
  samples: 0,
  costSum: 0,
  correct: 0,
  shuffled: true,
  order: 0,
  step: 0,
};

/** @internal */
export class Run<M extends Trainable = Trainable> implements Leader, RunParts<M> {
  readonly model: M;
  readonly config: TrainerConfig;
  goals: readonly OutputGoal[];
  readonly weighedGoals: readonly OutputGoal[];
  readonly classWeights: readonly (ClassWeights | undefined)[];
  measuring: Measuring;
  readonly deterministic: boolean;
  readonly team: Team | undefined;
  readonly workspace: Workspace;
  readonly progress: Progress = { ...begun };
  /** What is told of its epochs. */
  callbacks: Callbacks;
  /** What a full-batch optimiser knows of the cost; none with others. */
  readonly directions: Directions | undefined;
  /** Costs that it looks back at, the latest last. */
  costs: readonly number[] = [];
  /** None where an optimiser has none. */
  #learningRate: LearningRate | undefined;
  /** Whether the parameters here are newer than the model's. */
  ahead = false;
  /** Why it cannot go on, in words. */
  #end: string | undefined;

  constructor(parts: RunParts<M>) {
    this.model = parts.model;
    this.config = parts.config;
    this.goals = parts.goals;
    this.weighedGoals = parts.weighedGoals;
    this.classWeights = parts.classWeights;
    this.measuring = parts.measuring;
    this.deterministic = parts.deterministic;
    this.team = parts.team;
    this.workspace = parts.workspace;
    this.callbacks = parts.callbacks;
    const { optimizer } = parts.config;
    if (isMinimizer(optimizer)) this.directions = directionsOf(optimizer, this.learning.length);
    else this.#learningRate = optimizer.learningRate;
    if (parts.config.classWeights !== undefined) this.weigh();
  }

  /** Whether rows are weighed. */
  get weighs(): boolean {
    return this.goals === this.weighedGoals;
  }

  /**
   * Data as its plan takes them: where rows are weighed, with what their costs count, by classes unless `judged`.
   * `whole`: where they are all there are, and one has to count.
   */
  ready(data: ReadyData, { judged = false, whole }: { judged?: boolean; whole?: string } = {}): ReadyData {
    return this.weighs ? withCostWeights(data, this.goals, judged ? [] : this.classWeights, whole) : data;
  }

  /** Refuses classes that are to be balanced where nobody knows all rows. */
  refuseBalanced(where: string): void {
    if (!this.classWeights.includes('balanced')) return;
    const mend = 'give one number for each class';
    throw wrongKind(`${where}: classWeights`, `numbers where not all rows are known`, `'balanced'`, mend);
  }

  /** Rows are weighed from now on. */
  weigh(): void {
    this.goals = this.weighedGoals;
    this.measuring = new Measuring('fit', this.goals, this.measuring.restore);
  }

  /**
   * Makes room for so many rows, and for the data behind the plan. `keeps`: whether an update is to keep the parameters
   * from before it.
   */
  open(rows: number, data: ReadyData, keeps: boolean, given = false): void {
    const { config, model, workspace } = this;
    if (workspace.open(rows, data, { given, weighs: this.weighs })) {
      const { program } = workspace;
      if (typeof this.#learningRate === 'number') program.controls.learningRate = this.#learningRate;
      program.controls.batchSize = config.batchSize;
      setSeed(program, model.seed);
      program.controls.draw = model.held.trained.steps;
      this.#setStep();
    }
    workspace.program.controls.keeps = Number(keeps);
  }

  /** That of the next step; not a number where there is none. */
  get learningRate(): number {
    return rateAt(this.#learningRate ?? Number.NaN, this.progress.step);
  }

  /** Whether all steps take the same rate until another is set. */
  get hasFixedRate(): boolean {
    return typeof this.#learningRate === 'number' && this.config.optimizer.kind !== 'rprop';
  }

  /**
   * Says what the rates of the next steps are, where they are not all the same; of so many of them as it returns.
   *
   * @throws where one is no rate, before any of those steps
   */
  prepareRates(where: string, steps: number): number {
    const rate = this.#learningRate;
    if (rate === undefined || typeof rate === 'number') return steps;
    const { program, network } = this.workspace;
    const region = network.plan.region('rates');
    const count = Math.min(steps, region.bytes / 8);
    const { step } = this.progress;
    const rates = Float64Array.from({ length: count }, (_, i) => checkRate(where, rate, step + i));
    new Float64Array(program.memory.buffer, region.address, count).set(rates);
    program.controls.rates = region.address;
    return count;
  }

  /** Refuses a function that gives no rate for the next step. */
  checkRate(where: string): void {
    if (this.#learningRate !== undefined) checkRate(where, this.#learningRate, this.progress.step);
  }

  /** Steps from now on take another rate than the optimiser was made with. */
  setLearningRate(rate: number): void {
    this.#learningRate = rate;
    if (this.workspace.placed) this.workspace.program.controls.learningRate = rate;
  }

  /**
   * Takes over the model's newest parameters and its count of steps, where another trainer may have been at work since.
   */
  lead(): void {
    const { held } = this.model;
    if (!held.lead(this)) return;
    this.beginAt(held.values);
    if (this.workspace.placed) this.workspace.program.controls.draw = held.trained.steps;
  }

  get parameters(): Float32Array {
    return this.workspace.parameters;
  }

  /** Those of them that learn, which lie in front of the others. */
  get learning(): Float32Array {
    const { workspace } = this;
    return workspace.parameters.subarray(0, workspace.network.plan.region('gradients').bytes / 4);
  }

  /** What the optimiser keeps of a parameter, in the same panels; of those that are not trainable there is nothing. */
  momentsOf(parameter: Parameter): Moments[] {
    const { trainable, data } = parameter;
    if (!trainable) return [];
    const learned = (this.directions?.buffers() ?? []).map(([name, values]): Moments => {
      const own = values.subarray(data.offset / 4, (data.offset + data.bytes) / 4);
      return { name: `optimizer.${name}`, rule: 'finite', values: own };
    });
    return [...this.workspace.momentsOf(parameter), ...learned];
  }

  takeUpdate(): Float32Array | undefined {
    if (!this.ahead) return undefined;
    this.ahead = false;
    return this.published;
  }

  /** What the model gets: the parameters, or where those that learn are averaged, their averages and the rest. */
  get published(): Float32Array {
    const { averages } = this.workspace;
    if (!averages) return this.parameters;
    const published = this.parameters.slice();
    published.set(averages);
    return published;
  }

  /** Has somebody work with what the model gets, and puts the trainer's own parameters back in the end. */
  async withPublished<T>(work: () => Promise<T>): Promise<T> {
    if (!this.workspace.averages) return work();
    const own = this.parameters.slice();
    this.parameters.set(this.published);
    try {
      return await work();
    } finally {
      this.parameters.set(own);
    }
  }

  /** Goes on from other parameters, whose averages begin anew. */
  beginAt(parameters: Float32Array): void {
    this.parameters.set(parameters);
    const { averages } = this.workspace;
    averages?.set(parameters.subarray(0, averages.length));
  }

  /** Points the plan at samples and targets. */
  aim(places: Places): void {
    const { controls } = this.workspace.program;
    controls.x = places.x;
    controls.y = places.y;
    controls.order = places.order;
    // A step whose cost was not finite may have ended among its batches.
    controls.taken = 0;
  }

  refuseEnded(where: string): void {
    if (this.#end !== undefined) throw wrongState(where, 'a trainer that can go on', this.#end, 'make another');
  }

  /** Ends it at a step that left the finite numbers, and kept the parameters from before it in the gradients' place. */
  takeBack(): Error {
    const error = this.explain(`step ${this.progress.step}`, FINITE_PARAMETERS);
    const { program, network, parameters } = this.workspace;
    parameters.set(program.floats(network.plan.region('gradients')));
    this.#endWith(error);
    return error;
  }

  /**
   * Ends it where it stops in the middle of an epoch with numbers that are not finite: updates look for them at its
   * end.
   */
  lookInTheMiddle(): Error | undefined {
    if (!this.ahead || this.workspace.finite) return undefined;
    return this.fail(this.progress.position, FINITE_PARAMETERS);
  }

  /** Ends it at a cost or parameter that is not finite. */
  fail(position: number, expected = 'a finite cost'): Error {
    const batch = Math.ceil(position / rowsOfStep(this.config));
    const error = this.explain(`fit: epoch ${this.progress.epoch + 1}, step ${batch}`, expected);
    this.goBack(error);
    return error;
  }

  /** Ends it with the last finished epoch's parameters; what else there is may be half a step's. */
  goBack(error: Error): void {
    this.#endWith(error);
    this.ahead = false;
    this.workspace.parameters.set(this.model.held.values);
  }

  #endWith(error: Error): void {
    this.#end = `one that ended with «${error.message}»`;
  }

  /** Ends it for good: the memory is for others. */
  close(): void {
    this.model.held.follow(this);
    this.#end ??= 'one that was disposed of';
    this.workspace.close();
  }

  #setStep(): void {
    this.workspace.program.controls.step = Math.min(this.progress.step, MOST_STEP);
  }

  /** Finds the first number that is not finite: a parameter, a layer's output, or else the cost itself. */
  explain(where: string, expected = 'a finite cost'): Error {
    const { program, network } = this.workspace;
    // Where the cost was not finite there was no update, so the step does not count.
    this.#setStep();
    const cost = program.controls.cost;
    const refuse = (got: string) =>
      divergence(wrongValue(where, expected, got, 'lower the learning rate or scale the data'));
    for (const parameter of network.plan.parameters) {
      const name = shorten(parameter.name);
      const numbers = panelCount(parameter.columns) * PANEL * parameter.rows;
      const moments = this.workspace.momentsOf(parameter).map(({ name: moment, values }) => {
        return { what: `${moment} of ${name}`, values };
      });
      for (const { what, values } of [
        { what: `parameter ${name}`, values: this.workspace.panelsOf(parameter) },
        ...moments,
      ]) {
        if (findNotFinite(values.subarray(0, numbers)) < 0) continue;
        const got =
          expected === FINITE_PARAMETERS
            ? `${what} not finite after the last update`
            : `${cost}: ${what} was already not finite`;
        return refuse(got);
      }
    }
    const rows = program.controls.rows;
    const placed = placedLayers(this.model.architecture);
    for (const [index, { name, value }] of network.layers.entries()) {
      const layer = placed[index]?.layer;
      const used = panelCount(value.columns) * PANEL * rows * value.positions;
      if (layer && findNotFinite(program.floats(value.data).subarray(0, used)) >= 0) {
        const what = `layer ${shorten(name)} (${definitionOf(layer).describe(layer)})`;
        return refuse(`${cost}: ${what} was the first to give such a number`);
      }
    }
    return refuse(`${cost}: every layer's output is finite, the loss is not`);
  }
}
