/** What a network's work comes to: multiply-adds of its products, and bytes that its operations read and write. */
import {
  type Architecture,
  endingOf,
  fitLoss,
  multiplyAddsOf,
  type Plan,
  type PlannedRecord,
  planPrediction,
  planTraining,
  Region,
  recordsOf,
  resolveLoss,
  resolveOptimizer,
} from '../entries/inside.js';
import type { NetworkTask } from './contest.js';

/** What a row takes. */
export interface Work {
  readonly multiplyAdds: number;
  readonly bytes: number;
  /** Of everything that is touched again and again. */
  readonly footprint: number;
}

/** What it takes to predict or to train on one row, in batches of so many. */
export function workOf(
  architecture: Architecture,
  { kind, loss, optimizer, batchSize }: Pick<NetworkTask, 'kind' | 'loss' | 'optimizer' | 'batchSize'>,
): Work {
  if (kind === 'inference') {
    const { plan } = planPrediction(architecture, batchSize, false);
    return sumOf(plan, 'predict', batchSize);
  }
  const fitted = fitLoss(resolveLoss('bench', loss), endingOf(architecture));
  const { plan } = planTraining(architecture, batchSize, {
    goals: [{ loss: fitted, weight: 1, accuracy: false }],
    optimizer: resolveOptimizer('bench', optimizer),
    paired: false,
  });
  return sumOf(plan, 'step', batchSize);
}

function sumOf(plan: Plan, section: string, rows: number): Work {
  const records = recordsOf(plan, section);
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  return {
    multiplyAdds: sum(multiplyAddsOf(records, rows)) / rows,
    bytes: sum(records.map(bytesOf)) / rows,
    footprint: plan.end,
  };
}

/** Each region that a record names once; what an update changes in place is read and written. */
export function bytesOf({ op, fields }: PlannedRecord): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(fields)) {
    if (!(value instanceof Region) || name === 'scratch') continue;
    const inPlace = 'gradients' in op.fields && name !== 'gradients';
    bytes += value.bytes * (inPlace ? 2 : 1);
  }
  return bytes;
}
