/** Steps 4 and 5 of a network by themselves: cost, accuracy and gradients of given rows, in a program of their own. */

import { instantiateSync } from '@assemblyscript/loader';
import type { Architecture } from './architecture.js';
import { findNotFinite, type ReadySamples } from './data/samples.js';
import { divergence, quote, wrongKind, wrongValue } from './errors.js';
import type { Noise } from './forwardPass.js';
import type { OutputGoal } from './goals.js';
import { Measuring, type Restore } from './metrics/measuring.js';
import type { NetworkPlan } from './network.js';
import { fromPanels } from './plan/panels.js';
import type { Backend } from './runtime/binaries.js';
import { ownMemories, Tenancy } from './runtime/memories.js';
import { Program } from './runtime/program.js';
import { beginRows, copySamples, copyTargets, makeRoom, type RowBytes, setSeed } from './runtime/staging.js';
import { judgedScores, setSums, sumsOf } from './sums.js';
import { planTraining } from './training.js';

/** Rows with their targets, both checked. */
export interface ReadyData {
  readonly samples: ReadySamples;
  readonly targets: Int32Array | Float32Array;
  /** What the rows count in the metrics of each output; 1 where it has none. */
  readonly weights?: readonly (Float32Array | undefined)[];
}

/** What an evaluation finds, by the names that histories have for it. */
export type Judgement = { readonly loss: number } & Readonly<Record<string, number>>;

/** Bytes that a row takes in linear memory. */
export function bytesPerRow({ samples, targets }: ReadyData): Required<RowBytes> {
  return {
    sample: samples.values.byteLength / samples.rows,
    target: targets.byteLength / samples.rows,
    lengths: (samples.lengths?.byteLength ?? 0) / samples.rows,
  };
}

/** What an evaluation is to find, with which plan. */
export interface Asked {
  readonly goals: readonly OutputGoal[];
  readonly network: NetworkPlan;
  readonly measuring: Measuring;
}

/** Bytes of samples that are copied at a time when rows are judged. */
const BYTES_AT_A_TIME = 2 ** 20;

/**
 * Judges rows, some at a time through the room `offset` bytes behind the plan. Yields how many steps of section
 * `evaluate` are to be run, by whoever runs them, at most `stepsAtOnce`, and takes back how many finished. Nothing
 * comes of it where a cost is not finite.
 */
export function* evaluation(
  program: Program,
  data: ReadyData,
  { goals, network, measuring }: Asked,
  offset = 0,
  stepsAtOnce = () => Infinity,
): Generator<number, Judgement | undefined, number> {
  const { samples, targets } = data;
  const { rows } = samples;
  const { tallies, kept, keptRows = 0 } = network;
  const { capacity } = program.plan;
  const bytes = bytesPerRow(data);
  const batches = Math.max(1, Math.floor(BYTES_AT_A_TIME / (bytes.sample * capacity)));
  const most = Math.min(rows, batches * capacity);
  const places = makeRoom(program, most, bytes, offset);
  setSums(program, tallies, { costSum: 0, correct: 0 });
  measuring.begin();
  for (let first = 0; first < rows; first += most) {
    const last = Math.min(rows, first + most);
    copySamples(program, places.x, samples, first, last);
    copyTargets(program, places.y, targets, rows, first, last);
    beginRows(program, last - first);
    for (let left = Math.ceil((last - first) / capacity); left > 0; ) {
      const steps = Math.min(left, stepsAtOnce(), kept ? Math.floor(keptRows / capacity) : Infinity);
      const before = program.controls.position;
      program.controls.keptFrom = before;
      if ((yield steps) < steps) return undefined;
      measuring.add(program, network, data, { samples: program.controls.position - before, first: first + before });
      left -= steps;
    }
  }
  return { ...judgedScores(sumsOf(program, tallies), samples, goals), ...measuring.scores };
}

/** Whether gradients are found as in a training step, and for which inputs too. */
export interface Way {
  readonly training: boolean;
  readonly inputs: readonly string[];
  /** As in {@link Judgement} of plans: false by default. */
  readonly scaled?: boolean;
}

/**
 * A program that judges rows with one loss for each output and finds gradients; it is made for at most `capacity` rows
 * at once.
 */
export class Judge {
  readonly #network: NetworkPlan;
  readonly #module: WebAssembly.Module;
  readonly #tenancy: Tenancy;
  #program: Program | undefined;

  constructor(backend: Backend, architecture: Architecture, goals: readonly OutputGoal[], capacity: number, way: Way) {
    const judged = goals.map(goal => ({ ...goal, accuracy: goal.loss.accuracy !== undefined }));
    const judgement = { goals: judged, optimizer: undefined, ...way, paired: backend.paired };
    this.#network = planTraining(architecture, capacity, judgement);
    this.#module = backend.module;
    this.#tenancy = new Tenancy(ownMemories, () => {
      this.#program = undefined;
    });
  }

  /** What judges, with parameters of long ago: others may have had its memory since. */
  get program(): Program {
    if (!this.#program) {
      const { plan } = this.#network;
      this.#program = new Program(this.#module, plan, false, this.#tenancy.take(plan.end), instantiateSync);
      this.#program.controls.batchSize = plan.capacity;
      this.#tenancy.offerOnce();
    }
    return this.#program;
  }

  /** Its memory is for others from now on. */
  close(): void {
    this.#tenancy.end();
    this.#program = undefined;
  }

  get capacity(): number {
    return this.#network.plan.capacity;
  }

  /** The costs of all rows, and the metrics that are asked for. */
  evaluate(where: string, data: ReadyData, goals: readonly OutputGoal[], restore?: Restore): Judgement {
    const measuring = new Measuring(where, goals, restore);
    const rounds = evaluation(this.program, data, { goals, network: this.#network, measuring });
    let round = rounds.next();
    while (!round.done) round = rounds.next(this.program.run('evaluate', round.value));
    return round.value ?? this.#refuse(where);
  }

  /** One rule for all who judge: a cost that is not finite is an error. */
  #refuse(where: string): never {
    const mend = 'look for parameters, samples or targets that are too large';
    throw divergence(wrongValue(where, 'a finite cost', this.program.controls.cost, mend));
  }

  /**
   * The cost of all rows, at most `capacity`, and its gradient for every parameter that learns and, where asked for,
   * for the inputs, row-major. `noise` is where random numbers are drawn.
   */
  gradients(where: string, data: ReadyData, noise: Noise): { cost: number; gradients: Record<string, Float32Array> } {
    const { program } = this;
    const { samples, targets } = data;
    const places = makeRoom(program, samples.rows, bytesPerRow(data));
    copySamples(program, places.x, samples, 0, samples.rows);
    copyTargets(program, places.y, targets, samples.rows, 0, samples.rows);
    beginRows(program, samples.rows);
    setSeed(program, noise.seed);
    program.controls.draw = noise.draw | 0;
    if (program.run('gradients') === 0) this.#refuse(where);
    const gradients: Record<string, Float32Array> = {};
    const inputs = this.#network.inputGradients ?? [];
    const found = [
      ...program.plan.parameters,
      ...inputs.map(({ name, value: { positions, columns }, gradient }) => {
        return { name, rows: samples.rows * positions, columns, gradient };
      }),
    ];
    for (const { name, rows, columns, gradient } of found) {
      if (!gradient) continue;
      const values = fromPanels(program.floats(gradient), rows, columns);
      const bad = findNotFinite(values);
      if (bad >= 0) throw wrongValue(`${where}: ${name}[${bad}]`, 'a finite gradient', values[bad] ?? Number.NaN);
      if (Object.hasOwn(gradients, name)) {
        const got = `the gradients of a parameter and of an input: ${quote(name)}`;
        throw wrongKind(`${where}: inputs`, 'names of their own', got, 'give that layer another name');
      }
      gradients[name] = values;
    }
    return { cost: program.controls.cost, gradients };
  }
}
