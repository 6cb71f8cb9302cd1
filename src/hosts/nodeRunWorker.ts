/** A worker of node:worker_threads that carries out whole runs, one after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { Model } from '../entries/node.js';
import { TableModel } from '../entries/tabular.node.js';
import { type JudgedData, type JudgedRun, trainAndJudge } from '../search/judged.js';
import type { JobKind } from '../search/runs.js';
import { tablePerformer } from '../tabular/performer.js';

export type FromRunWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly value: unknown }
  /** `about` is what else is told beside an error's message. */
  | { readonly kind: 'failed'; readonly error: unknown; readonly about: object };

const { kind, common } = workerData as { kind: JobKind; common: unknown };
const create = (...given: Parameters<typeof Model.create>) => Model.create(...given);
const perform =
  kind === 'table'
    ? tablePerformer(TableModel, common)
    : (job: unknown) => trainAndJudge(create, common as JudgedData, job as JudgedRun);
const reply = (message: FromRunWorker) => parentPort?.postMessage(message);

parentPort?.on('message', async (job: unknown) => {
  try {
    reply({ kind: 'done', value: await perform(job) });
  } catch (error) {
    const { problems } = error as { problems?: readonly string[] };
    reply({ kind: 'failed', error, about: problems ? { problems } : {} });
  }
});
reply({ kind: 'ready' });
