/** `myelin bench`: what the user asked for, measured, shown and written. */
import { fileURLToPath } from 'node:url';
import { describeMachine } from '../bench/machine.js';
import { parseNetwork } from '../bench/networks.js';
import { allThreads, choosePeers, entrantsOf, ownEntrants } from '../bench/peers.js';
import type { Run } from '../bench/result.js';
import { runSuites } from '../bench/run.js';
import { chooseSuites } from '../bench/suites.js';
import { textOf } from '../bench/table.js';
import { createBenchProgress } from './output.js';
import { asUsage } from './usage.js';

export interface BenchOptions {
  readonly network: string;
  readonly batch: readonly number[];
  readonly threads: readonly number[];
  readonly turbo?: boolean;
  readonly optimizer: 'adam' | 'sgd';
  readonly peers: string;
  readonly seconds: number;
  readonly json?: boolean;
  readonly html?: string;
  readonly svg?: string;
}

const DEFAULT_SUITES = ['training', 'inference'];
const packageFolder = fileURLToPath(new URL('../..', import.meta.url));

export async function bench(names: readonly string[], options: BenchOptions): Promise<void> {
  const suites = asUsage(() => chooseSuites(names.length > 0 ? names : DEFAULT_SUITES));
  const peers = asUsage(() => choosePeers(options.peers));
  const network = await parseNetwork(options.network);
  const machine = await describeMachine(packageFolder);
  const threads =
    options.threads.length > 0
      ? options.threads
      : suites.some(({ name }) => name === 'threads')
        ? countTo(allThreads())
        : [1];
  const entrants = [
    ...ownEntrants(threads, options.turbo === true),
    ...peers.flatMap(peer => entrantsOf(peer, threads, machine.instructions)),
  ];
  const { batch: batches, optimizer, seconds } = options;
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const progress = createBenchProgress();
  let found: Pick<Run, 'suites' | 'absent'>;
  try {
    found = await runSuites({
      suites,
      settings: { network, batches, threads, optimizer, seconds },
      entrants,
      signal: stop.signal,
      progress: progress.update,
    });
  } finally {
    progress.stop();
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
  const run: Run = {
    event: 'benchmark',
    format: 1,
    machine,
    command: ['myelin', ...process.argv.slice(2)].join(' '),
    ...found,
    interrupted: stop.signal.aborted,
  };
  process.stdout.write(`${options.json ? JSON.stringify(run) : textOf(run)}\n`);
}

/** 1, 2, 4 … and all. */
function countTo(all: number): number[] {
  const counts: number[] = [];
  for (let count = 1; count < all; count *= 2) counts.push(count);
  return [...counts, all];
}
