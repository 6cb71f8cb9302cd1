/**
 * The parameters of a model: who holds the newest of them, who still needs older ones, and how much they were ever
 * trained.
 */
import type { AdaptingPart } from './adapt.js';
import type { ReadySamples } from './data/samples.js';
import type { Trained } from './files/modelFile.js';
import { Snapshot } from './parallel.js';
import type { Predictor } from './predictor.js';

/** What a trainer asks of the model that it trains. */
export interface Trainable extends Predictor {
  /** @internal */
  readonly seed: number;
  /** @internal */
  readonly held: Weights;
  readonly trained: Trained;
  /** @internal */
  refuseQuantized(where: string): void;
  /** @internal */
  adaptTo(where: string, samples: ReadySamples, targets: readonly unknown[]): void;
  /** @internal */
  adaptToParts(where: string, parts: () => AsyncIterable<AdaptingPart>): Promise<void>;
}

/** @internal Whose parameters may be newer than the model's own: a trainer's. */
export interface Leader {
  /** The flat parameters where they are newer than the model's, which then has them. */
  takeUpdate(): Float32Array | undefined;
}

/** @internal */
export class Weights {
  /** The flat parameters as predict uses them. */
  readonly values: Float32Array;
  readonly #trained: { epochs: number; steps: number };
  readonly #changed: () => void;
  #newest: Leader | undefined;
  #snapshot: Snapshot | undefined;
  #fitting = false;

  /** `changed` is called whenever the values are about to change. */
  constructor(values: Float32Array, trained: Trained | undefined, changed: () => void) {
    this.values = values;
    this.#changed = changed;
    this.#trained = { epochs: 0, steps: 0, ...trained };
  }

  /** Epochs and steps that were ever begun. */
  get trained(): Trained {
    return { ...this.#trained };
  }

  /** Takes over the parameters of a trainer that went ahead, unless a fit is running. */
  update(): void {
    if (this.#newest === undefined || this.#fitting) return;
    const ahead = this.#newest.takeUpdate();
    if (ahead) this.#replace(ahead);
  }

  /** The parameters as they are, for predictions that begin now. */
  snapshot(): Snapshot {
    this.update();
    this.#snapshot ??= new Snapshot(this.values);
    return this.#snapshot;
  }

  /** Has somebody else than a trainer write parameters. */
  change(write: () => void): void {
    this.update();
    this.#beforeChange();
    write();
    this.#newest = undefined;
  }

  /** Whoever goes ahead from here is to take the current parameters, unless it has them: then this is false. */
  lead(leader: Leader): boolean {
    if (this.#newest === leader) return false;
    this.update();
    this.#newest = leader;
    return true;
  }

  /** Takes over its parameters for good: it goes ahead no more. */
  follow(leader: Leader): void {
    this.update();
    if (this.#newest === leader) this.#newest = undefined;
  }

  /** A step was begun outside of a fit. */
  countStep(): void {
    this.#trained.steps += 1;
  }

  /** Until {@link endFit} predictions keep to the parameters published last. */
  beginFit(where: string): void {
    this.refuseWhileFitting(where);
    this.update();
    this.#fitting = true;
  }

  /** The parameters of a finished epoch, which predictions read from now on. */
  publish(parameters: Float32Array, trained: Trained): void {
    this.#replace(parameters);
    this.#count(trained);
  }

  endFit(trained: Trained): void {
    this.#fitting = false;
    this.#count(trained);
  }

  refuseWhileFitting(where: string): void {
    if (this.#fitting) {
      throw new Error(`${where}: expected no fit under way on this model, got one that runs; await it first`);
    }
  }

  #count({ epochs, steps }: Trained): void {
    this.#trained.epochs = epochs;
    this.#trained.steps = steps;
  }

  #replace(parameters: Float32Array): void {
    this.#beforeChange();
    this.values.set(parameters);
  }

  /** Predictions under way keep the parameters that they were asked for with. */
  #beforeChange(): void {
    this.#changed();
    this.#snapshot?.keep();
    this.#snapshot = undefined;
  }
}
