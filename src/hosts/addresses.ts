/** Where the package's WebAssembly for models that train lies. */
import type { MachineFile } from '../runtime/binaries.js';

// Bundlers look for exactly these expressions, one for each file, and put the files beside what they write. In
// functions: where a bundler leaves nothing in import.meta.url, as for CommonJS, importing the package does not fail
// yet.
export const addresses: Readonly<Record<MachineFile, () => URL>> = {
  simd: () => new URL('../../wasm/simd.wasm', import.meta.url),
  relaxed: () => new URL('../../wasm/relaxed.wasm', import.meta.url),
  'simd-threads': () => new URL('../../wasm/simd-threads.wasm', import.meta.url),
  'relaxed-threads': () => new URL('../../wasm/relaxed-threads.wasm', import.meta.url),
};
