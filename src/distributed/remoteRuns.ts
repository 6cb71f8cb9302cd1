/** Folds and trials on a cluster's workers: the runs of `crossValidate` and `search`. */
import { randomUUID } from 'node:crypto';
import { type Architecture, inputsOf } from '../architecture.js';
import { quote, wrongValue } from '../errors.js';
import type { Signal } from '../platform.js';
import type { JudgedRun } from '../search/judged.js';
import type { RunsOf } from '../search/runs.js';
import type { TrainingData } from '../trainingOptions.js';
import { VERSION } from '../version.js';
import type { Coordinator, Done, Wanted } from './coordinator.js';
import { type JudgeResult, type RowsResult, taskKey } from './jobs.js';
import { plainData } from './plain.js';
import { hashOf } from './tensors.js';

/** A cluster's coordinator, once it is needed. */
type Open = () => Promise<Coordinator>;

/**
 * Reads what a coordinator has to know of a reader's rows: how many there are, and the class of each where they have
 * some.
 */
export function rowsOf(open: Open, reader: string, signal: Signal | undefined) {
  return async (architecture: Architecture) => readRows(await open(), reader, architecture, signal);
}

async function readRows(
  coordinator: Coordinator,
  reader: string,
  architecture: Architecture,
  signal: Signal | undefined,
): Promise<TrainingData> {
  const wanted = wantedOf(`rows-${randomUUID()}`, 'rows', 0);
  const task = { reader, architecture };
  try {
    const { results } = await coordinator.done([wanted], () => coordinator.give(wanted, task), signal);
    const [{ result, bytes } = { result: {}, bytes: new Uint8Array() }] = results;
    const { rows, hash } = result as RowsResult;
    const list = Array.from({ length: rows }, (_, row) => [row]);
    const isWhole = hashOf(bytes) === hash && bytes.length === 4 * rows;
    if (hash !== undefined && !isWhole)
      throw wrongValue(`reader ${quote(reader)}`, 'the classes that it gave', 'others');
    const y = isWhole ? new Int32Array(Uint8Array.from(bytes).buffer) : list;
    const [first] = inputsOf(architecture);
    return { x: first?.name === undefined ? list : { [first.name]: list }, y } as TrainingData;
  } finally {
    await coordinator.clear([wanted]).catch(() => {});
  }
}

function wantedOf(run: string, kind: 'rows' | 'judge', task: number): Wanted {
  return { id: `${run}-${task}`, data: { kind, version: VERSION, run, needs: taskKey(run, task) } };
}

/** Carries runs out on a cluster, whose workers have the reader. */
export function remoteRuns(connect: Open, reader: string): RunsOf {
  return options => {
    const run = `runs-${randomUUID()}`;
    let given = 0;
    const open: Wanted[] = [];
    return {
      async *inOrder(jobs) {
        const coordinator = await connect();
        const { signal, common } = options;
        const { rows } = common as { rows: number };
        const tasks = jobs.map(job => {
          const { architecture, seed, fit, metrics, train, test } = job as unknown as JudgedRun;
          const told = { architecture: JSON.parse(JSON.stringify(architecture)), seed, fit, metrics };
          const plain = plainData('fit', told) as object;
          return {
            wanted: wantedOf(run, 'judge', given++),
            task: { reader, rows, ...plain, train: [...Array.from(train)], test: [...Array.from(test)] },
          };
        });
        const wanted = tasks.map(({ wanted }) => wanted);
        open.push(...wanted);
        const give = async (which: readonly Wanted[]) => {
          for (const { wanted, task } of tasks) if (which.includes(wanted)) await coordinator.give(wanted, task);
        };
        const heard: ((done: Done) => void)[] = [];
        const coming = jobs.map(
          (_, index) =>
            new Promise<Done>(resolve => {
              heard[index] = resolve;
            }),
        );
        const all = coordinator.done(wanted, give, signal, (done, index) => heard[index]?.(done));
        const failed = all.then(() => new Promise<never>(() => {}));
        for (const each of coming) {
          const { result } = await Promise.race([each, failed]);
          yield (result as JudgeResult).scores as never;
        }
      },
      async close() {
        if (open.length === 0) return;
        const coordinator = await connect();
        await coordinator.leave(open).catch(() => {});
        await coordinator.clear(open).catch(() => {});
      },
    };
  };
}
