/** WebAssembly that the user hands to an entry, for all models that are made from then on. */
import type { WasmSource } from '../platform.js';
import type { Host } from '../runtime/binaries.js';
import { type BinaryFile, compileSource, identify } from '../runtime/source.js';

/** `accepted`: the files that will do. */
export async function givenHost(entry: string, accepted: readonly BinaryFile[], source: WasmSource): Promise<Host> {
  const where = `${entry}: init`;
  const module = await compileSource(where, source);
  const file = identify(where, module, accepted);
  return {
    binaries: [file === 'relaxed' ? 'relaxed' : 'simd'],
    compile: async () => module,
    alone: `${entry} has no workers`,
  };
}
