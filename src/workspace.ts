/** What a trainer works in: its plan, and a memory that others may have as long as it does not train. */
import { instantiateSync } from '@assemblyscript/loader';
import { findNotFinite } from './data/samples.js';
import { bytesPerRow, type ReadyData } from './judge.js';
import { bufferNamesOf } from './minimize/directions.js';
import type { NetworkPlan } from './network.js';
import { buffersOf, isMinimizer } from './optimizers/index.js';
import { AVERAGE } from './plan/accumulation.js';
import type { Parameter } from './plan/builder.js';
import { type Memories, Tenancy } from './runtime/memories.js';
import { Program } from './runtime/program.js';
import { copySamples, copyTargets, layOut, makeRoom, type Places } from './runtime/staging.js';
import type { TrainerConfig } from './trainingOptions.js';

/** What a plan is to have: steps that are given gradients; rows that are weighed. */
interface Way {
  readonly given: boolean;
  readonly weighs: boolean;
}

/** @internal What a workspace is made of. */
export interface WorkspaceParts {
  readonly module: WebAssembly.Module;
  /** Whether threads may join; the memories are then such, and so is the module. */
  readonly shared: boolean;
  readonly memories: Memories;
  readonly state: State;
  readonly batchSize: number;
  /** The plan for batches of at most so many rows. */
  readonly planFor: (rows: number, way: Way) => NetworkPlan;
}

/** What an optimiser keeps of a parameter, and what its numbers always are. */
export interface Moments {
  readonly name: string;
  readonly rule: 'finite' | 'notNegative';
  readonly values: Float32Array;
}

/** The regions that hold the optimiser's state, and what their numbers always are. */
type State = Readonly<Record<string, Moments['rule']>>;

/** The region of the averaged parameters. */
const AVERAGES = `optimizer.${AVERAGE}`;

export class Workspace {
  readonly #parts: WorkspaceParts;
  readonly #state: State;
  #network: NetworkPlan;
  #way: Way = { given: false, weighs: false };
  #program: Program | undefined;
  /**
   * The parameters and the optimiser's state by their regions' names, as long as they lie in no memory; what is not
   * there is 0.
   */
  readonly #saved = new Map<string, Float32Array>();
  readonly #tenancy: Tenancy;

  constructor(parts: WorkspaceParts) {
    this.#parts = parts;
    this.#tenancy = new Tenancy(parts.memories, () => this.#save());
    this.#state = parts.state;
    this.#network = parts.planFor(parts.batchSize, this.#way);
  }

  /** The plan for whole batches, or for as many rows as there were ever any. */
  get network(): NetworkPlan {
    return this.#network;
  }

  /** Whether there is a program, and not yet or no more what is kept of it. */
  get placed(): boolean {
    return this.#program !== undefined;
  }

  /** What runs the plan; there is one from {@link open} on until others may have its memory. */
  get program(): Program {
    if (!this.#program) throw new Error('expected a trainer at work, got one without memory');
    return this.#program;
  }

  /**
   * Makes room for batches of so many rows, and for the data behind the plan. True where that is another memory than
   * before: all of its controls are 0.
   *
   * @throws where there is no such memory; what was learned is kept
   */
  open(rows: number, data: ReadyData, asked: Way): boolean {
    const { module, shared, batchSize, planFor } = this.#parts;
    const capacity = Math.min(rows, batchSize);
    const had = this.#way;
    const way = { given: asked.given || had.given, weighs: asked.weighs };
    const isOther = way.given !== had.given || way.weighs !== had.weighs;
    if (this.#program && capacity <= this.#network.plan.capacity && !isOther) return false;
    const abandoned = this.#program?.abandoned;
    this.#save();
    this.#tenancy.end(abandoned);
    if (capacity !== this.#network.plan.capacity || isOther) this.#network = planFor(capacity, way);
    this.#way = way;
    const { plan } = this.#network;
    const program = new Program(module, plan, shared, this.#tenancy.take(plan.end, bytesFor(data)), instantiateSync);
    for (const [name, values] of this.#saved) program.floats(plan.region(name)).set(values);
    this.#saved.clear();
    this.#program = program;
    return true;
  }

  /** A fit begins: nobody else may have the memory before it is over. */
  hold(): void {
    this.#tenancy.hold();
  }

  /**
   * A fit is over, or a step: others may have the memory. One who takes steps keeps it once he has lost it in between.
   */
  rest(after: 'fit' | 'step'): void {
    if (this.#program?.abandoned) return;
    if (after === 'fit') this.#tenancy.offer();
    else this.#tenancy.offerOnce();
  }

  #save(): void {
    const names = this.#program ? ['parameters', ...Object.keys(this.#state)] : [];
    for (const name of names) this.#saved.set(name, this.floats(name).slice());
    this.#program = undefined;
  }

  /** Gives the memory to others, with all that is in it. */
  close(): void {
    this.#tenancy.end(this.#program?.abandoned);
    this.#program = undefined;
    this.#saved.clear();
  }

  /** The numbers of a region that holds parameters or an optimiser's state; of no use once the memory is another's. */
  floats(name: string): Float32Array {
    const region = this.#network.plan.region(name);
    if (this.#program) return this.#program.floats(region);
    const saved = this.#saved.get(name) ?? new Float32Array(region.bytes / 4);
    this.#saved.set(name, saved);
    return saved;
  }

  get parameters(): Float32Array {
    return this.floats('parameters');
  }

  /** The averages of those that learn, which lie as they do; none where nobody asked for them. */
  get averages(): Float32Array | undefined {
    return AVERAGES in this.#state ? this.floats(AVERAGES) : undefined;
  }

  /** A parameter's panels. */
  panelsOf({ data: { offset, bytes } }: Parameter): Float32Array {
    return this.parameters.subarray(offset / 4, (offset + bytes) / 4);
  }

  /** The optimiser's state for a parameter, in the same panels; of those that are not trainable there is none. */
  momentsOf({ trainable, data: { offset, bytes } }: Parameter): Moments[] {
    if (!trainable) return [];
    return Object.entries(this.#state).map(([name, rule]) => {
      return { name, rule, values: this.floats(name).subarray(offset / 4, (offset + bytes) / 4) };
    });
  }

  /** Whether all parameters and all of the optimiser's state are finite. */
  get finite(): boolean {
    return ['parameters', ...Object.keys(this.#state)].every(name => findNotFinite(this.floats(name)) < 0);
  }

  /** Copies the data behind the plan, with room for an order of the rows. */
  place(data: ReadyData): Places {
    const { program } = this;
    const { rows } = data.samples;
    const places = makeRoom(program, rows, bytesPerRow(data));
    copySamples(program, places.x, data.samples, 0, rows);
    copyTargets(program, places.y, data.targets, rows, 0, rows);
    return places;
  }
}

/** Bytes that the data and an order of its rows take behind a plan. */
function bytesFor(data: ReadyData): number {
  return layOut(0, data.samples.rows, bytesPerRow(data)).end;
}

/** The regions that hold an optimiser's state and averages, and what their numbers always are. */
export function stateOf({ optimizer, averageDecay }: TrainerConfig): State {
  const rules = isMinimizer(optimizer) ? [] : buffersOf(optimizer);
  return {
    ...Object.fromEntries(rules.map(({ name, rule }) => [`optimizer.${name}`, rule])),
    ...(averageDecay !== undefined && { [AVERAGES]: 'finite' as const }),
  };
}

/** What a trainer's file has of each parameter that learns, by the names of {@link Run.momentsOf}. */
export function bufferNames(config: TrainerConfig): string[] {
  const { optimizer } = config;
  if (!isMinimizer(optimizer)) return Object.keys(stateOf(config));
  return bufferNamesOf(optimizer).map(name => `optimizer.${name}`);
}
