/** What a network's work comes to: multiply-adds of its products, and bytes that its operations read and write. */
import {
  type Architecture,
  endingOf,
  fitLoss,
  opName,
  type Plan,
  type PlannedRecord,
  planPrediction,
  planTraining,
  RECORD_BYTES,
  RecurrentKind,
  Region,
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

/** The records of a section, in the plan's order. */
export function recordsOf(plan: Plan, section: string): readonly PlannedRecord[] {
  const { first, last } = plan.sections.get(section) ?? { first: 0, last: 0 };
  const start = plan.region('records').address;
  return plan.records.slice((first - start) / RECORD_BYTES, (last - start) / RECORD_BYTES);
}

/**
 * Multiply-adds of each record, where it is a matrix product: the work of others is bound by memory, or by what they
 * compute for each number. Those that a definition asks for are counted, and not what a way to compute them adds: a
 * convolution's gradients, whose windows have gaps or reach beyond the image, as its forward product.
 */
export function multiplyAddsOf(records: readonly PlannedRecord[], rows: number): readonly number[] {
  const fewest = new Map<string, number>();
  for (const { op, owner, positions } of records) {
    if (WINDOWS.test(opName(op))) fewest.set(owner, Math.min(positions, fewest.get(owner) ?? positions));
  }
  return records.map(({ op, owner, fields, positions }) => {
    const name = opName(op);
    const numbers = fields as Readonly<Record<string, number>>;
    const { taps = 1, channels = 0, outputs = 0, multiplier = 0, units = 0, kind } = numbers;
    if (WINDOWS.test(name)) {
      return rows * (fewest.get(owner) ?? 0) * taps * channels * (/^depthwise/.test(name) ? multiplier : outputs);
    }
    if (/^recurrent/.test(name)) return rows * positions * GATES[kind as RecurrentKind] * units * units;
    return /^(dense|attention)/.test(name) ? op.work(numbers, rows * positions) : 0;
  });
}

const WINDOWS = /^(convolution|depthwise)/;
/** How many products with the state before a step has. */
const GATES = {
  [RecurrentKind.simple]: 1,
  [RecurrentKind.lstm]: 4,
  [RecurrentKind.gruAfter]: 3,
  [RecurrentKind.gruBefore]: 3,
} satisfies Record<RecurrentKind, number>;

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
