/** A plan in a memory of its own, with the instance that runs it. */
import { type Parameter, type Plan, type Section, type SectionKey, sectionName } from '../plan/builder.js';
import type { StoredNumbers } from '../plan/formats.js';
import { align, type Region } from '../plan/memory.js';
import { allocate, growTo } from './allocation.js';
import { type Controls, controlsIn } from './controls.js';

export interface MachineExports extends Record<string, unknown> {
  initialize(): void;
  run(first: number, last: number, steps: number): number;
}

/** A whole memory, by the types of numbers that are copied into it. */
interface Views {
  readonly bytes: Uint8Array;
  readonly integers: Int32Array;
  readonly floats: Float32Array;
}

function viewsOf({ buffer }: WebAssembly.Memory): Views {
  return { bytes: new Uint8Array(buffer), integers: new Int32Array(buffer), floats: new Float32Array(buffer) };
}

/** How a module becomes an instance over a plan's memory. */
type Instantiate = (module: WebAssembly.Module, imports: WebAssembly.Imports) => { exports: unknown };

// What predicts goes without the loader, whose 2 KB would be a fifteenth of a Worker's bundle.
const bare: Instantiate = (module, imports) => new WebAssembly.Instance(module, imports);

export class Program {
  readonly plan: Plan;
  readonly memory: WebAssembly.Memory;
  /** How far the plan has come, and what it works on. */
  readonly controls: Controls;
  readonly #machine: MachineExports;
  #views: Views;
  #abandoned = false;

  /**
   * `shared`: whether threads may join; the module is then one of those with threads. `memory`: one that is 0 as far as
   * the plan goes; a new one by default.
   */
  constructor(
    module: WebAssembly.Module,
    plan: Plan,
    shared = false,
    memory = allocate(plan.end, shared),
    instantiate = bare,
  ) {
    this.plan = plan;
    this.memory = memory;
    const env = { memory: this.memory, ...(shared && { part: 0, parts: 1 }) };
    this.#machine = instantiate(module, { env }).exports as MachineExports;
    this.#machine.initialize();
    this.controls = controlsIn(this.memory, plan.controls.address);
    this.#views = viewsOf(this.memory);
    plan.write(this.controls.view);
  }

  /**
   * Whether a run was ended by force, or a worker by itself: threads may still be on their way out, so nobody else may
   * have this memory.
   */
  get abandoned(): boolean {
    return this.#abandoned;
  }

  abandon(): void {
    this.#abandoned = true;
  }

  /** Makes what hangs on the parameters alone, and is to be made again whenever they change. */
  settle(): void {
    for (const settle of this.plan.settles) settle(region => this.floats(region));
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

  /**
   * The float32 numbers of a region, as they are now and will be; invalid once {@link reserve} has grown the memory.
   */
  floats(region: Region): Float32Array {
    return new Float32Array(this.memory.buffer, region.address, region.bytes / 4);
  }

  /** Copies numbers to an address; a view of that place alone would be garbage. */
  put(address: number, numbers: Float32Array | Int32Array | Uint8Array): void {
    const { bytes, integers, floats } = this.#views;
    if (numbers instanceof Float32Array) floats.set(numbers, address / 4);
    else if (numbers instanceof Int32Array) integers.set(numbers, address / 4);
    else bytes.set(numbers, address);
  }

  /** A region's bytes, as {@link floats} gives its numbers. */
  bytes({ address, bytes }: Region): Uint8Array {
    return new Uint8Array(this.memory.buffer, address, bytes);
  }

  /** A parameter's panels in its own format, as {@link floats} gives them. */
  stored({ data, format }: Parameter): StoredNumbers {
    if (format === 'float16') return new Uint16Array(this.memory.buffer, data.address, data.bytes / 2);
    if (format === 'int8') return new Int8Array(this.memory.buffer, data.address, data.bytes);
    return this.floats(data);
  }

  /** Where the room beyond the plan begins. */
  get behind(): number {
    return align(this.plan.end);
  }

  /** Makes sure of room for `bytes` beyond the plan, and returns its address. What lay there may be written over. */
  reserve(bytes: number): number {
    const start = this.behind;
    if (start + bytes > this.memory.buffer.byteLength) {
      growTo(this.memory, start + bytes);
      this.controls.view = new DataView(this.memory.buffer);
      this.#views = viewsOf(this.memory);
    }
    return start;
  }
}
