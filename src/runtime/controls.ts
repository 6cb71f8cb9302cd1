/** A plan's controls block as an object: its properties are the fields in linear memory. */
import { controlsFields, readField, writeField } from '../plan/record.js';

export type ControlName = keyof typeof controlsFields;
class Block {
  /** @param view the whole memory; another one whenever that has grown */
  constructor(
    public view: DataView,
    readonly address: number,
  ) {}
}

// Accessors, so that engines compile each use to a load or a store: a name that is looked up takes them 8 ns.
for (const [name, { offset, type }] of Object.entries(controlsFields)) {
  Object.defineProperty(Block.prototype, name, {
    get(this: Block): number {
      return readField(this.view, this.address + offset, type);
    },
    set(this: Block, value: number): void {
      writeField(this.view, this.address + offset, type, value);
    },
  });
}

export type Controls = Record<ControlName, number> & Block;

/** The controls block at an address of a memory. */
export function controlsIn(memory: WebAssembly.Memory, address: number): Controls {
  return new Block(new DataView(memory.buffer), address) as Controls;
}
