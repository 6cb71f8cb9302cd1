/** Predicting alone, chains for tables and images, in Vercel's edge functions. */
import module from '../../wasm/chains.wasm?module';
import { givenHost } from '../hosts/given.js';
import type { WasmSource } from '../platform.js';
import { Predictor } from '../predictor.js';
import type { Host } from '../runtime/binaries.js';
import { compileSource } from '../runtime/source.js';

export type { WasmSource } from '../platform.js';

let host: Host = {
  binaries: ['simd'],
  compile: () => compileSource('myelin/wasm/chains.wasm', module),
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
