/** How browsers come by the package's WebAssembly: beside the script. */
import type { Host } from '../runtime/binaries.js';
import { compileAt } from '../runtime/source.js';
import { addresses } from './addresses.js';
import { webThreads } from './webThreads.js';

export const browserHost: Host = {
  binaries: ['relaxed', 'simd'],
  compile: file => compileAt(file, addresses[file]),
  ...webThreads,
};
