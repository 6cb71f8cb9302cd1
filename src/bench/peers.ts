/**
 * Who else takes part: one line here and one adapter, a file of bench/peers, each. Their libraries are nobody's
 * dependencies.
 */
import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { nearest, quote, wrongValue } from '../errors.js';
import type { Entrant } from './contestant.js';

export interface Peer {
  /** As the command line names it. */
  readonly id: string;
  /** Its adapter, JavaScript unless it says otherwise; what that is given before the number of threads. */
  readonly file: string;
  readonly option?: string;
  readonly install: string;
  /** Whether it takes more than one thread where it is told to. */
  readonly threads?: true;
  /** Native code, which takes the widest instructions that there are unless it is held to others. */
  readonly native?: true;
}

const npm = (packages: string) => `npm install ${packages}`;
const tensorflow = '@tensorflow/tfjs-core @tensorflow/tfjs-layers @tensorflow/tfjs-backend-';

export const peers: readonly Peer[] = [
  { id: 'plain-typescript', file: 'plainLoop', install: 'it needs nothing' },
  { id: 'tensorflow-wasm', file: 'tensorflow', option: 'wasm', install: npm(`${tensorflow}wasm`) },
  { id: 'tensorflow-cpu', file: 'tensorflow', option: 'cpu', install: npm(`${tensorflow}cpu`) },
  { id: 'jax-js', file: 'jax', install: npm('@jax-js/jax') },
  { id: 'brain.js', file: 'brain', install: npm('brain.js') },
  { id: 'convnetjs', file: 'convnet', install: npm('convnetjs') },
  { id: 'onnxruntime-web', file: 'onnxruntime', option: 'web', install: npm('onnxruntime-web') },
  {
    id: 'onnxruntime-node',
    file: 'onnxruntime',
    option: 'node',
    install: npm('onnxruntime-node'),
    threads: true,
    native: true,
  },
  {
    id: 'pytorch',
    file: 'pytorch.py',
    option: 'eager',
    install: 'apt-get install python3-torch, or pip install torch',
    threads: true,
    native: true,
  },
  {
    id: 'pytorch-compiled',
    file: 'pytorch.py',
    option: 'compiled',
    install: 'pip install torch, version 2 or newer',
    threads: true,
    native: true,
  },
  {
    id: 'scikit-learn',
    file: 'scikitLearn.py',
    install: 'apt-get install python3-sklearn, or pip install scikit-learn',
    threads: true,
    native: true,
  },
  {
    id: 'openblas',
    file: 'openblas.py',
    install: 'apt-get install libopenblas-dev python3-numpy',
    threads: true,
    native: true,
  },
];

/** What holds native libraries to so many threads, and to instructions that most processors have. */
const holdTo = (threads: number) => ({
  OMP_NUM_THREADS: `${threads}`,
  OPENBLAS_NUM_THREADS: `${threads}`,
  MKL_NUM_THREADS: `${threads}`,
});
const AVX2 = {
  OPENBLAS_CORETYPE: 'Haswell',
  ATEN_CPU_CAPABILITY: 'avx2',
  ONEDNN_MAX_CPU_ISA: 'AVX2',
  DNNL_MAX_CPU_ISA: 'AVX2',
  MKL_ENABLE_INSTRUCTIONS: 'AVX2',
  NPY_DISABLE_CPU_FEATURES: 'AVX512F AVX512CD AVX512_SKX',
};

/** The peers that a list names; all for `all`, none for `none`. */
export function choosePeers(text: string): readonly Peer[] {
  if (text === 'all') return peers;
  if (text === 'none') return [];
  const known = peers.map(({ id }) => id);
  return text.split(',').map(word => {
    const found = peers.find(({ id }) => id === word.trim());
    if (found) return found;
    const close = nearest(word.trim(), known);
    const mend = close === undefined ? `known: ${known.join(', ')}` : `did you mean '${close}'?`;
    throw wrongValue('--peers', 'all, none, or names between commas', quote(word.trim()), mend);
  });
}

/** How this runtime is called again, with its flags. */
export function runtimeCommand(): string[] {
  return process.versions.deno
    ? [process.execPath, 'run', '--allow-all', '--no-lock']
    : [process.execPath, ...process.execArgv];
}

/** The interpreter that PYTHON names, or the system's, which has what the system's packages install. */
function python(): string {
  return process.env.PYTHON ?? (existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3');
}

const beside = (file: string) => fileURLToPath(new URL(`./${file}`, import.meta.url));

/** A peer in so many threads; with AVX-512 in the processor also held to AVX2. */
export function entrantsOf(peer: Peer, threads: readonly number[], instructions: readonly string[]): Entrant[] {
  const { id, file, option, native } = peer;
  const before = file.endsWith('.py') ? [python(), beside(file)] : [...runtimeCommand(), beside('peers.js'), file];
  const counts = threads.filter(count => count === 1 || peer.threads);
  const holds = native && instructions.includes('AVX-512') ? [undefined, 'AVX2'] : [undefined];
  return counts.flatMap(count =>
    holds.map(heldTo => ({
      peer: id,
      command: [...before, option ?? '-', `${count}`],
      env: native ? { ...holdTo(count), ...(heldTo ? AVX2 : {}) } : {},
      threads: count,
      ...(heldTo ? { heldTo } : {}),
    })),
  );
}

/** myelin itself in so many threads, without turbo and, where asked, with it. */
export function ownEntrants(threads: readonly number[], turbo: boolean): Entrant[] {
  const modes = turbo ? ([undefined, true] as const) : ([undefined] as const);
  return threads.flatMap(count =>
    modes.map(mode => ({
      peer: 'myelin',
      command: [...runtimeCommand(), beside('contestant.js'), mode ? 'turbo' : 'plain', `${count}`],
      threads: count,
      ...(mode ? { turbo: mode } : {}),
    })),
  );
}

/** From nothing to a prediction, with the half of the package that predicts. */
export function coldEntrant(): Entrant {
  return { peer: 'myelin', command: [...runtimeCommand(), beside('peers.js'), 'predictor'], threads: 1 };
}

/** All threads that there are, of which at least two make a row of their own. */
export function allThreads(): number {
  return cpus().length;
}
