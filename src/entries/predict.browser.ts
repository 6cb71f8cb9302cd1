/** Predicting alone, in browsers and wherever else there is `fetch`. */

import { GivenHost } from '../hosts/given.js';
import type { WasmSource } from '../platform.js';
import { Predictor } from '../predictor.js';
import type { Host } from '../runtime/binaries.js';
import { compileAt } from '../runtime/source.js';

export type { WasmSource } from '../platform.js';

const given = new GivenHost('myelin/predict', ['predict', 'simd', 'relaxed'], {
  binaries: ['simd'],
  compile: () => compileAt('predict', () => new URL('../../wasm/predict.wasm', import.meta.url)),
});

/**
 * Takes other WebAssembly than the entry's own: a WebAssembly.Module, a .wasm file's bytes, a Response, or a URL to
 * fetch.
 */
export function init(source: WasmSource): Promise<void> {
  return given.init(source);
}

/** A network with parameters that predicts. */
export class Model extends Predictor {
  /** @internal */
  static override get host(): Host {
    return given.host;
  }
}
