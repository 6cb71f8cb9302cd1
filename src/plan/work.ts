/** What a network's products come to: for summaries, and for shares of the peak in benchmarks. */
import type { Plan, PlannedRecord } from './builder.js';
import { Region } from './memory.js';
import { GradientWay, RecurrentKind } from './opcodes.js';
import { opName } from './ops/op.js';
import { panelBytes } from './panels.js';
import { RECORD_BYTES } from './record.js';

/** The records of a section, in the plan's order. */
export function recordsOf(plan: Plan, section: string): readonly PlannedRecord[] {
  const { first, last } = plan.sections.get(section) ?? { first: 0, last: 0 };
  const start = plan.region('records').address;
  return plan.records.slice((first - start) / RECORD_BYTES, (last - start) / RECORD_BYTES);
}

/**
 * Multiply-adds of each record, where it is a matrix product: the work of others is bound by memory, or by what they
 * compute for each number. Those that a definition asks for are counted, and not what a way to compute them adds: a
 * convolution's gradients, whose windows have gaps or reach beyond the image, as its forward product. `rows` are those
 * that the plan has room for.
 */
export function multiplyAddsOf(records: readonly PlannedRecord[], rows: number): readonly number[] {
  const fewest = new Map<string, number>();
  for (const { op, owner, positions, fields } of records) {
    if (!WINDOWS.test(opName(op))) continue;
    // Windows lie on dx, a position of dy each: where a transposed convolution predicts, nothing else tells of them.
    const { dy, outputs, channels, way } = fields;
    const columns = way === GradientWay.around ? channels : outputs;
    const isKnown = dy instanceof Region && typeof columns === 'number';
    const windows = isKnown ? dy.bytes / panelBytes(rows, columns) : positions;
    fewest.set(owner, Math.min(positions, windows, fewest.get(owner) ?? positions));
  }
  return records.map(({ op, owner, fields, positions }) => {
    const name = opName(op);
    const numbers = fields as Readonly<Record<string, number>>;
    const { taps = 1, channels = 0, outputs = 0, multiplier = 0, units = 0, kind } = numbers;
    if (WINDOWS.test(name)) {
      return rows * (fewest.get(owner) ?? 0) * taps * channels * (/^depthwise/.test(name) ? multiplier : outputs);
    }
    if (/^recurrent/.test(name)) return rows * positions * GATES[kind as RecurrentKind] * units * units;
    if (name === 'attention') {
      const { heads = 0, queries = 0, keys = 0, columns = 0 } = numbers;
      return rows * heads * queries * keys * columns;
    }
    return /^dense/.test(name) ? op.work(numbers, rows * positions) : 0;
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
