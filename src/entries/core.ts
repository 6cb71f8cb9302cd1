/** myelin without its WebAssembly, which `init` takes. */
import { givenHost } from '../hosts/given.js';
import { Model as BareModel } from '../model.js';
import type { WasmSource } from '../platform.js';
import type { Host } from '../runtime/binaries.js';
import { crossValidationBy } from '../search/crossValidate.js';
import { searchBy } from '../search/search.js';
import { Trainer as BareTrainer } from '../trainer.js';

export * from '../index.js';
export type { WasmSource } from '../platform.js';

let given: Host | undefined;

/**
 * Takes the package's WebAssembly, once before the first model: `myelin/wasm/simd.wasm`, or `myelin/wasm/relaxed.wasm`
 * where the platform has relaxed SIMD.
 *
 * @param source a WebAssembly.Module, the file's bytes, a Response, or a URL to fetch
 * @throws where it is none of these, or not this package's WebAssembly of this version
 */
export async function init(source: WasmSource): Promise<void> {
  given = await givenHost('myelin/core', ['simd', 'relaxed'], source);
}

/** A network with parameters. */
export class Model extends BareModel {
  /** @internal */
  static override get host(): Host {
    if (given) return given;
    const example = "await init(new URL(import.meta.resolve('myelin/wasm/simd.wasm')))";
    throw new Error(`myelin/core: expected its WebAssembly, got none yet; call init first, such as ${example}`);
  }

  /** @internal */
  static override get trainerClass(): typeof Trainer {
    return Trainer;
  }
}

/** Trains a model step by step, epoch by epoch; can be saved and resumed. */
export class Trainer extends BareTrainer<BareModel> {
  /** @internal */
  static override get modelClass(): typeof Model {
    return Model;
  }
}

export const crossValidate = /* @__PURE__ */ crossValidationBy((network, options) => Model.create(network, options));
export const search = /* @__PURE__ */ searchBy((network, options) => Model.create(network, options));
