/** Pieces of work done in turns: A B C A B C …, each between two looks at the limits, in rounds that tinybench runs. */
import { Bench } from 'tinybench';
import type { Round } from './contest.js';
import type { Copying, Peak } from './limits.js';
import { FEWEST } from './statistics.js';

/** One who takes turns. */
export interface Runner {
  readonly key: string;
  run(): Promise<Round>;
}

/** One turn. */
export interface Turn extends Round {
  /**
   * Multiply-adds a second that a core could have done meanwhile, with 128 bits, and bytes a second that copying
   * moves.
   */
  readonly possible: number;
  readonly copied: number;
  readonly quiet: boolean;
}

export interface RaceOptions {
  readonly peak: Peak;
  readonly copying?: Copying | undefined;
  /** Turns of each. */
  readonly rounds: number;
  /** Of which each has an equal share, and the fewest turns in any case; none begins after twice as many. */
  readonly seconds: number;
  readonly signal?: AbortSignal | undefined;
}

/** A contestant that had a processor for less of its time than this had to share it. */
const ALONE = 0.8;

export interface Outcome {
  /** Of each runner its turns, by round; undefined where it sat one out. */
  readonly turns: ReadonlyMap<string, readonly (Turn | undefined)[]>;
  /** Who could not go on, and why. */
  readonly failed: ReadonlyMap<string, string>;
}

export async function race(runners: readonly Runner[], options: RaceOptions): Promise<Outcome> {
  const { peak, copying, rounds, seconds, signal } = options;
  const turns = new Map<string, (Turn | undefined)[]>(runners.map(({ key }) => [key, []]));
  const spent = new Map<string, number>();
  const failed = new Map<string, string>();
  const start = performance.now();
  // Who is quick goes on when who is slow has had the fewest, whose turns may have taken all of the time.
  const late = () => performance.now() - start > 2 * seconds * 1e3;
  for (let round = 0; round < rounds && !signal?.aborted; round++) {
    if (late() && round >= FEWEST) break;
    const bench = new Bench({ iterations: 1, time: 0, warmup: false, throws: true });
    for (const { key, run } of runners) {
      // Who is slow sits out once it has had the fewest and its share of the time.
      const own = (spent.get(key) ?? 0) / 1e3;
      const slow = (own > seconds / runners.length && round >= FEWEST) || own > 2 * seconds;
      if (failed.has(key) || slow || signal?.aborted) continue;
      bench.add(key, async () => {
        const before = peak.look();
        const did = await run();
        const after = peak.look();
        if (did.error !== undefined) failed.set(key, did.error);
        spent.set(key, (spent.get(key) ?? 0) + did.seconds * 1e3);
        const possible = Math.max(before.multiplyAdds, after.multiplyAdds);
        const alone = (did.cpuSeconds ?? did.seconds) > ALONE * did.seconds;
        const quiet = before.quiet && after.quiet && alone;
        const turn = { ...did, possible, copied: copying?.look() ?? 0, quiet };
        if (did.error === undefined) (turns.get(key) ?? [])[round] = turn;
        return { overriddenDuration: did.seconds * 1e3 };
      });
    }
    if (bench.tasks.length === 0) break;
    await bench.run();
  }
  return { turns, failed };
}
