/** The host of entries to which the user hands the WebAssembly. */

import type { WasmSource } from '../platform.js';
import type { Host } from '../runtime/binaries.js';
import { type BinaryFile, compileSource, identify } from '../runtime/source.js';

export class GivenHost {
  readonly #entry: string;
  readonly #accepted: readonly BinaryFile[];
  #host: Host | undefined;

  /** `accepted`: the files that will do; `own`: how the entry comes by its WebAssembly where nothing is handed in. */
  constructor(entry: string, accepted: readonly BinaryFile[], own?: Host) {
    this.#entry = entry;
    this.#accepted = accepted;
    this.#host = own;
  }

  /** Takes the WebAssembly for all models that are made from now on. */
  async init(source: WasmSource): Promise<void> {
    const where = `${this.#entry}: init`;
    const module = await compileSource(where, source);
    const file = identify(where, module, this.#accepted);
    this.#host = {
      binaries: [file === 'relaxed' ? 'relaxed' : 'simd'],
      compile: async () => module,
      alone: `${this.#entry} has no workers`,
    };
  }

  get host(): Host {
    if (this.#host) return this.#host;
    const example = `await init(new URL(import.meta.resolve('myelin/wasm/${this.#accepted[0]}.wasm')))`;
    throw new Error(`${this.#entry}: expected its WebAssembly, got none yet; call init first, such as ${example}`);
  }
}
