/** How Vercel's edge functions come by the package's WebAssembly: as on Workers, with a suffix that their bundler asks for. */
import relaxed from '../../wasm/relaxed.wasm?module';
import simd from '../../wasm/simd.wasm?module';
import type { Host } from '../runtime/binaries.js';
import { compileSource } from '../runtime/source.js';

export const edgeHost: Host = {
  binaries: ['relaxed', 'simd'],
  compile: name => compileSource('myelin', name === 'relaxed' ? relaxed : simd),
};
