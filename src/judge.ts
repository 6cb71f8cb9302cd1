/** Steps 4 and 5 of a network by themselves: cost, accuracy and gradients of given rows, in a program of their own. */
import type { Architecture } from './architecture.js';
import { firstLayer } from './architecture.js';
import { notFiniteAt, type ReadySamples, readSamples, readTargets } from './data/samples.js';
import { wrongValue } from './errors.js';
import type { FittedLoss } from './losses/loss.js';
import { type NetworkPlan, planTraining } from './network.js';
import { fromPanels } from './plan/panels.js';
import type { Backend } from './runtime/binaries.js';
import { Program } from './runtime/program.js';
import { copySamples, copyTargets, layOut, setBatch } from './runtime/staging.js';

/** Rows with their targets, both checked. */
export interface ReadyData {
  readonly samples: ReadySamples;
  readonly targets: Int32Array | Float32Array;
}

/** What an evaluation finds: the cost, and the share of right answers where that was asked for. */
export interface Judgement {
  readonly loss: number;
  readonly accuracy?: number;
}

/** Checks x and y against a network and its loss. */
export function readData(
  where: string,
  architecture: Architecture,
  inputs: number,
  loss: FittedLoss,
  data: { x: unknown; y: unknown; scale?: unknown },
): ReadyData {
  const samples = readSamples(where, data.x, inputs, firstLayer(architecture), data.scale);
  return { samples, targets: readTargets(`${where}: y`, data.y, samples.rows, loss.target) };
}

/** Bytes that one sample and one target take in linear memory. */
export function bytesPerRow({ samples, targets }: ReadyData): { sample: number; target: number } {
  return {
    sample: samples.values.byteLength / samples.rows,
    target: targets.byteLength / samples.rows,
  };
}

/**
 * Runs section `evaluate` over the rows, a batch at a time through the room `offset` bytes behind the plan, and adds up. A cost that is not finite is
 * reported as it is, with NaN for the accuracy.
 */
export function evaluateOn(
  program: Program,
  where: string,
  data: ReadyData,
  loss: FittedLoss,
  accuracy: boolean,
  offset = 0,
): Judgement {
  const { samples, targets } = data;
  const { rows } = samples;
  const capacity = Math.min(program.plan.capacity, rows);
  const bytes = bytesPerRow(data);
  const size = layOut(0, capacity, bytes.sample, bytes.target).end;
  const places = layOut(program.reserve(offset + size) + offset, capacity, bytes.sample, bytes.target);
  program.set('costSum', 0);
  program.set('correct', 0);
  for (let first = 0; first < rows; first += capacity) {
    const last = Math.min(rows, first + capacity);
    copySamples(program, places.x, samples, first, last);
    copyTargets(program, places.y, targets, rows, first, last);
    setBatch(program, last - first);
    checkSamples(program, where, samples, first);
    if (program.run('evaluate') === 0) {
      return { loss: program.get('cost'), ...(accuracy ? { accuracy: Number.NaN } : {}) };
    }
  }
  const judged = loss.accuracy?.kind === 'threshold' ? rows * (targets.length / rows) : rows;
  return {
    loss: program.get('costSum') / rows,
    ...(accuracy ? { accuracy: program.get('correct') / judged } : {}),
  };
}

/** Refuses samples that are no numbers; those at hand begin with row `first`. */
export function checkSamples(program: Program, where: string, samples: ReadySamples, first = 0): void {
  if (program.run('check') === 1) return;
  const columns = samples.values.length / samples.rows;
  throw notFiniteAt(`${where}: x`, samples.values, first * columns + program.get('failure'), columns);
}

/** A program that judges rows with one loss and finds gradients; it is made for at most `capacity` rows at once. */
export class Judge {
  readonly #network: NetworkPlan;
  readonly #loss: FittedLoss;
  readonly program: Program;

  constructor(backend: Backend, architecture: Architecture, loss: FittedLoss, capacity: number) {
    const judgement = { loss, accuracy: loss.accuracy !== undefined, optimizer: undefined, paired: backend.paired };
    this.#network = planTraining(architecture, capacity, judgement);
    this.#loss = loss;
    this.program = new Program(backend, this.#network.plan);
  }

  get capacity(): number {
    return this.#network.plan.capacity;
  }

  evaluate(where: string, data: ReadyData, accuracy: boolean): Judgement {
    return evaluateOn(this.program, where, data, this.#loss, accuracy);
  }

  /** The cost of all rows, at most `capacity`, and its gradient for every parameter, row-major. */
  gradients(where: string, data: ReadyData): { cost: number; gradients: Record<string, Float32Array> } {
    const { program } = this;
    const { samples, targets } = data;
    const bytes = bytesPerRow(data);
    const size = layOut(0, samples.rows, bytes.sample, bytes.target).end;
    const places = layOut(program.reserve(size), samples.rows, bytes.sample, bytes.target);
    copySamples(program, places.x, samples, 0, samples.rows);
    copyTargets(program, places.y, targets, samples.rows, 0, samples.rows);
    setBatch(program, samples.rows);
    checkSamples(program, where, samples);
    if (program.run('gradients') === 0) {
      const mend = 'look for parameters that are too large';
      throw wrongValue(where, 'a finite cost, which gradients begin with', program.get('cost'), mend);
    }
    const gradients: Record<string, Float32Array> = {};
    for (const { name, rows, columns, gradient } of program.plan.parameters) {
      if (gradient) gradients[name] = fromPanels(program.floats(gradient), rows, columns);
    }
    return { cost: program.get('cost'), gradients };
  }
}
