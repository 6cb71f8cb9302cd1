/**
 * Contests between programs that train the same network, each in a process of its own, in any language.
 *
 * A contestant is started with a folder that holds `task.json` ({@link Task}), `x.f32` and `y.i32` (the rows and their labels), `orders.i32` (for each epoch the order
 * in which it takes the rows) and `parameters.f32` (weights and biases to begin with, layer by layer, row-major). It prints a line of JSON, `{ "name": … }`, and then answers each line it is sent:
 * `epoch` with `{ "seconds": …, "cost": … }`, the mean of the batches' costs before their updates; `predict` with `{ "seconds": … }`, the time that one row takes.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export interface Task {
  /** Inputs, hidden layers of rectifiers, classes. */
  readonly widths: readonly number[];
  readonly batchSize: number;
  readonly rows: number;
  /** Of Adam; what else it is set to is PyTorch's default. */
  readonly learningRate: number;
}

export interface Epoch {
  readonly seconds: number;
  readonly cost: number;
}

/** What a contestant is given. */
export interface Given extends Task {
  readonly x: Float32Array<ArrayBuffer>;
  readonly y: Int32Array<ArrayBuffer>;
  /** The rows' order in an epoch, counted from 0. */
  order(epoch: number): Int32Array<ArrayBuffer>;
  /** Weights [inputs, outputs] and biases, layer by layer. */
  readonly parameters: readonly Float32Array<ArrayBuffer>[];
}

/** One who takes part. */
export interface Contestant {
  readonly name: string;
  epoch(): Promise<Epoch> | Epoch;
  /** Some predictions of one row; returns how many. */
  predict?(): number;
}

/** Reads what the folder on the command line holds. */
export function readGiven(folder = process.argv[2] ?? ''): Given {
  const bytes = (name: string) => new Uint8Array(readFileSync(`${folder}/${name}`)).buffer;
  const task = JSON.parse(readFileSync(`${folder}/task.json`, 'utf8')) as Task;
  const all = new Float32Array(bytes('parameters.f32'));
  const parameters: Float32Array<ArrayBuffer>[] = [];
  let start = 0;
  for (const [layer, outputs] of task.widths.slice(1).entries()) {
    for (const length of [(task.widths[layer] ?? 0) * outputs, outputs]) {
      parameters.push(all.slice(start, start + length));
      start += length;
    }
  }
  const orders = new Int32Array(bytes('orders.i32'));
  return {
    ...task,
    x: new Float32Array(bytes('x.f32')),
    y: new Int32Array(bytes('y.i32')),
    order: epoch => orders.subarray(epoch * task.rows, (epoch + 1) * task.rows),
    parameters,
  };
}

/** Seconds of predictions that one answer rests on. */
const PREDICTING = 0.01;

/** Answers until there are no more questions. */
export async function takePart({ name, epoch, predict }: Contestant): Promise<void> {
  const say = (answer: object) => console.log(JSON.stringify(answer));
  say({ name });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'epoch') say(await epoch());
    else if (line === 'predict' && predict) say({ seconds: timed(predict) });
    else throw new RangeError(`${name}: expected 'epoch' or 'predict', got '${line}'`);
  }
}

/** The time per piece of some work that says how many pieces it did, over many of them. */
function timed(work: () => number): number {
  const start = performance.now();
  let pieces = 0;
  let now = start;
  while (now - start < PREDICTING * 1e3) {
    pieces += work();
    now = performance.now();
  }
  return (now - start) / 1e3 / pieces;
}
