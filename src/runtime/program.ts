/** A plan in a memory of its own, with the instance that runs it. */
import { wrongValue } from '../errors.js';
import {
  CONTROLS_BYTES,
  type Parameter,
  type Plan,
  type Section,
  type SectionKey,
  sectionName,
} from '../plan/builder.js';
import type { StoredNumbers } from '../plan/formats.js';
import { align, type Region } from '../plan/memory.js';
import { controlsFields, readField, writeField } from '../plan/record.js';

const PAGE = 65536;
/** Pages that a shared memory may grow to; it has to be said beforehand. */
const MOST_PAGES = 65536;

// Where threads wait for one another (assembly/barrier.ts), as indices of int32.
const GENERATION = 832 / 4;
const ABORTED = 960 / 4;

export interface MachineExports extends Record<string, unknown> {
  initialize(): void;
  run(first: number, last: number, steps: number): number;
}

/** How a module becomes an instance over a plan's memory. */
type Instantiate = (module: WebAssembly.Module, imports: WebAssembly.Imports) => { exports: unknown };

// What predicts goes without the loader, whose 2 KB would be a fifteenth of a Worker's bundle.
const bare: Instantiate = (module, imports) => new WebAssembly.Instance(module, imports);

export type ControlName = keyof typeof controlsFields;

function allocate(initial: number, shared: boolean): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory(shared ? { initial, maximum: MOST_PAGES, shared } : { initial });
  } catch (cause) {
    throw tooMuch(initial * PAGE, 'take fewer units, or a smaller batchSize', cause);
  }
}

function tooMuch(bytes: number, mend: string, cause: unknown): RangeError {
  const error = wrongValue('memory', `room for ${Math.ceil(bytes / 2 ** 20)} MiB`, 'a refusal', mend);
  return Object.assign(error, { cause });
}

export class Program {
  readonly plan: Plan;
  readonly memory: WebAssembly.Memory;
  readonly #machine: MachineExports;
  #view: DataView;
  readonly #controls: number;
  #abandoned = false;

  /** `shared`: whether threads may join; the module is then one of those with threads. */
  constructor(module: WebAssembly.Module, plan: Plan, shared = false, instantiate = bare) {
    this.plan = plan;
    this.#controls = plan.controls.address;
    const initial = Math.ceil(plan.end / PAGE);
    this.memory = allocate(initial, shared);
    const env = { memory: this.memory, ...(shared && { part: 0, parts: 1 }) };
    this.#machine = instantiate(module, { env }).exports as MachineExports;
    this.#view = new DataView(this.memory.buffer);
    this.#machine.initialize();
    plan.write(this.#view);
  }

  /** Whether a run was ended by force. Its threads may still be on their way out, so nobody may use this memory again. */
  get abandoned(): boolean {
    return this.#abandoned;
  }

  /** Carries out a section `steps` times; returns how many times it finished. */
  run(key: SectionKey, steps = 1): number {
    const section = this.section(key);
    return this.#machine.run(section.first, section.last, steps);
  }

  section(key: SectionKey): Section {
    const section = this.plan.sections.get(key);
    if (!section) throw new Error(`the plan has no section '${sectionName(key)}'`);
    return section;
  }

  /** Lets every thread out of the barrier, and ends their run. Nothing makes the barrier ready again: see {@link abandoned}. */
  abortBarrier(): void {
    this.#abandoned = true;
    const words = new Int32Array(this.memory.buffer);
    Atomics.store(words, ABORTED, 1);
    Atomics.add(words, GENERATION, 1);
    Atomics.notify(words, GENERATION);
  }

  /** Grows whenever one of the threads that run this passes a barrier or finishes a record. */
  get progress(): number {
    let sum = new Int32Array(this.memory.buffer)[GENERATION] ?? 0;
    const view = new DataView(this.memory.buffer);
    const { address, bytes } = this.plan.controls;
    for (let block = address; block < address + bytes; block += CONTROLS_BYTES) {
      sum += readField(view, block + controlsFields.finished.offset, controlsFields.finished.type);
    }
    return sum;
  }

  get(name: ControlName): number {
    const { offset, type } = controlsFields[name];
    return readField(this.#view, this.#controls + offset, type);
  }

  set(name: ControlName, value: number): void {
    const { offset, type } = controlsFields[name];
    writeField(this.#view, this.#controls + offset, type, value);
  }

  /** The float32 numbers of a region, as they are now and will be; invalid once {@link reserve} has grown the memory. */
  floats(region: Region): Float32Array {
    return new Float32Array(this.memory.buffer, region.address, region.bytes / 4);
  }

  /** A parameter's panels in its own format, as {@link floats} gives them. */
  stored({ data, format }: Parameter): StoredNumbers {
    if (format === 'float16') return new Uint16Array(this.memory.buffer, data.address, data.bytes / 2);
    if (format === 'int8') return new Int8Array(this.memory.buffer, data.address, data.bytes);
    return this.floats(data);
  }

  /** Makes sure of room for `bytes` beyond the plan, and returns its address. What lay there may be written over. */
  reserve(bytes: number): number {
    const start = align(this.plan.end);
    const missing = start + bytes - this.memory.buffer.byteLength;
    if (missing > 0) {
      try {
        this.memory.grow(Math.ceil(missing / PAGE));
      } catch (cause) {
        throw tooMuch(start + bytes, 'train on fewer rows at once, or give x as Uint8Array with a scale', cause);
      }
      this.#view = new DataView(this.memory.buffer);
    }
    return start;
  }
}
