/**
 * What contestants are asked and what they answer: programs that do the same work, each a process of its own, in any
 * language.
 *
 * A contestant is started and prints a line of JSON, {@link Hello}. It then answers each line of JSON that it is sent,
 * {@link Question}, with one of its own: `prepare` names a task and the folder of its numbers, `run` does a round of a
 * task that was prepared, `drop` forgets it.
 */
import { createInterface } from 'node:readline';

/** A chain of fully connected layers, which is what every peer has. */
export interface Chain {
  /** Inputs, then the units of each layer. */
  readonly widths: readonly number[];
  /** Of each layer. */
  readonly activations: readonly string[];
}

/**
 * Training or predicting; the folder holds `x.f32`, `y.i32` or `y.f32`, `parameters.f32` and, for each epoch,
 * `orders.i32`.
 */
export interface NetworkTask {
  readonly kind: 'training' | 'inference';
  readonly folder: string;
  /** The architecture as JSON; and as a chain where it is one. */
  readonly architecture: string;
  readonly chain?: Chain;
  /** What `parameters.f32` holds, one behind the other. */
  readonly parameters: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly loss: 'sparseCategoricalCrossEntropy' | 'binaryCrossEntropy' | 'meanSquaredError';
  readonly optimizer: 'adam' | 'sgd';
  readonly learningRate: number;
  readonly batchSize: number;
  /** Rows of an epoch, or of all predictions together. */
  readonly rows: number;
}

/** y[rows, outputs] = x[rows, inputs] · w[inputs, outputs] and its gradients; the numbers are `factor`'s. */
export interface ProductTask {
  readonly kind: 'product';
  readonly way: 'forward' | 'inputGradient' | 'weightGradient';
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
}

/** One of myelin's own operations, or a part of its training step. */
export interface OwnTask {
  readonly kind: 'operation' | 'part';
  readonly name: string;
  readonly architecture?: string;
  readonly batchSize?: number;
}

export type Task = NetworkTask | ProductTask | OwnTask;

/** The number at a place of a factor of a product: multiples of 1/8, so that small sums are exact in every order. */
export function factor(place: number): number {
  return (((place * 37) % 17) - 8) / 8;
}

/** What a contestant says of itself first; `absent` where it cannot take part here, and how that is mended. */
export interface Hello {
  readonly name?: string;
  readonly version?: string;
  readonly absent?: string;
  /** From importing the library on. */
  readonly seconds?: number;
}

export interface Question {
  readonly ask: 'prepare' | 'run' | 'drop';
  /** The task's number, by which the other questions name it. */
  readonly id: number;
  readonly task?: Task;
}

/** The answer to `prepare`. */
export interface Ready {
  /** Why it cannot do this at all. */
  readonly unable?: string;
  /** Why its figures do not compare, and what it does instead. */
  readonly notComparable?: string;
  /** Some of what it computes, by which it is seen to compute the same. */
  readonly output?: readonly number[];
  /** What it took, with the first output. */
  readonly seconds?: number;
  /** What went wrong. */
  readonly error?: string;
}

/**
 * The answer to `run`: pieces of work, seconds of the clock and of processors, and of training the epoch's mean cost.
 */
export interface Round {
  readonly pieces: number;
  readonly seconds: number;
  readonly cpuSeconds?: number;
  readonly cost?: number;
  readonly error?: string;
}

/** A task that a contestant is ready to do. */
export interface Prepared extends Pick<Ready, 'notComparable' | 'output'> {
  /** Does some of it; returns how many pieces: rows, multiply-adds, numbers or steps. */
  run(): number | Promise<number>;
  /** Gets back, before the clock runs, what went to sleep while others had their turns. */
  wake?(): Promise<void>;
  /** The mean cost of the epoch that ran last. */
  cost?(): number;
  drop?(): void;
}

/** A library that takes part. */
export interface Library {
  readonly name: string;
  readonly version: string;
  prepare(task: Task): Prepared | Promise<Prepared>;
}

/** Thrown where a library does not have what a task asks for. */
export class Unable extends Error {}
/** Thrown where a library is not installed; the message says how it is. */
export class Absent extends Error {}

/** Seconds that a round of anything but training takes at least: an epoch is a round however long. */
const ROUND = 0.01;

/** Answers questions on standard input until there are no more. */
export async function takePart(open: () => Promise<Library>): Promise<void> {
  const say = (answer: object) => process.stdout.write(`${JSON.stringify(answer)}\n`);
  // Ctrl-C is for the benchmark, which then asks no more.
  process.on?.('SIGINT', () => {});
  let library: Library;
  const opening = performance.now();
  const since = (start: number) => (performance.now() - start) / 1e3;
  try {
    library = await open();
  } catch (error) {
    if (!(error instanceof Absent)) throw error;
    say({ absent: error.message } satisfies Hello);
    return;
  }
  say({ name: library.name, version: library.version, seconds: since(opening) } satisfies Hello);
  const tasks = new Map<number, { prepared: Prepared; whole: boolean }>();
  for await (const line of createInterface({ input: process.stdin })) {
    const { ask, id, task } = JSON.parse(line) as Question;
    try {
      if (ask === 'prepare' && task) {
        const start = performance.now();
        const prepared = await library.prepare(task);
        const seconds = since(start);
        tasks.set(id, { prepared, whole: task.kind === 'training' });
        const { notComparable, output } = prepared;
        // JSON leaves out what is undefined.
        say({ seconds, notComparable, output: output && [...output] });
      } else if (ask === 'run') {
        const { prepared, whole = true } = tasks.get(id) ?? {};
        if (prepared) say(await timed(prepared, whole ? 0 : ROUND));
      } else {
        tasks.get(id)?.prepared.drop?.();
        tasks.delete(id);
        say({});
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      say(error instanceof Unable ? { unable: message } : { error: message });
    }
  }
}

async function timed(prepared: Prepared, least: number): Promise<Round> {
  await prepared.wake?.();
  const cpu = process.cpuUsage?.();
  const start = performance.now();
  let pieces = 0;
  let seconds = 0;
  do {
    const done = prepared.run();
    pieces += done instanceof Promise ? await done : done;
    seconds = (performance.now() - start) / 1e3;
  } while (seconds < least);
  const used = cpu && process.cpuUsage(cpu);
  const cost = prepared.cost?.();
  const cpuSeconds = used && (used.user + used.system) / 1e6;
  return {
    pieces,
    seconds,
    ...(cpuSeconds === undefined ? {} : { cpuSeconds }),
    ...(cost === undefined ? {} : { cost }),
  };
}
