/**
 * How Cloudflare Workers come by the package's WebAssembly: they compile no bytes, but what is imported is compiled
 * ahead.
 */
import relaxed from '../../wasm/relaxed.wasm';
import simd from '../../wasm/simd.wasm';
import type { Host } from '../runtime/binaries.js';

export const workerdHost: Host = {
  binaries: ['relaxed', 'simd'],
  compile: async name => (name === 'relaxed' ? relaxed : simd),
};
