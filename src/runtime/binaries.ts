/** Which WebAssembly binary this platform runs, compiled once. */

import { wrongValue } from '../errors.js';
import { FORWARD_ONLY } from '../forwardOnly.js';
import type { RunsOf } from '../search/runs.js';
import type { FileAccess } from './fileAccess.js';
import type { ThreadHost } from './workers.js';

/** `relaxed` fuses multiply and add; `simd` rounds after each, with the same bits on every machine. */
export type BinaryName = 'simd' | 'relaxed';

/** The binaries for memory that threads share lie beside. */
export type MachineFile = BinaryName | `${BinaryName}-threads`;

/** What a runtime does in its own way. */
export interface Host {
  /** The binaries it has; some runtimes come with one alone. */
  readonly binaries: readonly [BinaryName, ...BinaryName[]];
  /** Compiles one of the package's binaries. */
  compile(name: MachineFile): Promise<WebAssembly.Module>;
  /** Switches the engine to faster code, where there are switches; the backend's reason says what came of it. */
  turbo?(deterministic: boolean): Promise<Backend>;
  /** Where the runtime has threads. */
  readonly threads?: ThreadHost;
  /** Why it has none, in words, where that can be mended. */
  readonly alone?: string;
  /** Where the runtime has workers that carry out whole runs. */
  readonly runs?: RunsOf;
  /** Where the runtime has files. */
  readonly files?: FileAccess;
}

/** Threads that a backend can take on. */
export interface ThreadSupport {
  readonly host: ThreadHost;
  compile(): Promise<WebAssembly.Module>;
}

/** A compiled binary and what there is to say about it. */
export interface Backend {
  readonly module: WebAssembly.Module;
  readonly binary: BinaryName;
  readonly deterministic: boolean;
  /** Whether engine flags made it faster. */
  readonly turbo: boolean;
  /** Whether kernels take tiles written in pairs, which the engine then packs into 256 bits. */
  readonly paired: boolean;
  /** Threads, and the binary for them, compiled when first asked for. */
  readonly threads: ThreadSupport | undefined;
  /** Why there are none, where the host says so. */
  readonly alone?: string | undefined;
  /** Why this one, in words. */
  readonly reason: string;
}

// The smallest modules that use i8x16.popcnt and f32x4.relaxed_madd: a platform that validates them has SIMD and
// relaxed SIMD.
const header = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10];
const simdProbe = new Uint8Array([...header, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11]);
const splat = [65, 0, 253, 15];
const relaxedProbe = new Uint8Array([...header, 19, 1, 17, 0, ...splat, ...splat, ...splat, 253, 133, 2, 11]);

const compiled = new WeakMap<Host, Map<MachineFile, Promise<WebAssembly.Module>>>();

function compileOnce(host: Host, name: MachineFile): Promise<WebAssembly.Module> {
  const modules = compiled.get(host) ?? new Map<MachineFile, Promise<WebAssembly.Module>>();
  compiled.set(host, modules);
  const known = modules.get(name);
  if (known) return known;
  const compiling = host.compile(name);
  modules.set(name, compiling);
  // A failure is not kept: the next model tries again.
  compiling.catch(() => modules.delete(name));
  return compiling;
}

/** Whether the engine runs f32x4.relaxed_madd as it is set now. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(relaxedProbe);
}

/** What a model asks of its backend. */
export interface BackendOptions {
  readonly deterministic: boolean;
  readonly turbo: boolean;
}

/** The fastest binary that the platform runs, or the one with the same bits everywhere where `deterministic`. */
export async function chooseBackend(host: Host, { deterministic, turbo }: BackendOptions): Promise<Backend> {
  if (typeof WebAssembly !== 'object' || !WebAssembly.validate(simdProbe)) {
    throw new Error(
      'myelin: expected a platform with WebAssembly SIMD, got one without; Node 16.4, Chrome 91, Firefox 89 and Safari 16.4 were the first to have it',
    );
  }
  if (turbo && host.turbo) return host.turbo(deterministic);
  const plain = await plainBackend(host, deterministic);
  return turbo ? { ...plain, reason: `no turbo: this runtime has no engine flags to set; ${plain.reason}` } : plain;
}

/** The backend of an engine whose flags are left alone. */
export async function plainBackend(host: Host, deterministic: boolean): Promise<Backend> {
  const { binary, reason } = chooseBinary(host.binaries, deterministic);
  const module = await compileOnce(host, binary);
  const threads = host.threads && {
    host: host.threads,
    compile: () => compileOnce(host, `${binary}-threads`),
  };
  return { module, binary, deterministic, turbo: false, paired: false, threads, alone: host.alone, reason };
}

function chooseBinary(binaries: Host['binaries'], deterministic: boolean): { binary: BinaryName; reason: string } {
  const [first, ...others] = binaries;
  // What predicts alone has one.
  if (FORWARD_ONLY || others.length === 0) {
    if (deterministic && first !== 'simd') {
      throw wrongValue('deterministic: true', 'simd.wasm, which rounds alike everywhere', `${first}.wasm alone`);
    }
    return { binary: first, reason: 'this entry of the package has this binary alone' };
  }
  const fuses = hasRelaxedSimd();
  const binary = fuses && !deterministic ? 'relaxed' : 'simd';
  const reason = deterministic
    ? 'deterministic: true asks for the binary with the same bits everywhere'
    : fuses
      ? 'this platform has relaxed SIMD, so multiply and add are fused'
      : 'this platform has no relaxed SIMD (on by default from Node 22 and Chrome 114)';
  return { binary, reason };
}
