/**
 * How Vercel's edge functions come by the package's WebAssembly: compiled ahead as on Workers, with a suffix that their
 * bundler asks for. `simd.wasm` alone, for all that is imported must compile, and their development server runs on Node
 * 20 too, which has no relaxed SIMD.
 */
import simd from '../../wasm/simd.wasm?module';
import type { Host } from '../runtime/binaries.js';
import { compileSource } from '../runtime/source.js';

export const edgeHost: Host = { binaries: ['simd'], compile: () => compileSource('myelin/wasm/simd.wasm', simd) };
