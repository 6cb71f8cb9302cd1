/** Pieces of work measured in turns, each between two looks at the peak. */
import type { Peak, Sample } from './peak.js';

/** Something to measure. */
export interface Work {
  /** Does it so many times. */
  run(times: number): void;
  /** What has to be put right before each sample. */
  prepare?(): void;
  /** At most so many times in one sample; as many as fill it unless told. */
  readonly most?: number;
}

/** One piece of work in one round. */
export interface Measured extends Sample {
  /** How many times it was done. */
  readonly times: number;
}

export interface RoundOptions {
  /** Quiet samples wanted of each. */
  readonly rounds?: number;
  /** Seconds after which a noisy machine is given up on. */
  readonly patience?: number;
}

/** Seconds that a sample should take. */
const SAMPLE = 2e-4;
const WARM_UP = 0.03;

/** Quiet samples of every piece, or as many as the machine allows; and the same round's other measurements beside them. */
export function inTurns(
  peak: Peak,
  works: readonly Work[],
  { rounds = 15, patience = 8 }: RoundOptions = {},
): Measured[][] {
  const times = works.map(calibrate);
  const samples: Measured[][] = works.map(() => []);
  const until = performance.now() + patience * 1e3;
  while (performance.now() < until && samples.some(taken => taken.length < rounds)) {
    works.forEach((work, i) => {
      const count = times[i] ?? 1;
      work.prepare?.();
      const sample = peak.sample(() => work.run(count));
      if (sample.quiet) samples[i]?.push({ ...sample, times: count });
    });
  }
  return samples;
}

/** How many times a piece of work fits into a sample, once the engine has optimised it. */
function calibrate({ run, prepare, most = 1e6 }: Work): number {
  const start = performance.now();
  let best = Number.POSITIVE_INFINITY;
  let times = 1;
  for (let now = start; now - start < WARM_UP * 1e3; ) {
    prepare?.();
    const before = performance.now();
    run(times);
    now = performance.now();
    best = Math.min(best, (now - before) / 1e3 / times);
    times = Math.max(1, Math.min(most, Math.round(SAMPLE / Math.max(best, 1e-9))));
  }
  return times;
}
