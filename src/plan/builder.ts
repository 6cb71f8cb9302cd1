/** The builder: layers, losses and optimisers emit records into sections; then all is given its place and written. */
import { FORWARD_ONLY } from '../forwardOnly.js';
import { size } from '../shape.js';
import type { WeightFormat } from './formats.js';
import { align, Region } from './memory.js';
import { Opcode } from './opcodes.js';
import { type AnyOp, type Op, scalarsOf } from './ops/op.js';
import { panelBytes } from './panels.js';
import { RECORD_BYTES, type Struct, writeRecord } from './record.js';
import { type Hold, placeAll } from './sharing.js';

/** Bytes of one thread's controls block (assembly/parts.ts). */
export const CONTROLS_BYTES = 512;

/** What a record's fields are given: numbers, and regions where an address is asked for. */
export type Fields<F extends Struct> = { readonly [Name in keyof F]: F[Name] extends 'address' ? Region | 0 : number };

/**
 * Whose a value is: a layer in its place, or an end of the network. It is known by being that object, never by its
 * name, which is for people alone and may be anything.
 */
export interface Owner {
  readonly name: string;
}

/** A record before it is written. */
export interface PlannedRecord {
  readonly op: AnyOp;
  /** The layer, loss or optimiser it serves. */
  readonly owner: string;
  readonly fields: Readonly<Record<string, Region | number>>;
  /** Rows that each sample has in the values it is about. */
  readonly positions: number;
}

/**
 * Bytes between what two threads have as scratch, which nobody touches: a core that strides through its own fetches
 * ahead, and would take from the next thread what that has just written.
 */
const APART = 2 ** 17;

/** How the numbers of a sample lie: a row of columns for each of its positions, one row alone where it has none. */
export interface Extent {
  readonly positions: number;
  readonly columns: number;
}

/** How many numbers that are for each sample. */
export function numbersOf({ positions, columns }: Extent): number {
  return positions * columns;
}

/** A matrix in panels: the rows of each sample of the batch, by `columns`. It is known by being that object. */
export interface Value extends Extent {
  /** What people call it; two values may share that. */
  readonly name: string;
  readonly data: Region;
  /** Where every thread has all rows to itself, bytes from one thread's copy to the next; else 0. */
  readonly ownBytes: number;
  /** Whether it is the output of a rectifier, whose zeros stop the gradient. */
  readonly rectified: boolean;
}

/**
 * A parameter: row-major to the user, panels to the machine, in which all dimensions but the last make up the rows. A
 * vector is one row.
 */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly rows: number;
  readonly columns: number;
  readonly format: WeightFormat;
  readonly trainable: boolean;
  /** What the learning rate is multiplied by for it. */
  readonly rateFactor: number;
  readonly data: Region;
  readonly gradient: Region | undefined;
}

/** What a plan for several threads takes: how many they are, and what finds where they wait for one another. */
export interface Together {
  readonly threads: number;
  /** For each record of a section that runs over and over, whether all threads must have come this far before it. */
  placeBarriers(records: readonly PlannedRecord[]): boolean[];
}

/** Records that run together, as addresses of the first and of the one after the last. */
export interface Section {
  readonly first: number;
  readonly last: number;
  /** Multiply-adds of one full batch, or what takes as long, for budgets of work. */
  readonly work: number;
}

interface Constant {
  readonly region: Region;
  readonly numbers: Int32Array;
}

/** A section is known by its name, or by the parameter that it fills. */
export type SectionKey = string | Parameter;

export function sectionName(key: SectionKey): string {
  return typeof key === 'string' ? key : key.name;
}

/** A finished plan: every record written, every region placed. */
export interface Plan {
  readonly capacity: number;
  readonly sections: ReadonlyMap<SectionKey, Section>;
  readonly records: readonly PlannedRecord[];
  readonly regions: readonly Region[];
  /** For each record, whether threads wait for one another before it. */
  readonly barriers: readonly boolean[];
  readonly parameters: readonly Parameter[];
  readonly controls: Region;
  readonly parameterRegion: Region;
  /** What a stream carries from step to step. */
  readonly carried: readonly Region[];
  /** The first address that the plan does not use. */
  readonly end: number;
  /** The most bytes that are needed at once. */
  readonly live: number;
  /** The work of the longest section. */
  readonly work: number;
  /** One of the plan's own regions, those that no layer asked for. */
  region(name: string): Region;
  /** Writes the records and constants into linear memory. */
  write(memory: DataView): void;
  /** Each makes numbers that hang on the parameters alone. */
  readonly settles: readonly Settle[];
}

export type Settle = (numbersOf: (region: Region) => Float32Array) => void;

export class Builder {
  /** The largest batch. */
  readonly capacity: number;
  readonly controls: Region;
  readonly parameterRegion = new Region('parameters');
  readonly gradientRegion = new Region('gradients');
  readonly #recordRegion = new Region('records');
  /** Regions in the order they were asked for; those that this code named; and the values and gradients of owners. */
  readonly #regions: Region[] = [];
  readonly #named = new Map<string, Region>();
  readonly #rooms = new Map<Owner, Map<string, Region>>();
  readonly #values = new Map<Owner, Map<string, Value>>();
  readonly #records: PlannedRecord[] = [];
  readonly #sections = new Map<SectionKey, { first: number; last: number; work: number }>();
  readonly #constants = new Map<Owner, Map<string, Constant>>();
  readonly #parameters: Parameter[] = [];
  /** What each batch makes anew; rooms may keep something from one to the next. */
  protected readonly perBatch = new Set<Region>();
  protected readonly holds: Hold[] = [];
  readonly #leastShared: number;
  readonly #together: Together | undefined;
  readonly threads: number;
  /** 1 where matrix products take tiles written in pairs, for engines that pack them into 256 bits; else 0. */
  readonly paired: number;
  /** 1 where samples are single steps that go on from those before, for plans that stream; else 0. */
  readonly carries: number;
  /** What goes over from one step of a stream to the next. */
  readonly carried: Region[] = [];
  /** What makes the numbers of rooms from parameters, whenever these have changed. */
  readonly settles: Settle[] = [];

  /**
   * `leastShared`: bytes from which on values share places, so that but for what is held nobody finds them once a
   * section has run; none by default. `together`: where more than one thread may run the plan.
   */
  constructor(
    capacity: number,
    options: { paired: boolean; leastShared?: number; together?: Together | undefined; carries?: boolean },
  ) {
    this.capacity = capacity;
    this.#leastShared = options.leastShared ?? Number.POSITIVE_INFINITY;
    this.#together = options.together;
    this.threads = options.together?.threads ?? 1;
    this.controls = new Region('controls', CONTROLS_BYTES * this.threads);
    this.paired = Number(options.paired);
    this.carries = Number(options.carries ?? false);
  }

  get parameters(): readonly Parameter[] {
    return this.#parameters;
  }

  protected newRegion(name: string, bytes: number): Region {
    const region = new Region(name, bytes);
    this.#regions.push(region);
    return region;
  }

  /** The plan's own region of that name, which no user gave; all who ask for it share it. */
  region(name: string, bytes: number): Region {
    const known = this.#named.get(name);
    if (known) {
      if (known.bytes < bytes)
        throw new Error(`region ${name} is asked for with ${bytes} bytes but has ${known.bytes}`);
      return known;
    }
    const region = this.newRegion(name, bytes);
    this.#named.set(name, region);
    return region;
  }

  /**
   * Those that are not `trainable` come after all that are: optimisers see one flat array. `columns` of its matrix, the
   * last axis by default.
   */
  parameter(
    name: string,
    shape: readonly number[],
    options: {
      format?: WeightFormat;
      trainable?: boolean;
      rowwise?: boolean;
      columns?: number | undefined;
      rateFactor?: number | undefined;
    } = {},
  ): Parameter {
    const { format = 'float32', trainable = true, rowwise = false, columns = shape.at(-1) ?? 1 } = options;
    if (trainable && this.#parameters.at(-1)?.trainable === false) {
      throw new Error(`parameter ${name} is trainable, and comes after one that is not`);
    }
    const rows = size(shape) / columns;
    const bytes = panelBytes(rows, columns, format);
    const parameter = {
      name,
      shape,
      rows,
      columns,
      format,
      trainable,
      rateFactor: options.rateFactor ?? 1,
      data: this.parameterRegion.part(name, bytes),
      gradient: trainable ? this.gradientFor(name, bytes, rowwise) : undefined,
    };
    this.#parameters.push(parameter);
    return parameter;
  }

  /** Where the gradient of a parameter that learns is kept; a plan that predicts has none. */
  protected gradientFor(_name: string, _bytes: number, _rowwise: boolean): Region | undefined {
    return undefined;
  }

  /**
   * Whether threads share out a layer's products by the panels of so many outputs, and not by rows: in training alone.
   */
  byOutputs(_outputs: number): boolean {
    return false;
  }

  /**
   * A value: what its owner makes, or where it has a `role`, something beside that. Whoever asks again gets the same.
   * `rectified` as in {@link Value}; `data` where it takes another's place; `own` where every thread has all rows to
   * itself.
   */
  value(
    owner: Owner,
    { positions, columns }: Extent,
    options: { role?: string; rectified?: boolean; data?: Region; own?: boolean } = {},
  ): Value {
    const { role = '', rectified = false, own = false } = options;
    const owned = this.#values.get(owner) ?? new Map<string, Value>();
    this.#values.set(owner, owned);
    const known = owned.get(role);
    if (known) return known;
    const name = role === '' ? owner.name : `${owner.name}.${role}`;
    const bytes = align(panelBytes(this.capacity * positions, columns));
    const data = options.data ?? this.newRegion(name, bytes * (own ? this.threads : 1));
    const value = { name, positions, columns, data, ownBytes: own ? bytes : 0, rectified };
    owned.set(role, value);
    if (!own) this.perBatch.add(data);
    return value;
  }

  /** Room for an owner's use, of another kind than values. Whoever asks again gets the same. */
  room(owner: Owner, bytes: number, role: string): Region {
    const owned = this.#rooms.get(owner) ?? new Map<string, Region>();
    this.#rooms.set(owner, owned);
    const room = owned.get(role) ?? this.newRegion(`${owner.name}.${role}`, bytes);
    owned.set(role, room);
    return room;
  }

  /** What a step has to do once its update is made; plans without steps never do it. */
  later(_emit: () => void): void {}

  /** Whole numbers that ops read and nobody writes, made once for each owner. */
  constant(owner: Owner, role: string, make: () => Int32Array): Region {
    const owned = this.#constants.get(owner) ?? new Map<string, Constant>();
    this.#constants.set(owner, owned);
    const known = owned.get(role);
    if (known) return known.region;
    const numbers = make();
    const region = this.newRegion(`constant ${owner.name}.${role}`, numbers.byteLength);
    owned.set(role, { region, numbers });
    return region;
  }

  /** Room that an op needs while it runs, as much for each thread; all ops share it. */
  scratch(bytes: number): { scratch: Region; scratchBytes: number } {
    const scratch = this.region('scratch', 0);
    const scratchBytes = align(bytes) + (this.threads > 1 ? APART : 0);
    scratch.growTo(scratchBytes * this.threads);
    return { scratch, scratchBytes };
  }

  /** Everything that `emit` emits becomes that section. */
  section(key: SectionKey, emit: () => void): void {
    const first = this.#records.length;
    emit();
    const last = this.#records.length;
    let sum = 0;
    // What predicts alone has no budgets of work.
    for (const { op, fields, positions } of FORWARD_ONLY ? [] : this.#records.slice(first)) {
      sum += op.work(scalarsOf(fields), this.capacity * positions);
      // All records so far are carried out so many times.
      if (op.code === Opcode.nextPart) sum *= Number(fields.counts);
    }
    this.#sections.set(key, { first, last, work: sum });
  }

  /** `positions` are those of the values that it is about; 1 by default. */
  emit<F extends Struct>(op: Op<F>, owner: string, fields: Fields<F>, positions = 1): void {
    this.#records.push({ op, owner, fields, positions });
  }

  /** How many records there are by now. */
  protected get emitted(): number {
    return this.#records.length;
  }

  /** Counts, places everything once, and hands out the plan. */
  finish(): Plan {
    this.#recordRegion.part('list', this.#records.length * RECORD_BYTES);
    const fixed = [this.controls, this.#recordRegion, this.parameterRegion, this.gradientRegion];
    const regions = fixed.concat(this.#regions);
    const { end, live } = placeAll(regions, {
      records: this.#records,
      sections: this.#sections.values(),
      candidates: this.perBatch,
      holds: this.holds,
      least: this.#leastShared,
    });
    const sections = new Map<SectionKey, Section>();
    for (const [key, { first, last, work }] of this.#sections) {
      const start = this.#recordRegion.address;
      sections.set(key, { first: start + first * RECORD_BYTES, last: start + last * RECORD_BYTES, work });
    }
    const barriers = this.#records.map(() => false);
    for (const { first, last } of FORWARD_ONLY ? [] : this.#sections.values()) {
      this.#together?.placeBarriers(this.#records.slice(first, last)).forEach((barrier, index) => {
        barriers[first + index] = barrier;
      });
    }
    const named = new Map([...fixed.map(region => [region.name, region] as const), ...this.#named]);
    return {
      capacity: this.capacity,
      sections,
      records: this.#records,
      regions,
      parameters: this.#parameters,
      controls: this.controls,
      parameterRegion: this.parameterRegion,
      carried: this.carried,
      end,
      live,
      work: [...sections.values()].reduce((most, { work }) => Math.max(most, work), 0),
      region: name => {
        const region = named.get(name);
        if (!region) throw new Error(`the plan has no region '${name}'`);
        return region;
      },
      barriers,
      settles: this.settles,
      write: memory => {
        this.#records.forEach((record, index) => {
          const address = this.#recordRegion.address + index * RECORD_BYTES;
          writeRecord(memory, address, record, this.controls, barriers[index] ?? false);
        });
        for (const { region, numbers } of [...this.#constants.values()].flatMap(owned => [...owned.values()])) {
          numbers.forEach((number, index) => {
            memory.setInt32(region.address + 4 * index, number, true);
          });
        }
      },
    };
  }
}
