/** Steps 4 and 5 as a model offers them: options and data checked, then a judge with the model's parameters at work. */

import type { Architecture } from './architecture.js';
import { checkBoolean, checkOptions, wrongKind } from './errors.js';
import { noiseOf } from './forwardPass.js';
import { readGiven } from './givenRows.js';
import {
  type CostOptions,
  fitGoals,
  type GoalOptions,
  type GradientOptions,
  type NetworkTargets,
  type OutputGoal,
  readAllTargets,
  resolveGoals,
  weighGoals,
} from './goals.js';
import type { GivenRows, Inputs, NetworkSamples } from './inputs.js';
import { Judge, type Judgement, type ReadyData, type Way } from './judge.js';
import type { ByName } from './names.js';
import type { Outputs } from './outputs.js';
import { MOST_ROWS } from './predictor.js';
import { readSampleWeights, withCostWeights } from './rowWeights.js';
import type { Backend } from './runtime/binaries.js';
import type { Program } from './runtime/program.js';
import type { RawRows } from './tabular/rawRows.js';
import { learntTargets, toRawGradient, trueTargets } from './tabular/rawTraining.js';
import type { SampleWeights } from './trainingOptions.js';

/** What judges ask of the model that is judged. */
export interface Judged {
  readonly architecture: Architecture;
  readonly backend: Backend;
  readonly inputs: Inputs;
  readonly outputs: Outputs;
  readonly seed: number;
  /** The number of the next step among all that it was ever trained. */
  readonly nextStep: () => number;
  /** Gives a program the newest parameters, as float32. */
  readonly lend: (program: Program) => void;
  readonly rawRows: (where: string) => RawRows | undefined;
}

type JudgedRows = GivenRows & {
  readonly y: NetworkTargets;
  readonly sampleWeights?: ByName<SampleWeights> | undefined;
};

const inference: Way = { inputs: [], training: false };

export class Judges {
  readonly #model: Judged;
  /** By what they judge. */
  readonly #known = new Map<string, Judge>();

  constructor(model: Judged) {
    this.#model = model;
  }

  cost(x: NetworkSamples, y: NetworkTargets, options: CostOptions): number {
    const where = 'cost';
    checkOptions(where, options, ['loss', 'lossWeights', 'lengths']);
    const { lengths } = options;
    return this.#judge(where, { x, y, lengths }, options, MOST_ROWS, (judge, data, goals) => {
      return judge.evaluate(where, data, goals);
    }).loss;
  }

  gradients(
    x: NetworkSamples,
    y: NetworkTargets,
    options: GradientOptions,
  ): { cost: number; gradients: Record<string, Float32Array> } {
    const where = 'gradients';
    const { inputs: ends } = this.#model;
    checkOptions(where, options, ['loss', 'lossWeights', 'inputs', 'training', 'seed', 'lengths']);
    const { seed, lengths } = options;
    const inputs = checkBoolean(`${where}: inputs`, options.inputs ?? false);
    const training = checkBoolean(`${where}: training`, options.training ?? false);
    const noise = noiseOf(where, { training, seed }, this.#model);
    // Whole numbers that are looked up have no gradient.
    const smooth = ends.list.flatMap(({ key, rule }) => (rule ? [] : key));
    if (inputs && smooth.length === 0) {
      throw wrongKind(`${where}: inputs`, 'samples that have a gradient', 'whole numbers that are looked up');
    }
    const way = { inputs: inputs ? smooth : [], training };
    const found = this.#judge(
      where,
      { x, y, lengths },
      options,
      Infinity,
      (judge, data) => judge.gradients(where, data, noise),
      way,
    );
    const { input } = found.gradients;
    const raw = this.#model.rawRows(where);
    if (input !== undefined && raw) toRawGradient(raw, input);
    return found;
  }

  evaluate(data: JudgedRows, options: GoalOptions): Judgement {
    const where = 'evaluate';
    checkOptions(`${where}: data`, data, ['x', 'y', 'scale', 'sampleWeights', 'lengths']);
    checkOptions(where, options, ['loss', 'lossWeights', 'metrics']);
    return this.#judge(where, data, options, MOST_ROWS, (judge, ready, goals) => {
      const raw = this.#model.rawRows(where);
      return judge.evaluate(where, ready, goals, raw && (numbers => trueTargets(raw, numbers)));
    });
  }

  /** Lends a program for the goals, with the model's parameters and room for the rows, to `use`. */
  #judge<R>(
    where: string,
    data: GivenRows & { readonly y: unknown; readonly sampleWeights?: ByName<SampleWeights> | undefined },
    options: GoalOptions,
    mostRows: number,
    use: (judge: Judge, data: ReadyData, goals: readonly OutputGoal[]) => R,
    asked = inference,
  ): R {
    const { architecture, backend, inputs, outputs, rawRows, lend } = this.#model;
    const config = resolveGoals(where, options, outputs.names);
    const { sampleWeights } = data;
    const toGoals = sampleWeights === undefined ? fitGoals : weighGoals;
    const goals = toGoals(where, architecture, config);
    const raw = rawRows(where);
    const way = { ...asked, scaled: raw?.scaled ?? false };
    const samples = readGiven(inputs, where, data, { raw, bare: where === 'evaluate' });
    const targets = readAllTargets(where, learntTargets(raw, data.y), samples.rows, goals);
    const weights = readSampleWeights(`${where}: data: sampleWeights`, sampleWeights, samples.rows, goals);
    const kinds = goals.map(({ kept, weighted }) => [kept, weighted]);
    const key = JSON.stringify([config.loss, config.lossWeights, kinds, way]);
    const rows = Math.min(samples.rows, mostRows);
    let judge = this.#known.get(key);
    if (!judge || judge.capacity < rows) {
      judge = new Judge(backend, architecture, goals, rows, way);
      for (const former of this.#known.values()) former.close();
      this.#known.clear();
      this.#known.set(key, judge);
    }
    lend(judge.program);
    const ready = { samples, targets, ...(weights && { weights }) };
    return use(judge, weights ? withCostWeights(ready, goals, []) : ready, goals);
  }
}
