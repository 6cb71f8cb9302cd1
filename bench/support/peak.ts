/**
 * What one core can do at most, in this process: the limit that benchmarks are judged against.
 *
 * Machines drift, by a factor of two on shared ones. So a figure is always a ratio: work is measured between two measurements of the peak, and a round
 * in which something else was running on the core is left out.
 */
import type { BinaryName } from '../../src/runtime/binaries.js';
import { compileEntry } from '../../test/support/binaries.js';

interface Exports {
  multiplyAdds(): number;
  peak(at: number, turns: number): number;
  crowd(at: number, turns: number): number;
}

const TURNS = 4000;
/** A round is quiet while the crowd probe is within this of its best. */
const QUIET = 0.93;

/** One run of some work. */
export interface Sample {
  /** Seconds. */
  readonly time: number;
  /** Multiply-adds that the core could have done in that time, with 128 bits. */
  readonly possible: number;
  /** Nothing else seems to have run on the core. */
  readonly quiet: boolean;
}

export class Peak {
  /** Of the probe's loop: four-lane multiply-adds in one turn, and turns in one measurement. */
  readonly instructions: { readonly perTurn: number; readonly turns: number };
  readonly #exports: Exports;
  #bestPeak = 0;
  #bestCrowd = 0;

  private constructor(module: WebAssembly.Module) {
    const memory = new WebAssembly.Memory({ initial: 1 });
    new Float32Array(memory.buffer).fill(0.01).set([0.999, 0.001]);
    this.#exports = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Exports;
    this.instructions = { perTurn: this.#exports.multiplyAdds(), turns: TURNS };
    for (let i = 0; i < 2000; i++) this.#look();
  }

  static async of(binary: BinaryName): Promise<Peak> {
    return new Peak(await compileEntry('bench/assembly/peak.ts', binary));
  }

  /** The best seen so far: multiply-adds per second, four lanes counted as four. */
  get best(): number {
    return this.#bestPeak;
  }

  /** Runs `work` between two looks at the peak. */
  sample(work: () => void): Sample {
    const before = this.#look();
    const start = performance.now();
    work();
    const time = (performance.now() - start) / 1e3;
    const after = this.#look();
    const possible = Math.max(before.peak, after.peak) * time;
    return { time, possible, quiet: Math.min(before.crowd, after.crowd) > QUIET * this.#bestCrowd };
  }

  #look(): { readonly peak: number; readonly crowd: number } {
    const crowd = 1 / this.#shortest('crowd');
    const peak = (this.instructions.perTurn * 4 * TURNS) / this.#shortest('peak');
    this.#bestPeak = Math.max(this.#bestPeak, peak);
    this.#bestCrowd = Math.max(this.#bestCrowd, crowd);
    return { peak, crowd };
  }

  /** Seconds, the shortest of three: after large work the first finds the caches cold. */
  #shortest(probe: 'peak' | 'crowd'): number {
    let shortest = Infinity;
    for (let i = 0; i < 3; i++) {
      const start = performance.now();
      this.#exports[probe](0, TURNS);
      shortest = Math.min(shortest, (performance.now() - start) / 1e3);
    }
    return shortest;
  }
}
