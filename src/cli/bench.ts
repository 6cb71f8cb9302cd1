/** `myelin bench`: what the user asked for, measured, shown and written. */
import { constants, existsSync } from 'node:fs';
import { access, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chartsOf } from '../bench/charts.js';
import { compare, parseRun, textOfComparison, worseOf } from '../bench/compare.js';
import { svgOf } from '../bench/drawing.js';
import { describeMachine } from '../bench/machine.js';
import { parseNetwork } from '../bench/networks.js';
import { allThreads, choosePeers, entrantsOf, ownEntrants } from '../bench/peers.js';
import { reportOf } from '../bench/report.js';
import type { Run } from '../bench/result.js';
import { runSuites } from '../bench/run.js';
import { chooseSuites } from '../bench/suites.js';
import { textOf } from '../bench/table.js';
import { messageOf, quote, wrongValue } from '../errors.js';
import { makeFolder } from '../files/append.js';
import { createOutput } from './output.js';
import { createBenchProgress } from './progress.js';
import { asUsage, UsageError } from './usage.js';

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
  readonly compare?: string;
  readonly threshold: number;
}

const DEFAULT_SUITES = ['training', 'inference'];
/** Suites that are about threads, and take all that there are. */
const SHARED_OUT = ['threads', 'speedUp'];
const packageFolder = fileURLToPath(new URL('../..', import.meta.url));

export async function bench(names: readonly string[], options: BenchOptions): Promise<void> {
  if (options.compare !== undefined) return compareRuns([options.compare, ...names], options);
  const suites = asUsage(() => chooseSuites(names.length > 0 ? names : DEFAULT_SUITES));
  const peers = asUsage(() => choosePeers(options.peers));
  const network = await parseNetwork(options.network);
  const machine = await describeMachine(packageFolder);
  const threads =
    options.threads.length > 0
      ? options.threads
      : suites.some(({ name }) => SHARED_OUT.includes(name))
        ? countTo(allThreads())
        : [1];
  const entrants = [
    ...ownEntrants(threads, options.turbo === true),
    ...peers.flatMap(peer => entrantsOf(peer, threads, machine.instructions)),
  ];
  const { html, svg } = options;
  if (html !== undefined) await checkWritable(html, false);
  if (svg !== undefined) await checkWritable(svg, !isPicture(svg));
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
  if (html !== undefined) await writeFile(html, reportOf(run));
  if (svg !== undefined) await writeCharts(svg, run);
}

/** Refuses a place that cannot be written to before anything is measured; what is there stays. */
async function checkWritable(path: string, isFolder: boolean): Promise<void> {
  try {
    if (isFolder) {
      await makeFolder(path);
      await access(path, constants.W_OK);
      return;
    }
    const isNew = !existsSync(path);
    await (await open(path, 'a')).close();
    if (isNew) await rm(path);
  } catch (error) {
    throw wrongValue(quote(path), 'a place to write to', messageOf(error));
  }
}

const isPicture = (path: string): boolean => path.endsWith('.svg');

/** All charts in one picture where the path is one; else a folder with a picture and its figures for each. */
async function writeCharts(path: string, run: Run): Promise<void> {
  const charts = chartsOf(run);
  if (isPicture(path)) return writeFile(path, svgOf(charts));
  for (const chart of charts) {
    await writeFile(join(path, `${chart.id}.svg`), svgOf([chart]));
    await writeFile(join(path, `${chart.id}.json`), `${JSON.stringify(chart, undefined, 2)}\n`);
  }
}

/** Exit code 1 where something is slower beyond threshold and noise. */
async function compareRuns(paths: readonly string[], { threshold, json }: BenchOptions): Promise<void> {
  const [first, second] = paths;
  if (first === undefined || second === undefined || paths.length > 2) {
    throw new UsageError(`--compare: expected two files of myelin bench --json, got ${paths.length}`);
  }
  const [before, after] = await Promise.all(
    [first, second].map(async path => {
      const text = await readFile(path, 'utf8').catch(error => {
        throw wrongValue(`--compare ${quote(path)}`, 'a file that can be read', messageOf(error));
      });
      return parseRun(path, text);
    }),
  );
  if (!before || !after) return;
  const comparison = compare(before, after, threshold / 100);
  if (json) createOutput(true).event('comparison', { ...comparison, worse: worseOf(comparison).length });
  else process.stdout.write(`${textOfComparison(comparison, threshold / 100)}\n`);
  if (worseOf(comparison).length > 0) process.exitCode = 1;
}

/** 1, 2, 4 … and all. */
function countTo(all: number): number[] {
  const counts: number[] = [];
  for (let count = 1; count < all; count *= 2) counts.push(count);
  return [...counts, all];
}
