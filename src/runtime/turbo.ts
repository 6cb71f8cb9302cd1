/**
 * Turbo: flags of V8 that make WebAssembly faster, set while the process runs and believed only after a self-test.
 *
 * `--experimental-wasm-relaxed-simd` lets Node 20 fuse multiply and add. `--experimental-wasm-revectorize` lets Node 24
 * and newer pack pairs of 128-bit operations into 256 bits. V8 decides which by version: it prints unknown flags to
 * stderr instead of refusing them. It also keeps compiled code by the module's bytes, so the bytes are changed by a
 * custom section, or the code from before the flag would come back.
 */
import { setFlagsFromString } from 'node:v8';
import type { Bytes } from '../kinds.js';
import {
  type Backend,
  type BinaryName,
  type Host,
  hasRelaxedSimd,
  type MachineFile,
  plainBackend,
  type ThreadSupport,
} from './binaries.js';
import { SelfTest } from './selfTest.js';

type ReadBytes = (name: MachineFile) => Promise<Bytes>;

const settled = new Map<boolean, Promise<Backend>>();

/**
 * The backend with the engine's flags set, or the plain one with the reason why there is nothing to set. Settled once
 * for a process.
 */
export function turboBackend(host: Host, bytesOf: ReadBytes, deterministic: boolean): Promise<Backend> {
  const known = settled.get(deterministic);
  if (known) return known;
  const settling = settle(host, bytesOf, deterministic);
  settled.set(deterministic, settling);
  settling.catch(() => settled.delete(deterministic));
  return settling;
}

async function settle(host: Host, bytesOf: ReadBytes, deterministic: boolean): Promise<Backend> {
  const v8 = v8Version();
  if (v8 >= 13.6) return revectorize(host, bytesOf, deterministic);
  if (v8 >= 11.3 && v8 < 11.4 && !deterministic && !hasRelaxedSimd()) return relax(host, bytesOf);
  const plain = await plainBackend(host, deterministic);
  const why = v8 === 0 ? 'this engine is not V8 under Node' : `V8 ${v8} has no flag that makes this binary faster`;
  return { ...plain, reason: `no turbo: ${why}; ${plain.reason}` };
}

/**
 * V8's version as a number, 13.6; 0 where it is another engine, or another runtime that does not take its flags this
 * way.
 */
function v8Version(): number {
  const { v8, bun, deno } = process.versions;
  return v8 && !bun && !deno ? Number.parseFloat(v8) : 0;
}

async function relax(host: Host, bytesOf: ReadBytes): Promise<Backend> {
  setFlagsFromString('--experimental-wasm-relaxed-simd');
  const plain = await plainBackend(host, true);
  if (!hasRelaxedSimd()) return { ...plain, reason: 'no turbo: V8 took the flag for relaxed SIMD but does not run it' };
  const module = await compileAnew(bytesOf, 'relaxed');
  const threads = anewWithThreads(plain, bytesOf, 'relaxed');
  const relaxed: Backend = { ...plain, module, binary: 'relaxed', turbo: true, threads, reason: '' };
  const [rounded, fused] = [plain, relaxed].map(backend => new SelfTest(backend.module, false).parameters());
  const close = rounded?.every((value, index) => Math.abs(value - (fused?.[index] ?? Number.NaN)) < 1e-3);
  if (!close) return { ...plain, reason: 'no turbo: relaxed SIMD failed the self-test' };
  return { ...relaxed, reason: 'turbo: relaxed SIMD was switched on in V8, so multiply and add are fused' };
}

/** How much faster packed code has to be to be believed packed; it measures 1.5 to 2. */
const PACKED = 1.25;

/** Measured with the first binary: once the flag is set there is no unpacked code left to compare with. */
let speedUp: number | undefined;

async function revectorize(host: Host, bytesOf: ReadBytes, deterministic: boolean): Promise<Backend> {
  const plain = await plainBackend(host, deterministic);
  const before = new SelfTest(plain.module, plain.paired);
  // Timed before the flag is set: what tiers up afterwards may be packed too.
  const slow = speedUp === undefined ? before.best(Number.NEGATIVE_INFINITY, 60, 400) : 0;
  setFlagsFromString('--experimental-wasm-revectorize');
  const module = await compileAnew(bytesOf, plain.binary);
  const threads = anewWithThreads(plain, bytesOf, plain.binary);
  const packed: Backend = { ...plain, module, turbo: true, paired: true, threads };
  const after = new SelfTest(packed.module, packed.paired);
  // On a busy machine optimising takes its time, and so do figures that something else has part in.
  speedUp ??= slow / after.best(slow / PACKED, 600, 2000);
  const said = `${speedUp.toFixed(2)} times as fast in the self-test`;
  if (speedUp < PACKED) {
    return { ...plain, reason: `no turbo: V8 did not pack pairs into 256 bits (${said}); ${plain.reason}` };
  }
  const [wanted, got] = [before.parameters(), after.parameters()];
  if (!wanted.every((value, index) => Object.is(value, got[index]))) {
    return { ...plain, reason: `no turbo: packed code gave other bits in the self-test; ${plain.reason}` };
  }
  return {
    ...packed,
    reason: `turbo: V8 packs pairs of operations into 256 bits (${said}, same bits); ${plain.reason}`,
  };
}

/** The same for the binary with threads, when it is asked for. */
function anewWithThreads({ threads }: Backend, bytesOf: ReadBytes, binary: BinaryName): ThreadSupport | undefined {
  let compiling: Promise<WebAssembly.Module> | undefined;
  return (
    threads && {
      host: threads.host,
      compile: () => {
        compiling ??= compileAnew(bytesOf, `${binary}-threads`).catch(error => {
          // A failure is not kept: whoever asks next tries again.
          compiling = undefined;
          throw error;
        });
        return compiling;
      },
    }
  );
}

/** Compiles a binary with a custom section behind it, so that V8 does not find code it compiled before. */
async function compileAnew(bytesOf: ReadBytes, name: MachineFile): Promise<WebAssembly.Module> {
  const bytes = await bytesOf(name);
  const section = [0, 6, 5, ...new TextEncoder().encode('turbo')];
  const changed = new Uint8Array(bytes.length + section.length);
  changed.set(bytes);
  changed.set(section, bytes.length);
  return WebAssembly.compile(changed);
}
