/** Runs suites: starts who takes part, gives each case out, lets them take turns, and puts the figures together. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inputNumbers, Model, outputShape, size } from '../entries/inside.js';
import type { ProductTask, Ready, Task } from './contest.js';
import { factor } from './contest.js';
import { Contestant, type Entrant } from './contestant.js';
import { writeGiven } from './giving.js';
import { Copying, Peak } from './limits.js';
import { coldEntrant } from './peers.js';
import { type Outcome, type Runner, race, type Turn } from './race.js';
import { type Case, isOwn, labelOf, onOneThread, type Row, type SuiteResult } from './result.js';
import { FEWEST, figureOf, ratiosOf } from './statistics.js';
import type { CaseSpec, Settings, Suite } from './suites.js';

/** A cost so many times the best one is no longer chance; outputs may differ by rounding. */
const WRONG_COST = 1.05;
const WRONG_OUTPUT = 2e-3;
/** Cores that one thread may take, with what the runtime does beside. */
const ONE_CORE = 1.3;
const ROUNDS = 15;
/** Seconds in which an engine has seen what is run often, and compiled it. */
const WARM_SECONDS = 0.4;
/** Case seconds below which rounds are too few. */
const LEAST_SECONDS = 0.6;

export interface RunOptions {
  readonly suites: readonly Suite[];
  readonly settings: Settings;
  readonly entrants: readonly Entrant[];
  readonly signal: AbortSignal;
  progress(what: string, done: number, of: number): void;
}

export interface Findings {
  readonly suites: SuiteResult[];
  readonly absent: Record<string, string>;
}

/** Measures what it can until it is told to stop. */
export async function runSuites(options: RunOptions): Promise<Findings> {
  const { suites, settings, entrants, signal, progress } = options;
  const work = suites.map(suite => ({ suite, cases: suite.cases(settings) }));
  const count = work.reduce((sum, { cases }) => sum + cases.length, 0);
  const seconds = Math.max(LEAST_SECONDS, settings.seconds / count);
  const folder = mkdtempSync(join(tmpdir(), 'myelin-bench-'));
  const { contestants, absent } = await gather(entrants);
  const peak = new Peak();
  const results: SuiteResult[] = [];
  let done = 0;
  try {
    for (const { suite, cases } of work) {
      const finished: Case[] = [];
      results.push({ suite: suite.name, ...(suite.axis === undefined ? {} : { axis: suite.axis }), cases: finished });
      for (const spec of cases) {
        if (signal.aborted) break;
        progress(`${suite.name}: ${spec.name}`, done, count);
        const task = await giveOut(spec, join(folder, `${done}`));
        const doing = { peak, seconds, signal };
        const found = spec.cold
          ? await coldCase(spec, task, entrants, doing)
          : await warmCase(spec, task, contestants, done, doing);
        if (found.rows.length > 0) finished.push(found);
        // Nobody's figures are no case: why there are none is all that there is to tell.
        else Object.assign(absent, found.without);
        done++;
      }
    }
  } finally {
    for (const contestant of contestants) contestant.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return { suites: results, absent };
}

/** Starts all, two at a time; who is not installed is named with how it would be. */
async function gather(entrants: readonly Entrant[]) {
  const started = await Promise.all(entrants.map(entrant => Contestant.start(entrant)));
  const contestants: Contestant[] = [];
  const absent: Record<string, string> = {};
  started.forEach((outcome, i) => {
    const entrant = entrants[i];
    if (outcome instanceof Contestant) contestants.push(outcome);
    else if (entrant) absent[labelOf({ contestant: entrant.peer, ...entrant })] = outcome;
  });
  return { contestants, absent };
}

/** Writes a task's numbers, where it has some. */
async function giveOut({ task, network }: CaseSpec, folder: string): Promise<Task> {
  if (!('loss' in task) || !network) return task as Task;
  mkdirSync(folder);
  const { architecture, model = await Model.create(architecture, { seed: 7 }) } = network;
  const values = model.parameters.map(({ data }) => data);
  const parameters = new Float32Array(values.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const value of values) {
    parameters.set(value, start);
    start += value.length;
  }
  const named = model.parameters.map(({ name, shape }) => ({ name, shape }));
  const given = { ...task, folder, parameters: named };
  const sizes = { rows: task.rows, inputs: inputNumbers(architecture), outputs: size(outputShape(architecture)) };
  writeGiven(given, sizes, parameters);
  await model.save(join(folder, 'model.safetensors'));
  return given;
}

interface Doing {
  readonly peak: Peak;
  readonly seconds: number;
  readonly signal: AbortSignal;
}

/** One who is ready, and what it said then. */
interface Entered {
  readonly key: string;
  readonly entrant: Entrant;
  readonly name: string;
  readonly version: string;
  readonly ready: Ready;
}

async function warmCase(
  spec: CaseSpec,
  task: Task,
  contestants: readonly Contestant[],
  id: number,
  { peak, seconds, signal }: Doing,
): Promise<Case> {
  const entered: (Entered & Runner)[] = [];
  const without: Record<string, string> = {};
  for (const contestant of contestants) {
    const { entrant, name, version } = contestant;
    const key = labelOf({ contestant: name, ...entrant });
    if (signal.aborted) break;
    if (spec.ownAlone && entrant.peer !== 'myelin') continue;
    if (spec.threads !== undefined && entrant.threads !== spec.threads) continue;
    const ready = await warmed(contestant, id, task);
    const reason = ready.unable ?? ready.error;
    if (reason !== undefined) without[key] = reason;
    else entered.push({ key, entrant, name, version, ready, run: () => contestant.run(id) });
  }
  const copying = spec.bytes === undefined ? undefined : new Copying(spec.footprint ?? spec.bytes);
  const outcome = await race(entered, { peak, copying, rounds: ROUNDS, seconds, signal });
  for (const contestant of contestants) await contestant.drop(id);
  return caseOf(spec, entered, outcome, without, expectedOf(task));
}

/** Gets a contestant ready, after it has done the same for as long as engines take to compile what is run often. */
async function warmed(contestant: Contestant, id: number, task: Task): Promise<Ready> {
  const ready = await contestant.prepare(id, task);
  if (ready.unable !== undefined || ready.error !== undefined) return ready;
  for (let seconds = 0; seconds < WARM_SECONDS; ) {
    const round = await contestant.run(id);
    // What it cannot do shows again, where it is told.
    if (round.error !== undefined) return ready;
    seconds += round.seconds;
  }
  await contestant.drop(id);
  return contestant.prepare(id, task);
}

/** Each round a new process: its own seconds from importing the library to its first prediction. */
async function coldCase(spec: CaseSpec, task: Task, entrants: readonly Entrant[], doing: Doing): Promise<Case> {
  const entered: (Entered & Runner)[] = [];
  const without: Record<string, string> = {};
  for (const entrant of [coldEntrant(), ...entrants.filter(({ peer }) => peer !== 'myelin')]) {
    if (entrant.threads !== 1 || entrant.heldTo) continue;
    const first = await startOnce(entrant, task);
    if (typeof first === 'string') {
      without[entrant.peer] = first;
      continue;
    }
    const run = async () => {
      const again = await startOnce(entrant, task);
      return typeof again === 'string'
        ? { pieces: 0, seconds: 0, error: again }
        : { pieces: 1, seconds: again.seconds };
    };
    const { name, version, ready } = first;
    entered.push({ key: labelOf({ contestant: name, ...entrant }), entrant, name, version, ready, run });
  }
  const outcome = await race(entered, { ...doing, rounds: ROUNDS });
  return caseOf(spec, entered, outcome, without, undefined);
}

async function startOnce(entrant: Entrant, task: Task) {
  const contestant = await Contestant.start(entrant);
  if (typeof contestant === 'string') return contestant;
  const ready = await contestant.prepare(0, task);
  contestant.stop();
  const { name, version, openSeconds } = contestant;
  return ready.unable ?? ready.error ?? { name, version, ready, seconds: openSeconds + (ready.seconds ?? Number.NaN) };
}

/**
 * The first numbers of a product, exactly; of anything else the first contestant's output is what others are held to.
 */
function expectedOf(task: Task): readonly number[] | undefined {
  if (task.kind !== 'product' || task.way !== 'forward') return undefined;
  const { inputs, outputs }: ProductTask = task;
  return Array.from({ length: Math.min(8, outputs) }, (_, column) => {
    let sum = 0;
    for (let i = 0; i < inputs; i++) sum += factor(i) * factor(i * outputs + column + 1);
    return sum;
  });
}

function caseOf(
  spec: CaseSpec,
  entered: readonly Entered[],
  { turns, failed }: Outcome,
  without: Record<string, string>,
  given: readonly number[] | undefined,
): Case {
  const expected = given ?? entered.find(({ ready }) => ready.output)?.ready.output;
  const all = entered.map(one => ({ ...one, turns: turns.get(one.key) ?? [] })).filter(one => one.turns.some(Boolean));
  const taken = all.flatMap(one => one.turns.filter(turn => turn !== undefined));
  // Of all epochs that everyone has done, the last.
  const epoch = Math.min(...all.map(one => one.turns.findLastIndex(Boolean)));
  const costs = all.map(one => one.turns[epoch]?.cost ?? Number.NaN);
  const bestCost = Math.min(...costs.filter(Number.isFinite));
  const rates = all.map(one => one.turns.map(turn => turn && turn.pieces / turn.seconds));
  const labels = all.map(({ name, entrant }) => ({ ...entrant, contestant: name }));
  const { multiplyAdds, bytes } = spec;
  const rows = all.map(({ entrant, name, version, ready, turns }, i): Row => {
    const done = countedOf(turns);
    const rate = figureOf(done.map(({ pieces, seconds }) => pieces / seconds));
    const cores = figureOf(done.map(({ cpuSeconds = 0, seconds }) => cpuSeconds / seconds)).median;
    const cost = costs[i];
    const base = { contestant: name, version, threads: entrant.threads, heldTo: entrant.heldTo, turbo: entrant.turbo };
    const wrong = wrongOf(ready, cost, bestCost, expected);
    const tooMany = entrant.env && Object.keys(entrant.env).length > 0 && entrant.threads === 1 && cores > ONE_CORE;
    const notComparable =
      ready.notComparable ?? (tooMany ? `it took ${cores.toFixed(1)} cores where it was held to one` : undefined);
    const alone = labels.findIndex(label => label === onOneThread(labels[i] ?? label, labels));
    const ratios = all.flatMap((other, j) => {
      const alike = isOwn({ contestant: other.name }) && other.entrant.threads === entrant.threads && i !== j;
      if (!alike || wrong !== undefined || notComparable !== undefined) return [];
      return [[other.key, figureOf(ratiosOf(rates[j] ?? [], rates[i] ?? []))] as const];
    });
    return compact({
      ...base,
      rate,
      shareOfMultiplyAdds:
        multiplyAdds === undefined
          ? undefined
          : figureOf(done.map(({ pieces, seconds, possible }) => (multiplyAdds * pieces) / (seconds * possible))),
      shareOfBytes:
        bytes === undefined
          ? undefined
          : figureOf(done.map(({ pieces, seconds, copied }) => (bytes * pieces) / (seconds * copied))),
      speedUp: alone < 0 ? undefined : figureOf(ratiosOf(rates[i] ?? [], rates[alone] ?? [])),
      ratios: Object.fromEntries(ratios),
      cost: Number.isFinite(cost) ? cost : undefined,
      cores: cores > 0 ? cores : undefined,
      wrong,
      notComparable,
    });
  });
  const limits = {
    multiplyAdds:
      multiplyAdds === undefined ? undefined : figureOf(taken.map(({ possible }) => possible / multiplyAdds)).median,
    bytes: bytes === undefined ? undefined : figureOf(taken.map(({ copied }) => copied / bytes)).median,
  };
  return compact({
    name: spec.name,
    at: spec.at,
    unit: spec.unit,
    multiplyAdds,
    bytes,
    limit: compact(limits),
    rows,
    without: { ...without, ...Object.fromEntries(failed) },
    published: spec.published,
    quiet: taken.filter(({ quiet }) => quiet).length / Math.max(1, taken.length),
  });
}

/** The quiet turns, where there are enough of them; else all. */
function countedOf(turns: readonly (Turn | undefined)[]): Turn[] {
  const done = turns.filter(turn => turn !== undefined);
  const quiet = done.filter(turn => turn.quiet);
  return quiet.length >= FEWEST ? quiet : done;
}

/** Without the keys that have no value. */
function compact<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}

/** What shows that it computes something else. */
function wrongOf(
  ready: Ready,
  cost: number | undefined,
  best: number,
  expected: readonly number[] | undefined,
): string | undefined {
  if (ready.notComparable !== undefined) return undefined;
  if (cost !== undefined && cost > best * WRONG_COST)
    return `cost ${cost.toPrecision(4)} where others have ${best.toPrecision(4)}`;
  const { output } = ready;
  // As many as both give: some predict a row where others predict a batch.
  const far = output?.findIndex((value, i) => {
    const other = expected?.[i] ?? value;
    return !(Math.abs(value - other) <= WRONG_OUTPUT * Math.max(1, Math.abs(other)));
  });
  if (far === undefined || far < 0) return undefined;
  return `output ${far} is ${output?.[far]}, expected ${expected?.[far]}`;
}
