/**
 * What the machine can do at most, measured beside the work: multiply-adds of one core, and bytes that are copied.
 *
 * Machines drift, by a factor of two on shared ones. So a share of the limit is taken between two looks at it, and a
 * round in which something else was running on the core is told from the others.
 */

import { setFlagsFromString } from 'node:v8';
import { hasRelaxedSimd } from '../entries/inside.js';

interface Exports {
  multiplyAdds(): number;
  peak(at: number, turns: number): number;
  crowd(at: number, turns: number): number;
}

/** bench/assembly/peak.ts, compiled; put in by the bundler. */
declare const PEAK_RELAXED: string;
declare const PEAK_SIMD: string;

const TURNS = 4000;
/** The core is quiet while the crowd probe is within this of its best. */
const QUIET = 0.93;

/** A look at the core. */
export interface Look {
  /** Multiply-adds a second that it does now, with 128 bits: four lanes counted as four. */
  readonly multiplyAdds: number;
  /** Nothing else seems to run on it. */
  readonly quiet: boolean;
}

export class Peak {
  readonly #exports: Exports;
  #best = 0;
  #bestCrowd = 0;

  constructor() {
    const memory = new WebAssembly.Memory({ initial: 1 });
    new Float32Array(memory.buffer).fill(0.01).set([0.999, 0.001]);
    const module = new WebAssembly.Module(new Uint8Array(Buffer.from(probe(), 'base64')));
    this.#exports = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Exports;
    for (let i = 0; i < 500; i++) this.look();
  }

  /** The best seen so far, multiply-adds a second. */
  get best(): number {
    return this.#best;
  }

  look(): Look {
    const crowd = 1 / this.#shortest('crowd');
    const multiplyAdds = (this.#exports.multiplyAdds() * 4 * TURNS) / this.#shortest('peak');
    this.#best = Math.max(this.#best, multiplyAdds);
    this.#bestCrowd = Math.max(this.#bestCrowd, crowd);
    return { multiplyAdds, quiet: crowd > QUIET * this.#bestCrowd };
  }

  /** Seconds, the shortest of three: after large work the first finds the caches cold. */
  #shortest(probe: 'peak' | 'crowd'): number {
    let shortest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 3; i++) {
      const start = performance.now();
      this.#exports[probe](0, TURNS);
      shortest = Math.min(shortest, (performance.now() - start) / 1e3);
    }
    return shortest;
  }
}

/**
 * The probe that fuses, wherever this engine can be told to. Contestants are processes of their own, and do not see
 * the flag.
 */
function probe(): string {
  if (!hasRelaxedSimd() && !process.versions.bun) setFlagsFromString('--experimental-wasm-relaxed-simd');
  return hasRelaxedSimd() ? PEAK_RELAXED : PEAK_SIMD;
}

/** Bytes that one measurement copies. */
const STRETCH = 2 ** 22;
/** No cache is larger than what is copied at most. */
const MOST = 2 ** 27;

/** Copies within the footprint of the work that is compared, since what counts is which cache it fits. */
export class Copying {
  readonly #source: Uint8Array;
  readonly #target: Uint8Array;

  constructor(footprint: number) {
    const size = Math.min(MOST, Math.max(64, Math.ceil(footprint / 2)));
    // Written to, or the operating system hands out one page of zeros over and over.
    this.#source = new Uint8Array(size).fill(1);
    this.#target = new Uint8Array(size).fill(1);
  }

  /** Bytes a second; reading one and writing it are two. */
  look(): number {
    // First so that what fits a cache is in it, as it is for work done over and over.
    if (this.#source.length <= STRETCH) this.#target.set(this.#source);
    const times = Math.max(1, Math.floor(STRETCH / this.#source.length));
    const start = performance.now();
    for (let i = 0; i < times; i++) this.#target.set(this.#source);
    return (2 * times * this.#source.length) / ((performance.now() - start) / 1e3);
  }
}
