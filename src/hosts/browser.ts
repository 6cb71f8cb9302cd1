/** How browsers come by the package's WebAssembly: beside the script. */
import type { Host, MachineFile } from '../runtime/binaries.js';
import { compileOwn } from '../runtime/source.js';
import { webThreads } from './webThreads.js';

// Bundlers look for exactly these expressions, and put the files beside what they write.
const addresses: Readonly<Record<MachineFile, () => URL>> = {
  simd: () => new URL('../../wasm/simd.wasm', import.meta.url),
  relaxed: () => new URL('../../wasm/relaxed.wasm', import.meta.url),
  'simd-threads': () => new URL('../../wasm/simd-threads.wasm', import.meta.url),
  'relaxed-threads': () => new URL('../../wasm/relaxed-threads.wasm', import.meta.url),
};

export const browserHost: Host = {
  binaries: ['relaxed', 'simd'],
  compile: name => compileOwn(name, addresses[name]()),
  ...(webThreads && { threads: webThreads }),
};
