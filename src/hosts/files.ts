/** The package's WebAssembly where `node:fs` is: Node, Bun and Deno. */
import { readFile } from 'node:fs/promises';
import { wrongValue } from '../errors.js';
import { type BinaryFile, compileOwn } from '../runtime/source.js';

export async function readBinary(file: BinaryFile): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(new URL(`../../wasm/${file}.wasm`, import.meta.url)));
  } catch (cause) {
    const mend = `the package is not whole; where a bundler moved its code, bundle 'myelin/inline'`;
    throw Object.assign(wrongValue(`myelin/wasm/${file}.wasm`, 'a file', (cause as Error).message, mend), { cause });
  }
}

export async function compileBinary(file: BinaryFile): Promise<WebAssembly.Module> {
  return compileOwn(file, await readBinary(file));
}
