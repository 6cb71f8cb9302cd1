/** What is shown while a network trains, and while benchmarks run. */
import pc from 'picocolors';
import type { EpochEvent } from '../entries/node.js';
import { grouped } from '../tabular/words.js';
import { Block } from './block.js';
import { type Output, percent } from './output.js';
import { shownWidth } from './wrap.js';

export interface Progress {
  epoch(end: EpochEvent): void;
  stop(): void;
}

/**
 * `name` is what the rows of the second loss are called. A block of lines that are painted over where both standard
 * output and standard error are terminals; otherwise about fifteen plain lines; with JSON an event per epoch.
 */
export function createProgress(output: Output, epochs: number, json = false, name = 'held-out'): Progress {
  if (json) return { epoch: end => output.event('epoch', { ...end, epochs }), stop: () => {} };
  const block = createBlock(epochs, name);
  if (block) return block;
  const every = Math.ceil(epochs / 15);
  const isShown = (epoch: number) => epoch === 1 || epoch === epochs || epoch % every === 0;
  return {
    epoch: end => {
      if (isShown(end.epoch))
        output.say(`epoch ${String(end.epoch).padStart(String(epochs).length)}/${epochs}  ${figuresOf(end, name)}`);
    },
    stop: () => {},
  };
}

/** The block of lines, where there is a terminal for it. */
export function createBlock(epochs: number, name: string): Progress | undefined {
  if (!process.stdout.isTTY || !Block.isPossible) return undefined;
  const course = new Course(epochs, name);
  const block = new Block(columns => course.lines(columns));
  return {
    epoch: end => {
      course.add(end);
      block.update();
    },
    stop: () => {
      course.end();
      block.stop();
    },
  };
}

function figuresOf({ loss, accuracy, valLoss, valAccuracy, samplesPerSecond }: EpochEvent, name: string): string {
  const parts = [`loss ${loss.toPrecision(4)}`];
  if (valLoss !== undefined) parts.push(`${name} loss ${valLoss.toPrecision(4)}`);
  const shown = valAccuracy ?? accuracy;
  if (shown !== undefined) parts.push(`accuracy ${percent(shown)}`);
  parts.push(`${grouped(Math.round(samplesPerSecond))} rows/s`);
  return parts.join('  ');
}

/** Epochs over which the time of one is taken, for what is left. */
const RECENT = 20;
/** Epochs that a loss lies above its lowest before that is said: it wavers from one to the next. */
const RISEN = 5;

/** How a training went until now, in a few lines: how far, how fast, both losses over time, the best epoch. */
export class Course {
  readonly #epochs: number;
  readonly #name: string;
  readonly #losses: number[] = [];
  readonly #others: number[] = [];
  readonly #seconds: number[] = [];
  #last: EpochEvent | undefined;
  #isOver = false;

  constructor(epochs: number, name: string) {
    this.#epochs = epochs;
    this.#name = name;
  }

  add(end: EpochEvent): void {
    this.#last = end;
    this.#losses.push(end.loss);
    if (end.valLoss !== undefined) this.#others.push(end.valLoss);
    this.#seconds.push(end.seconds);
  }

  /** From now on there is nothing left. */
  end(): void {
    this.#isOver = true;
  }

  lines(columns: number): string[] {
    const last = this.#last;
    if (last === undefined) return [];
    const { dim, green } = pc.createColors(pc.isColorSupported);
    const label = `${this.#name} loss`;
    const accuracy = last.valAccuracy ?? last.accuracy;
    const right = accuracy === undefined ? '' : `accuracy ${percent(accuracy)}`;
    // What is beside a curve: two blanks each, its name, the loss in 9 columns, and behind it the accuracy.
    const room = Math.min(columns - label.length - 13 - (right === '' ? 0 : right.length + 2), 60);
    const scale = scaleOf([...this.#losses, ...this.#others]);
    const curve = (name: string, values: readonly number[]) =>
      `${name.padEnd(label.length)}  ${shortLoss(values.at(-1) ?? 0).padEnd(9)}  ${sparkline(values, room, scale)}`;
    const lines = [this.#how(last, columns, text => green(text), dim), curve('loss', this.#losses)];
    if (this.#others.length === 0) {
      lines[1] += `  ${right}`;
      return lines;
    }
    lines.push(`${curve(label, this.#others)}  ${right}`);
    const best = this.#others.reduce((best, loss, i, all) => (loss < (all[best] ?? Infinity) ? i : best), 0);
    const risen = this.#others.length - 1 - best >= RISEN ? `; ${label} has risen since epoch ${best + 1}` : '';
    lines.push(`best epoch ${best + 1}: ${label} ${shortLoss(this.#others[best] ?? 0)}${risen}`);
    return lines;
  }

  /** `epoch 37/300 ████░░░░ 12%  12,345 rows/s  14 s left`. */
  #how(last: EpochEvent, columns: number, full: (text: string) => string, empty: (text: string) => string): string {
    const done = this.#losses.length;
    const sum = (seconds: readonly number[]) => seconds.reduce((all, value) => all + value, 0);
    const recent = this.#seconds.slice(-RECENT);
    const left = (sum(recent) / recent.length) * (this.#epochs - done);
    const time = this.#isOver ? `took ${duration(sum(this.#seconds))}` : `${duration(left)} left`;
    const start = `epoch ${String(done).padStart(String(this.#epochs).length)}/${this.#epochs}`;
    const end = [
      percent(done / this.#epochs).padStart(6),
      `${grouped(Math.round(last.samplesPerSecond))} rows/s`,
      time,
    ].join('  ');
    const size = Math.max(Math.min(columns - shownWidth(start) - shownWidth(end) - 4, 40), 5);
    const filled = Math.round((done / this.#epochs) * size);
    return `${start}  ${full('█'.repeat(filled))}${empty('░'.repeat(size - filled))}  ${end}`;
  }
}

const STEPS = '▁▂▃▄▅▆▇█';

/** Where losses lie between the least and the most of them: on a logarithmic scale where all are above 0. */
export function scaleOf(values: readonly number[]): (value: number) => number {
  const finite = values.filter(Number.isFinite);
  const transform = finite.every(value => value > 0) ? Math.log : (value: number) => value;
  const places = finite.map(transform);
  const least = places.reduce((a, b) => Math.min(a, b), Infinity);
  const most = places.reduce((a, b) => Math.max(a, b), -Infinity);
  return value => (most > least ? (transform(value) - least) / (most - least) : 0);
}

/** Values as a row of bars, the mean of some in each where there are more than `columns`. */
export function sparkline(values: readonly number[], columns: number, scale: (value: number) => number): string {
  const cells = Math.max(1, Math.min(columns, values.length));
  return Array.from({ length: cells }, (_, cell) => {
    const some = values.slice(
      Math.floor((cell * values.length) / cells),
      Math.floor(((cell + 1) * values.length) / cells),
    );
    const mean = some.reduce((sum, value) => sum + scale(value), 0) / some.length;
    // What is no number stands above all.
    return STEPS[Number.isNaN(mean) ? 7 : Math.min(Math.max(Math.floor(mean * 8), 0), 7)];
  }).join('');
}

function shortLoss(loss: number): string {
  return loss.toPrecision(4);
}

/** `under 1 s`, `8 s`, `2 min 5 s`, `1 h 12 min`. */
export function duration(seconds: number): string {
  if (seconds < 1) return 'under 1 s';
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.round((whole % 3600) / 60)} min`;
}

/**
 * What is shown while benchmarks run, on standard error: one line that changes on a terminal, a line a case elsewhere.
 */
export interface BenchProgress {
  update(what: string, done: number, of: number): void;
  stop(): void;
}

export function createBenchProgress(): BenchProgress {
  if (!Block.isPossible) {
    return {
      update: (what, done, of) => void process.stderr.write(`${done + 1}/${of}  ${what}\n`),
      stop: () => {},
    };
  }
  let line = '';
  const block = new Block(() => [line]);
  return {
    update(what, done, of) {
      const filled = Math.round((done / of) * 20);
      line = `${'█'.repeat(filled)}${'░'.repeat(20 - filled)} ${done}/${of}  ${what}`;
      block.update();
    },
    stop: () => block.stop(false),
  };
}
