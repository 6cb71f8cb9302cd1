/** How Node, Bun and Deno come by the package's WebAssembly. */
import { readFile } from 'node:fs/promises';
import type { BinaryName, Host } from '../runtime/binaries.js';
import { turboBackend } from '../runtime/turbo.js';

async function bytesOf(name: BinaryName): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(new URL(`../../wasm/${name}.wasm`, import.meta.url)));
}

export const nodeHost: Host = {
  compile: async name => WebAssembly.compile(await bytesOf(name)),
  turbo: deterministic => turboBackend(nodeHost, bytesOf, deterministic),
};
