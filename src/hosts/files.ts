/** The package's WebAssembly where `node:fs` is: Node, Bun and Deno. */
import { readFile } from 'node:fs/promises';
import { messageOf, shorten, wrongValue } from '../errors.js';
import type { Bytes } from '../kinds.js';
import { type BinaryFile, compileOwn } from '../runtime/source.js';

/**
 * The bytes of a file of the package; `address` says where it lies, and fails where a bundler has left nothing that
 * says so.
 */
export async function readBinary(file: BinaryFile, address: () => URL): Promise<Bytes> {
  try {
    const url = address();
    // Bundlers may have made it a data: or an https: address.
    if (url.protocol !== 'file:') return new Uint8Array(await (await fetch(url)).arrayBuffer());
    return new Uint8Array(await readFile(url));
  } catch (cause) {
    const { code } = cause as { code?: unknown };
    const got = code === 'ENOENT' ? 'none there' : shorten(messageOf(cause));
    const mend = `where a bundler moved the code away from it, import 'myelin/inline', which has it inside, or keep myelin external`;
    throw Object.assign(wrongValue(`myelin/wasm/${file}.wasm`, 'a file', got, mend), { cause });
  }
}

export async function compileBinary(file: BinaryFile, address: () => URL): Promise<WebAssembly.Module> {
  return compileOwn(file, await readBinary(file, address));
}
