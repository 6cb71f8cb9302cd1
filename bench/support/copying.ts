/**
 * How fast memory is copied, in this process: the limit of work that is bound by moving numbers.
 *
 * The copies have the footprint of the work they are compared with, since what counts is which cache it fits.
 */
export class Copying {
  readonly #source: Uint8Array;
  readonly #target: Uint8Array;
  #place = 0;

  /** Copies all of `source` bytes, piece by piece, onto the same `target` bytes. */
  constructor(source: number, target: number) {
    // Written to, or the operating system hands out one page of zeros over and over.
    this.#source = new Uint8Array(source).fill(1);
    this.#target = new Uint8Array(Math.min(source, target)).fill(1);
  }

  /** Seconds for moving one byte, where reading it and writing it count as two. */
  secondsPerByte(): number {
    // First so that what fits a cache is in it, as it is for work done over and over.
    if (this.#source.length <= STRETCH) this.#copy();
    const start = performance.now();
    const bytes = this.#copy();
    return (performance.now() - start) / 1e3 / (2 * bytes);
  }

  #copy(): number {
    const size = this.#target.length;
    const pieces = Math.floor(this.#source.length / size);
    const times = Math.max(1, Math.floor(STRETCH / size));
    for (let i = 0; i < times; i++) {
      this.#target.set(this.#source.subarray(this.#place * size, (this.#place + 1) * size));
      this.#place = (this.#place + 1) % pieces;
    }
    return size * times;
  }
}

/** Bytes that one measurement copies. */
const STRETCH = 2 ** 22;
