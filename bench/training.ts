/**
 * How fast do whole networks train and predict, beside other programs, on one thread and, with turbo, on two?
 *
 *     npm run bench -- training [network/batch, such as 784-128-10/32 …]
 *
 * Each contestant is a process of its own, has the same network, first parameters, rows, batches in the same order and optimiser, and trains one short epoch whenever it is its turn.
 * So all of them meet the same noise, and the best of many short rounds is what an undisturbed machine does. The cost that each has come to after equally many
 * epochs stands beside its speed: who is more than 5 % worse than the best computes something else, and is called wrong.
 *
 * Peers are optional: `npm ci --prefix bench/peers` installs TensorFlow.js; PyTorch and scikit-learn are those of the Python that `PYTHON` names
 * (/usr/bin/python3 unless told), where it has them.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { dense, Model, sequential } from '../src/entries/node.js';
import { Purpose, Random } from '../src/random.js';
import type { Task } from './support/contest.js';
import { fashion } from './support/fashion.js';
import { machine } from './support/machine.js';
import { spreadOf } from './support/statistics.js';

interface Contest extends Task {
  /** Whether contestants that take minutes elsewhere take part. */
  readonly slowOnes: boolean;
}

const small = { widths: [784, 128, 10], learningRate: 1e-3 };
const contests: readonly Contest[] = [
  { ...small, batchSize: 1, rows: 512, slowOnes: false },
  { ...small, batchSize: 32, rows: 2048, slowOnes: true },
  { ...small, batchSize: 128, rows: 2048, slowOnes: false },
  { widths: [784, 512, 256, 10], learningRate: 1e-3, batchSize: 128, rows: 2048, slowOnes: false },
];

/** Rounds after the first one, which engines still compile in. */
const ROUNDS = 30;
/** Seconds after which a contestant sits out the other rounds, once it has done the fewest. */
const PATIENCE = 4;
const FEWEST = 5;
const FEWEST_OF_SLOW = 1;
/** Predictions are so quick that everybody has a few rounds. */
const PREDICTIONS = 25;
/** A cost so many times the best one is no longer chance. */
const WRONG = 1.05;

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const here = [process.execPath, ...process.execArgv];
const python = process.env.PYTHON ?? '/usr/bin/python3';
const tensorflow = [...here, path('peers/tensorflow.js')];
const pythonPath = (name: string): string[] => [python, path(`peers/${name}.py`)];

interface Entrant {
  readonly command: readonly string[];
  /** After the folder. */
  readonly options?: readonly string[];
  readonly slow?: boolean;
  readonly install?: string;
}

const entrants: readonly Entrant[] = [
  { command: [...here, path('support/myelin.ts')], options: ['plain'] },
  { command: [...here, path('support/myelin.ts')], options: ['turbo'] },
  { command: [...here, path('support/myelin.ts')], options: ['turbo', '2'] },
  { command: [...here, path('peers/plainLoop.ts')] },
  ...['wasm', 'cpu'].map(backend => {
    const install = `TensorFlow.js ${backend}: npm ci --prefix bench/peers`;
    return { command: tensorflow, options: [backend], slow: backend === 'cpu', install };
  }),
  ...['1', '2'].map(threads => {
    const install = `PyTorch, threads: ${threads}: Debian has it as python3-torch; PYTHON names the interpreter`;
    return { command: pythonPath('pytorch'), options: [threads], install };
  }),
  { command: pythonPath('scikitLearn'), install: 'scikit-learn: Debian has it as python3-sklearn' },
];

interface Answer {
  readonly name?: string;
  readonly absent?: string;
  readonly seconds?: number;
  readonly cost?: number;
  readonly memory?: number;
}

/** A contestant's process, and what it has done. */
class Runner {
  readonly seconds: number[] = [];
  readonly costs: number[] = [];
  readonly predictions: number[] = [];
  memory: number | undefined;
  name = '';
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #answers: AsyncIterator<string>;
  readonly #fewest: number;
  #complaint = '';

  private constructor([command = '', ...options]: readonly string[], fewest: number) {
    this.#fewest = fewest;
    const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' };
    this.#process = spawn(command, options, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process.on('error', () => {});
    this.#process.stdin.on('error', () => {});
    this.#process.stderr.on('data', chunk => {
      this.#complaint += chunk;
    });
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** Starts a contestant, or says why it does not take part. */
  static async start(entrant: Entrant, folder: string): Promise<Runner | string> {
    const { command, options = [], install } = entrant;
    const [program = '', ...before] = command;
    const fewest = entrant.slow ? FEWEST_OF_SLOW : FEWEST;
    const runner = new Runner([program, ...before, folder, ...options], fewest);
    const { name, absent } = await runner.#hear();
    if (name) {
      runner.name = name;
      return runner;
    }
    runner.stop();
    if (absent) return absent;
    const absence = /MODULE_NOT_FOUND|ModuleNotFoundError|Cannot find (module|package)|^$/;
    if (install && absence.test(runner.#complaint)) return `skipped ${install}`;
    return `skipped ${install ?? command.at(-1)}, because it failed:\n${runner.#reason}`;
  }

  async epoch(): Promise<void> {
    const { seconds = Number.NaN, cost = Number.NaN, memory } = await this.#ask('epoch');
    this.seconds.push(seconds);
    this.costs.push(cost);
    this.memory = memory;
  }

  async predict(): Promise<void> {
    this.predictions.push((await this.#ask('predict')).seconds ?? Number.NaN);
  }

  get done(): boolean {
    const spent = this.seconds.reduce((sum, seconds) => sum + seconds, 0);
    const rounds = this.seconds.length - 1;
    return rounds >= ROUNDS || (rounds >= this.#fewest && spent > PATIENCE);
  }

  stop(): void {
    this.#process.kill();
  }

  async #ask(question: string): Promise<Answer> {
    this.#process.stdin.write(`${question}\n`);
    const answer = await this.#hear();
    if (answer.seconds === undefined) throw new Error(`${this.name} fell silent\n${this.#reason}`);
    return answer;
  }

  /** The end of what it printed to stderr. */
  get #reason(): string {
    const lines = this.#complaint.trimEnd().split('\n').slice(-10);
    return lines.map(line => line.slice(0, 200)).join('\n');
  }

  /** The next line of JSON; what libraries print of their own is passed over. */
  async #hear(): Promise<Answer> {
    for (let next = await this.#answers.next(); !next.done; next = await this.#answers.next()) {
      if (next.value.startsWith('{')) return JSON.parse(next.value) as Answer;
    }
    return {};
  }
}

/** Writes what every contestant is given. */
async function prepare({ widths, ...task }: Task, folder: string): Promise<string> {
  const { name, x, y } = fashion(task.rows);
  const [inputs = 0, ...units] = widths;
  const model = await Model.create(
    sequential(
      inputs,
      units.map(n => dense(n)),
    ),
    { seed: 7 },
  );
  const parameters = Buffer.concat(model.parameters.map(({ data }) => Buffer.from(data.buffer)));
  writeFileSync(join(folder, 'task.json'), JSON.stringify({ widths, ...task }));
  writeFileSync(join(folder, 'x.f32'), x);
  writeFileSync(join(folder, 'y.i32'), y);
  writeFileSync(join(folder, 'parameters.f32'), parameters);
  // myelin's own orders: it takes none from outside.
  const orders = Array.from({ length: ROUNDS + 1 }, (_, epoch) => {
    return Buffer.from(new Random(0, Purpose.shuffle, epoch).permutation(task.rows).buffer);
  });
  writeFileSync(join(folder, 'orders.i32'), Buffer.concat(orders));
  return name;
}

const told = new Set<string>();

async function hold(contest: Contest): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'contest-'));
  const runners: Runner[] = [];
  try {
    const data = await prepare(contest, folder);
    for (const entrant of entrants) {
      if (entrant.slow && !contest.slowOnes) continue;
      const runner = await Runner.start(entrant, folder);
      if (runner instanceof Runner) runners.push(runner);
      else if (!told.has(runner)) {
        told.add(runner);
        console.log(runner);
      }
    }
    while (!runners.every(({ done }) => done)) {
      for (const runner of runners) if (!runner.done) await runner.epoch();
    }
    if (contest.slowOnes) {
      for (let round = 0; round < PREDICTIONS; round++) {
        for (const runner of runners) await runner.predict();
      }
    }
    report(contest, data, runners);
  } finally {
    for (const runner of runners) runner.stop();
    rmSync(folder, { recursive: true });
  }
}

function report(contest: Contest, data: string, runners: readonly Runner[]): void {
  const { widths, batchSize, rows } = contest;
  const epochs = Math.min(...runners.map(({ costs }) => costs.length));
  const costAt = ({ costs }: Runner): number => costs[epochs - 1] ?? Number.NaN;
  const bestCost = Math.min(...runners.map(costAt));
  console.log(`\n${widths.join('-')}, batch ${batchSize}, ${rows} rows of ${data}, Adam`);
  const ours = runners.filter(({ name }) => name.startsWith('myelin'));
  const rates = new Map(runners.map(runner => [runner, spreadOf(runner.seconds.slice(1).map(time => rows / time))]));
  const titles = ['samples/s: best', 'median', `cost of epoch ${epochs}`, ...ours.map(({ name }) => `${name} is`)];
  row('', titles);
  for (const runner of runners) {
    const { best = 0, median = 0, spread = 0 } = rates.get(runner) ?? {};
    const verdict = costAt(runner) > bestCost * WRONG || Number.isNaN(costAt(runner)) ? ' WRONG' : '';
    row(runner.name, [
      best.toFixed(0),
      `${median.toFixed(0)} ±${spread.toFixed(0)}`,
      `${costAt(runner).toFixed(4)}${verdict}`,
      ...ours.map(own => times((rates.get(own)?.best ?? 0) / best)),
    ]);
  }
  for (const { name, memory } of ours) if (memory) console.log(memoryLine(contest, name, memory));
  if (!contest.slowOnes) return;
  console.log(`\n${widths.join('-')}, predicting one row`);
  row('', ['µs: best', 'median', '', ...ours.map(({ name }) => `${name} is`)]);
  for (const { name, predictions } of runners) {
    const { best, median, spread } = spreadOf(predictions.map(seconds => -seconds * 1e6));
    const ratios = ours.map(own => times(best / spreadOf(own.predictions.map(seconds => -seconds * 1e6)).best));
    row(name, [(-best).toPrecision(3), `${(-median).toPrecision(3)} ±${spread.toPrecision(2)}`, '', ...ratios]);
  }
}

/** What training took, beside what has to be held: the data once, five times the parameters, the activations. */
function memoryLine({ widths, batchSize, rows }: Contest, name: string, memory: number): string {
  const parameters = widths.slice(1).reduce((sum, outputs, layer) => sum + outputs * ((widths[layer] ?? 0) + 1), 0);
  const activations = widths.reduce((sum, width, layer) => sum + width * (layer > 0 ? 2 : 1), 0) * batchSize;
  const needed = 4 * (rows * ((widths[0] ?? 0) + 1) + 5 * parameters + activations);
  const mega = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  return `${name} took ${mega(memory)} of memory: data, 5 × parameters and activations (${mega(needed)}) and ${mega(memory - needed)}`;
}

function times(ratio: number): string {
  return `${ratio.toPrecision(3)} ×`;
}

function row(name: string, cells: readonly string[]): void {
  console.log(`${name.padEnd(34)}${cells.map(text => text.padEnd(22)).join('')}`.trimEnd());
}

console.log(machine());
const asked = process.argv.slice(2);
const nameOf = ({ widths, batchSize }: Contest): string => `${widths.join('-')}/${batchSize}`;
const unknown = asked.find(name => !contests.some(contest => nameOf(contest) === name));
if (unknown) throw new RangeError(`network: expected one of ${contests.map(nameOf).join(', ')}, got '${unknown}'`);
for (const contest of contests) if (asked.length === 0 || asked.includes(nameOf(contest))) await hold(contest);
