/** How browsers come by the package's WebAssembly: beside the script. */
import type { Host } from '../runtime/binaries.js';
import { compileSource } from '../runtime/source.js';

export const browserHost: Host = {
  binaries: ['relaxed', 'simd'],
  // Bundlers look for exactly this expression, and put the file beside what they write.
  compile: name =>
    name === 'relaxed'
      ? compileSource('myelin/wasm/relaxed.wasm', new URL('../../wasm/relaxed.wasm', import.meta.url))
      : compileSource('myelin/wasm/simd.wasm', new URL('../../wasm/simd.wasm', import.meta.url)),
};
