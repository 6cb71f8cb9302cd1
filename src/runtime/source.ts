/** WebAssembly that comes from anywhere: compiled, and known to be this package's. */
import { plainBytes } from '../conversions.js';
import { messageOf, shorten, wrongType, wrongValue } from '../errors.js';
import { type Bytes, isHollow, isLost, kindOf } from '../kinds.js';
import { VERSION } from '../version.js';
import type { MachineFile } from './binaries.js';

/** A file in this package's wasm/, without its ending. */
export type BinaryFile = MachineFile | 'predict' | 'chains';

/**
 * Compiles what `source` holds. Kinds are told apart by what they are and not by `instanceof`: they may come from
 * another realm. `absent` is what to do about an address where there is no such file.
 */
export async function compileSource(
  where: string,
  source: unknown,
  absent = 'look at the address',
): Promise<WebAssembly.Module> {
  const expected = 'a WebAssembly.Module, the bytes of a .wasm file, a Response or a URL';
  if (isLost(source) || isHollow(source)) throw wrongType(where, expected, source);
  const kind = kindOf(source);
  if (kind === 'WebAssembly.Module') return adoptModule(source as WebAssembly.Module);
  if (kind === 'URL') return compileSource(where, await fetchWasm(where, source as URL), absent);
  if (kind === 'Response') {
    const response = source as Response;
    if (!response.ok) {
      throw wrongValue(where, 'a .wasm file', `status ${response.status} from ${shorten(response.url, 60)}`, absent);
    }
    if (response.bodyUsed) throw wrongValue(where, 'a Response', 'one that was read already', 'give a clone() of it');
    const bytes = new Uint8Array(await response.arrayBuffer());
    // What servers of pages answer where there is no file is a page.
    if (bytes[0] === 0x3c) throw wrongValue(where, 'a .wasm file', `a page from ${shorten(response.url, 60)}`, absent);
    return compileBytes(where, bytes);
  }
  if (ArrayBuffer.isView(source)) {
    return compileBytes(where, plainBytes(new Uint8Array(source.buffer, source.byteOffset, source.byteLength)));
  }
  if (kind === 'ArrayBuffer' || kind === 'SharedArrayBuffer') {
    return compileBytes(where, plainBytes(new Uint8Array(source as ArrayBuffer)));
  }
  const mend = typeof source === 'string' ? 'of an address make new URL(…)' : undefined;
  throw wrongType(where, expected, source, mend);
}

/** What lies at an address; files too, where the platform reads them. */
async function fetchWasm(where: string, address: URL): Promise<Response | Uint8Array> {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): { readFileSync(path: URL): Uint8Array } };
  };
  try {
    const files = address.protocol === 'file:' ? process?.getBuiltinModule?.('node:fs') : undefined;
    return files ? files.readFileSync(address) : await fetch(address);
  } catch (cause) {
    const error = wrongValue(
      where,
      'an address that can be read',
      shorten(address.href, 60),
      'read the file and give its bytes',
    );
    throw Object.assign(error, { cause });
  }
}

/** Compiles one of this package's own files, and makes sure that it is that one. */
export async function compileOwn<F extends BinaryFile>(
  file: F,
  source: unknown,
  absent?: string,
): Promise<WebAssembly.Module> {
  const where = `myelin/wasm/${file}.wasm`;
  const module = await compileSource(where, source, absent);
  identify(where, module, [file]);
  return module;
}

/** {@link compileOwn} from an address, which a bundler may have left without what it is relative to. */
export async function compileAt<F extends BinaryFile>(file: F, address: () => URL): Promise<WebAssembly.Module> {
  let url: URL;
  try {
    url = address();
  } catch (cause) {
    const mend = `this bundle does not know where it lies: import 'myelin/inline', or give the file to init of 'myelin/core'`;
    throw Object.assign(wrongValue(`myelin/wasm/${file}.wasm`, 'an address', shorten(messageOf(cause)), mend), {
      cause,
    });
  }
  return compileOwn(file, url, `put the package's ${file}.wasm there, or import 'myelin/inline', which has it inside`);
}

/** Compiles the bytes of a .wasm file. */
export async function compileBytes(where: string, bytes: Bytes): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    const message = messageOf(cause);
    const mend = /Content.Security.Policy|blocked by CSP|unsafe-eval/i.test(message)
      ? `the page's Content-Security-Policy forbids WebAssembly: add 'wasm-unsafe-eval' to its script-src`
      : /disallowed|not allowed/.test(message)
        ? `this platform compiles no bytes: take the entry 'myelin', or 'myelin/core' and hand it the imported .wasm file`
        : 'the file is cut off, or not WebAssembly that this platform knows: take it from the package again, or simd.wasm';
    const error = wrongValue(where, 'a whole .wasm file', `${bytes.byteLength} bytes: ${shorten(message, 80)}`, mend);
    throw Object.assign(error, { cause });
  }
}

/** A module of another realm is as good as one of ours, but for its prototype, which the loader looks at. */
function adoptModule(module: WebAssembly.Module): WebAssembly.Module {
  return module instanceof WebAssembly.Module ? module : Object.setPrototypeOf(module, WebAssembly.Module.prototype);
}

/**
 * Which of this package's files the module was compiled from: the build leaves the file's name and the version in a
 * custom section.
 */
export function identify<F extends BinaryFile>(where: string, module: WebAssembly.Module, accepted: readonly F[]): F {
  const [section] = WebAssembly.Module.customSections(module, 'myelin');
  const [name, version] = section ? new TextDecoder().decode(section).split(' ') : [];
  const file = accepted.find(candidate => candidate === name);
  if (file === undefined) {
    const expected = accepted.map(candidate => `myelin/wasm/${candidate}.wasm`).join(' or ');
    throw wrongValue(where, expected, name === undefined ? `another library's WebAssembly` : `${name}.wasm`);
  }
  if (version !== VERSION) {
    throw wrongValue(where, `a .wasm of myelin ${VERSION}`, `one of ${version}`, 'take both from one installation');
  }
  return file;
}
