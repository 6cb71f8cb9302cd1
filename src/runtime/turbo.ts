/**
 * Turbo: flags of V8 that make WebAssembly faster, set while the process runs and believed only after a self-test.
 *
 * `--experimental-wasm-relaxed-simd` lets Node 20 fuse multiply and add. `--experimental-wasm-revectorize` lets Node 24 and newer pack pairs of 128-bit
 * operations into 256 bits. V8 decides which by version: it prints unknown flags to stderr instead of refusing them. It also keeps compiled code by the
 * module's bytes, so the bytes are changed by a custom section, or the code from before the flag would come back.
 */
import { setFlagsFromString } from 'node:v8';
import { sequential } from '../architecture.js';
import { dense } from '../layers/dense.js';
import { fitLoss } from '../losses/index.js';
import { endingOf, planTraining } from '../training.js';
import {
  type Backend,
  type BinaryName,
  type Host,
  hasRelaxedSimd,
  type MachineFile,
  plainBackend,
  type ThreadSupport,
} from './binaries.js';
import { Program } from './program.js';
import { beginRows, layOut } from './staging.js';

type ReadBytes = (name: MachineFile) => Promise<Uint8Array<ArrayBuffer>>;

const settled = new Map<boolean, Promise<Backend>>();

/** The backend with the engine's flags set, or the plain one with the reason why there is nothing to set. Settled once for a process. */
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

/** V8's version as a number, 13.6; 0 where it is another engine, or another runtime that does not take its flags this way. */
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
  const [rounded, fused] = [plain, relaxed].map(backend => new SelfTest(backend).parameters());
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
  const before = new SelfTest(plain);
  // Timed before the flag is set: what tiers up afterwards may be packed too.
  const slow = speedUp === undefined ? before.best(Number.NEGATIVE_INFINITY) : 0;
  setFlagsFromString('--experimental-wasm-revectorize');
  const module = await compileAnew(bytesOf, plain.binary);
  const threads = anewWithThreads(plain, bytesOf, plain.binary);
  const packed: Backend = { ...plain, module, turbo: true, paired: true, threads };
  const after = new SelfTest(packed);
  speedUp ??= slow / after.best(slow / PACKED);
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
        compiling ??= compileAnew(bytesOf, `${binary}-threads`);
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

/** A small network on made-up numbers, which trains on a backend for bits and for time. */
class SelfTest {
  readonly #program: Program;

  constructor(backend: Backend) {
    const architecture = sequential([150], [dense(96, { activation: 'tanh' }), dense(40)]);
    const { activation, columns } = endingOf(architecture);
    const loss = fitLoss({ kind: 'meanSquaredError' }, activation, columns);
    const optimizer = { kind: 'sgd', learningRate: 0.01, momentum: 0, nesterov: false, weightDecay: 0 } as const;
    const plan = planTraining(architecture, 32, { loss, accuracy: false, optimizer, paired: backend.paired });
    const program = new Program(backend.module, plan.plan);
    this.#program = program;
    const places = layOut(program.reserve(layOut(0, 32, 600, 160).end), 32, 600, 160);
    fill(new Float32Array(program.memory.buffer, places.x, 32 * 150));
    fill(new Float32Array(program.memory.buffer, places.y, 32 * 40));
    program.set('x', places.x);
    program.set('y', places.y);
    program.set('batchSize', 32);
    this.#restart();
  }

  #restart(): void {
    fill(this.#program.floats(this.#program.plan.parameterRegion));
    this.#program.set('learningRate', 0.01);
  }

  /** The parameters after a few steps. */
  parameters(): Float32Array {
    this.#restart();
    for (let step = 0; step < 3; step++) {
      beginRows(this.#program, 32);
      this.#program.run('step');
    }
    return this.#program.floats(this.#program.plan.parameterRegion).slice();
  }

  /** The shortest milliseconds for a few evaluations, once V8 has optimised them; stops early below `enough`. */
  best(enough: number): number {
    let best = Number.POSITIVE_INFINITY;
    let unchanged = 0;
    const start = performance.now();
    for (let now = start; now - start < 400 && best > enough; ) {
      for (let turn = 0; turn < 10; turn++) {
        beginRows(this.#program, 32);
        this.#program.run('evaluate');
      }
      const then = now;
      now = performance.now();
      unchanged = now - then < best * 0.98 ? 0 : unchanged + 1;
      best = Math.min(best, now - then);
      if (unchanged > 60 && now - start > 60) break;
    }
    return best;
  }
}

/** Numbers between −½ and ½ that repeat after 251. */
function fill(values: Float32Array): void {
  for (let i = 0; i < values.length; i++) values[i] = ((i * 97) % 251) / 251 - 0.5;
}
