/** How Node, Bun and Deno come by the package's WebAssembly. */
import { append, checkWritable, makeFolder, saveKeeping } from '../files/append.js';
import { readBytes } from '../files/save.js';
import type { Host } from '../runtime/binaries.js';
import { turboBackend } from '../runtime/turbo.js';
import { runsOn } from '../search/crewRuns.js';
import { addresses } from './addresses.js';
import { compileBinary, readBinary } from './files.js';
import { nodeRuns } from './nodeRuns.js';
import { nodeThreads } from './nodeThreads.js';

export const nodeHost: Host = {
  binaries: ['relaxed', 'simd'],
  compile: file => compileBinary(file, addresses[file]),
  turbo: deterministic => turboBackend(nodeHost, file => readBinary(file, addresses[file]), deterministic),
  threads: nodeThreads,
  runs: runsOn(nodeRuns),
  files: { read: readBytes, write: saveKeeping, append, check: checkWritable, makeFolder },
};
