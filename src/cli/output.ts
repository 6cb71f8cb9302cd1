import progress from 'cli-progress';
import pc from 'picocolors';
import type { EpochEvent } from '../entries/node.js';
import { counted, grouped } from '../tabular/words.js';

/** Bold on a terminal (unless NO_COLOR is set), plain in files and pipes. */
export const { bold } = pc.createColors(pc.isColorSupported && process.stdout.isTTY === true);

/** What a command says: words for people, or one JSON object per event on its own line. */
export interface Output {
  say(text: string): void;
  event(event: string, figures: object): void;
}

export function createOutput(json = false): Output {
  return json
    ? { say: () => {}, event: (event, figures) => write(JSON.stringify({ event, ...figures })) }
    : { say: write, event: () => {} };
}

function write(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** What is shown while a network trains. */
export interface Progress {
  epoch(end: EpochEvent): void;
  stop(): void;
}

/**
 * `name` is what the rows of the second loss are called. A bar where standard error is a terminal; otherwise about
 * fifteen plain lines; with JSON an event per epoch.
 */
export function createProgress(output: Output, epochs: number, json = false, name = 'held-out'): Progress {
  if (json) return { epoch: end => output.event('epoch', { ...end, epochs }), stop: () => {} };
  if (process.stderr.isTTY) return bar(epochs, name);
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

function bar(epochs: number, name: string): Progress {
  const columns = process.stderr.columns || 80;
  const hasSpeed = columns >= 100;
  // What the figures leave, up to 30: the losses may have ten characters.
  const barsize = Math.min(Math.max(columns - (hasSpeed ? 94 : 76), 6), 30);
  const single = new progress.SingleBar({
    format: '{bar} epoch {value}/{total}  {figures}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize,
    hideCursor: true,
    // The training's own handler of Ctrl-C ends the run in order.
    gracefulExit: false,
  });
  single.start(epochs, 0, { figures: '' });
  return {
    epoch: end => single.update(end.epoch, { figures: figuresOf(end, name, hasSpeed) }),
    stop: () => single.stop(),
  };
}

function figuresOf(end: EpochEvent, name: string, hasSpeed = true): string {
  const { loss, accuracy, valLoss, valAccuracy, samplesPerSecond } = end;
  const parts = [`loss ${loss.toPrecision(4)}`];
  if (valLoss !== undefined) parts.push(`${name} loss ${valLoss.toPrecision(4)}`);
  const shown = valAccuracy ?? accuracy;
  if (shown !== undefined) parts.push(`accuracy ${percent(shown)}`);
  if (hasSpeed) parts.push(`${grouped(Math.round(samplesPerSecond))} rows/s`);
  return parts.join('  ');
}

/**
 * What is shown while benchmarks run, on standard error: one line that changes on a terminal, a line a case elsewhere.
 */
export interface BenchProgress {
  update(what: string, done: number, of: number): void;
  stop(): void;
}

export function createBenchProgress(): BenchProgress {
  if (!process.stderr.isTTY) {
    return {
      update: (what, done, of) => void process.stderr.write(`${done + 1}/${of}  ${what}\n`),
      stop: () => {},
    };
  }
  const single = new progress.SingleBar({
    format: '{bar} {value}/{total}  {what}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 20,
    hideCursor: true,
    clearOnComplete: true,
    gracefulExit: false,
  });
  return {
    update(what, done, of) {
      if (done === 0) single.start(of, 0, { what });
      else single.update(done, { what });
    },
    stop: () => single.stop(),
  };
}

/** 0.97531 as `97.5%`. */
export function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(1)}%`;
}

/** A byte count in words: `38.6 KB`. */
export function fileSize(bytes: number): string {
  if (bytes < 1000) return counted(bytes, 'byte');
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
