/** Predicting alone, chains for tables and images, where `node:fs` is: Node, Bun and Deno. */
import { compileBinary } from '../hosts/files.js';
import { givenHost } from '../hosts/given.js';
import type { WasmSource } from '../platform.js';
import { Predictor } from '../predictor.js';
import type { Host } from '../runtime/binaries.js';

export type { WasmSource } from '../platform.js';

let host: Host = {
  binaries: ['simd'],
  compile: () => compileBinary('chains', () => new URL('../../wasm/chains.wasm', import.meta.url)),
};

/**
 * Takes other WebAssembly than the entry's own: a WebAssembly.Module, a .wasm file's bytes, a Response, or a URL to
 * fetch.
 */
export async function init(source: WasmSource): Promise<void> {
  host = await givenHost('myelin/predict/chains', ['chains', 'predict', 'simd', 'relaxed'], source);
}

/** A chain of layers with parameters that predicts. */
export class Model extends Predictor {
  /** @internal */
  static override get host(): Host {
    return host;
  }
}
