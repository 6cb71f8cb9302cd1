/** The package's WebAssembly where `node:fs` is: Node, Bun and Deno. */
import { readFile } from 'node:fs/promises';
import { type BinaryFile, compileBytes } from '../runtime/source.js';

export async function readBinary(file: BinaryFile): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(new URL(`../../wasm/${file}.wasm`, import.meta.url)));
}

export async function compileBinary(file: BinaryFile): Promise<WebAssembly.Module> {
  return compileBytes(`myelin/wasm/${file}.wasm`, await readBinary(file));
}
