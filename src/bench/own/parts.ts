/** A training step and its parts, each a section of a program that has them all. */
import {
  Architecture,
  type Backend,
  endingOf,
  fitLoss,
  inputNumbers,
  multiplyAddsOf,
  opName,
  ops,
  type Plan,
  type PlannedRecord,
  Program,
  planTraining,
  RECORD_BYTES,
  Region,
  recordsOf,
  resolveLoss,
  resolveOptimizer,
} from '../../entries/inside.js';
import type { Prepared } from '../contest.js';
import { lossFor } from '../networks.js';
import { calls } from './program.js';

/** Batches that are taken, in random order, before the epoch begins again. */
const BATCHES = 64;
/** So small that weights stay as they are however often the update is measured. */
const LEARNING_RATE = 1e-9;

/**
 * Records that have to run together: the batch moves on with its rows, and what works in place is not measured on its
 * own results.
 */
function groupsOf(records: readonly PlannedRecord[]): PlannedRecord[][] {
  const groups: PlannedRecord[][] = [];
  for (const record of records) {
    const last = groups.at(-1);
    const ofBatch = last?.[0]?.op === ops.nextBatch && /^gather/.test(opName(record.op));
    if (last && (ofBatch || inPlace(record))) last.push(record);
    else groups.push([record]);
  }
  return groups;
}

function inPlace({ op, fields }: PlannedRecord): boolean {
  const same = (a: unknown, b: unknown) => a instanceof Region && b instanceof Region && a.address === b.address;
  return /^activation/.test(opName(op)) && (same(fields.x, fields.y) || same(fields.dx, fields.dy));
}

/** Records of a step that are run alone. */
export interface Section {
  readonly first: number;
  readonly last: number;
  readonly work: number;
}

/** A part of a step: its name, its multiply-adds, and where its records lie. */
export interface Part {
  readonly name: string;
  readonly multiplyAdds: number;
  readonly section: Section;
}

export const WHOLE = 'whole step';

/** A plan for training by Adam. */
export function planOf(architecture: Architecture, batchSize: number, paired: boolean): Plan {
  const loss = fitLoss(resolveLoss('bench', lossFor(architecture)), endingOf(architecture));
  const optimizer = resolveOptimizer('bench', { kind: 'adam', learningRate: LEARNING_RATE });
  return planTraining(architecture, batchSize, { goals: [{ loss, weight: 1, accuracy: false }], optimizer, paired })
    .plan;
}

/** Where the step's records lie from one place up to, not with, another. */
export function sectionOf(plan: Plan, from: number, to: number): Section {
  const { first } = plan.sections.get('step') ?? { first: 0 };
  return { first: first + from * RECORD_BYTES, last: first + to * RECORD_BYTES, work: 0 };
}

/** The parts of a network's step, in order, and last the whole; those with the same name are numbered. */
export function partsOf(architecture: Architecture, batchSize: number, paired = false): readonly Part[] {
  const plan = planOf(architecture, batchSize, paired);
  const records = recordsOf(plan, 'step');
  const multiplyAdds = multiplyAddsOf(records, batchSize);
  const sum = (from: number, to: number) => multiplyAdds.slice(from, to).reduce((total, each) => total + each, 0);
  const seen = new Map<string, number>();
  let from = 0;
  const parts = groupsOf(records).map(group => {
    const to = from + group.length;
    const title = titleOf(group);
    const count = (seen.get(title) ?? 0) + 1;
    seen.set(title, count);
    const name = count === 1 ? title : `${title} (${count})`;
    const part = { name, multiplyAdds: sum(from, to), section: sectionOf(plan, from, to) };
    from = to;
    return part;
  });
  return [...parts, { name: WHOLE, multiplyAdds: sum(0, from), section: sectionOf(plan, 0, from) }];
}

/** Operations that a layer is known by, and not the other way round. */
const NAMED = /^(dense|convolution|depthwise|recurrent|attention)/;

function titleOf(records: readonly PlannedRecord[]): string {
  return records.map(({ op, owner }) => (NAMED.test(opName(op)) ? `${opName(op)} ${owner}` : opName(op))).join(' + ');
}

/** Runs one part over and over, on random rows and labels. */
export function preparePart(backend: Backend, json: string, batchSize: number, name: string): Prepared {
  const architecture = Architecture.fromJSON(json);
  const part = partsOf(architecture, batchSize, backend.paired).find(each => each.name === name);
  if (!part) throw new Error(`a step has no part '${name}'`);
  return prepareSection(backend, architecture, [batchSize, BATCHES], () => part.section);
}

/**
 * Runs some of a step's records over and over, after a whole step on random rows and labels, of which there are so many
 * batches: a call goes through several once at most, and stays with one for as often as it takes.
 */
export function prepareSection(
  backend: Backend,
  architecture: Architecture,
  [batchSize, batches]: readonly [rows: number, count: number],
  choose: (plan: Plan) => Section,
): { run(): number } {
  const plan = planOf(architecture, batchSize, backend.paired);
  const divided: Plan = { ...plan, sections: new Map([...plan.sections, ['part', choose(plan)]]) };
  const program = new Program(backend.module, divided);
  fillParameters(program);
  const rows = batches * batchSize;
  const inputs = inputNumbers(architecture);
  const columns = Math.max(1, endingOf(architecture).columns);
  const x = program.reserve(rows * (inputs + columns + 1) * 4);
  const y = x + rows * inputs * 4;
  const order = y + rows * columns * 4;
  const floats = new Float32Array(program.memory.buffer, x, rows * inputs);
  for (let i = 0; i < floats.length; i++) floats[i] = ((i * 97) % 251) / 251;
  if (lossFor(architecture) === 'sparseCategoricalCrossEntropy') {
    const labels = new Int32Array(program.memory.buffer, y, rows);
    for (let row = 0; row < rows; row++) labels[row] = row % columns;
  } else new Float32Array(program.memory.buffer, y, rows * columns).fill(1);
  // Multiples of a prime visit every row once.
  const places = new Int32Array(program.memory.buffer, order, rows);
  for (let row = 0; row < rows; row++) places[row] = (row * 5167) % rows;
  for (const [control, value] of Object.entries({ x, y, order, samples: rows, batchSize, rows: batchSize })) {
    program.controls[control as 'x'] = value;
  }
  program.controls.learningRate = LEARNING_RATE;
  program.run('step');
  const run = calls(program, 'part', batches > 1 ? batches : undefined);
  return {
    run() {
      program.controls.position = 0;
      return run();
    },
  };
}

/** Weights as a network begins with them, roughly. */
function fillParameters(program: Program): void {
  const { parameterRegion, parameters } = program.plan;
  const floats = program.floats(parameterRegion);
  for (const { data, rows, columns } of parameters) {
    const begin = (data.address - parameterRegion.address) / 4;
    const limit = Math.sqrt(6 / (rows + columns));
    for (let i = 0; i < data.bytes / 4; i++) {
      const column = Math.floor(i / (rows * 16)) * 16 + (i % 16);
      floats[begin + i] = column < columns ? (((i * 97) % 251) / 125.5 - 1) * limit : 0;
    }
  }
}
