/**
 * The WebAssembly that tests run: the package's binaries, and entries made for tests alone, each with and without fused
 * multiply-add.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { type Backend, type BinaryName, hasRelaxedSimd } from '../../src/runtime/binaries.js';

/** For `describe.each`: whatever computes is tested in both. */
export const binaries: readonly BinaryName[] = ['simd', 'relaxed'];

const root = fileURLToPath(new URL('../..', import.meta.url));
const compiled = new Map<string, Promise<WebAssembly.Module>>();

function once(key: string, compile: () => Promise<WebAssembly.Module>): Promise<WebAssembly.Module> {
  // Node 20 has relaxed SIMD behind this flag, which must be set before the module is compiled.
  if (!hasRelaxedSimd()) setFlagsFromString('--experimental-wasm-relaxed-simd');
  const known = compiled.get(key) ?? compile();
  compiled.set(key, known);
  return known;
}

/** The package's binary as a model would run it; `paired` as in {@link Backend}. */
export async function backendOf(binary: BinaryName, paired = false): Promise<Backend> {
  const module = await once(binary, async () => {
    return WebAssembly.compile(new Uint8Array(await readFile(`${root}wasm/${binary}.wasm`)));
  });
  const reason = 'a test asked for it';
  return { module, binary, deterministic: binary === 'simd', turbo: false, paired, threads: undefined, reason };
}

/**
 * The entry `path`, such as `test/assembly/math.ts`, compiled as the package's binaries are; `source` is its text where
 * there is no such file.
 */
export function compileEntry(path: string, binary: BinaryName, source?: string): Promise<WebAssembly.Module> {
  return once(`${path} ${binary}`, async () => {
    // Only who compiles waits for the compiler.
    const { default: asc } = await import('assemblyscript/asc');
    let bytes = new Uint8Array();
    const options = ['--config', 'asconfig.json', '--target', binary, '--baseDir', root, '--outFile', 'entry.wasm'];
    const { error, stderr } = await asc.main([path, ...options], {
      readFile: (name, base) => (name === path && source ? source : readText(`${base}/${name}`)),
      writeFile(_, contents) {
        if (contents instanceof Uint8Array) bytes = new Uint8Array(contents);
      },
    });
    if (error) throw new Error(`${path} does not compile:\n${stderr.toString()}`, { cause: error });
    return WebAssembly.compile(bytes);
  });
}

async function readText(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null);
}

/** For `describe.each`: both binaries as models run them. */
export const backends: readonly Backend[] = await Promise.all(binaries.map(binary => backendOf(binary)));

/** Both again with the kernels for engines that pack pairs, which other engines must run as well. */
export const pairedBackends: readonly Backend[] = backends.map(backend => ({ ...backend, paired: true }));
