/**
 * Where the planner lets threads go on without waiting, they may run in any order. Here they do: the machine is built
 * without its barrier, and from one barrier of the plan to the next each thread carries out its part by itself, once
 * the first thread first and once the last. Of any two records that two threads carry out in between, one order or the
 * other turns the pair around, so that a read or write too early shows in the bits.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { instantiateSync } from '@assemblyscript/loader';
import asc from 'assemblyscript/asc';
import { describe, expect, it } from 'vitest';
import { dense } from '../../src/entries/node.js';
import { resolveOptimizer } from '../../src/optimizers/index.js';
import type { Plan } from '../../src/plan/builder.js';
import { opName } from '../../src/plan/ops/op.js';
import { RECORD_BYTES } from '../../src/plan/record.js';
import { type MachineExports, Program } from '../../src/runtime/program.js';
import { makeRoom } from '../../src/runtime/staging.js';
import { numberAt } from '../../src/sums.js';
import { planTraining } from '../../src/training.js';
import { numbers } from '../reference/data.js';
import { allCases, architectureOf, type Case, cases, goalsOf, residual, rowsOf } from './cases.js';

const CONTROLS_BYTES = 512;
const STEPS = 4;

interface Alone extends MachineExports {
  carryOutAlone(first: number, last: number): number;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The machine with a barrier that nobody waits at, and a way to carry out one thread's part alone. */
async function compileAlone(): Promise<WebAssembly.Module> {
  const sources: Record<string, string> = {
    'assembly/alone.ts': `export { initialize, run } from './index'; export { carryOutAlone } from './run';`,
    'assembly/barrier.ts': 'export function barrier(parties: i32): bool { return parties > 0; }',
    'assembly/run.ts': `${await readFile(`${root}assembly/run.ts`, 'utf8')}
      export function carryOutAlone(first: usize, last: usize): i32 { return carryOut(first, last, 1); }`,
  };
  let bytes = new Uint8Array();
  const options = ['--config', 'asconfig.json', '--target', 'simd-threads', '--outFile', 'alone.wasm'];
  const { error, stderr } = await asc.main(['assembly/alone.ts', ...options, '--baseDir', root], {
    readFile: (name, base) => sources[name] ?? readFile(`${base}/${name}`, 'utf8').catch(() => null),
    writeFile(_, contents) {
      if (contents instanceof Uint8Array) bytes = new Uint8Array(contents);
    },
  });
  if (error) throw new Error(stderr.toString(), { cause: error });
  return WebAssembly.compile(bytes);
}

const module = await compileAlone();

/** The plan of a case for so many threads. */
function planOf(each: Case, threads: number): Plan {
  const optimizer = resolveOptimizer('test', each.optimizer);
  const judgement = {
    goals: goalsOf(each),
    optimizer,
    paired: false,
    threads,
  };
  return planTraining(architectureOf(each), each.batchSize, judgement).plan;
}

/** A program at the beginning of an epoch of three batches and a shorter one. */
function begin(each: Case, plan: Plan): Program {
  const samples = 3 * each.batchSize + Math.ceil(each.batchSize / 2);
  const { x, y: targets } = rowsOf(each, samples, 3);
  const program = new Program(module, plan, true);
  const bytes = { sample: (x.length / samples) * 4, target: (targets.length / samples) * 4 };
  const places = makeRoom(program, samples, bytes);
  const { buffer } = program.memory;
  new Float32Array(buffer, places.x, x.length).set(x);
  if (targets instanceof Int32Array) new Int32Array(buffer, places.y, targets.length).set(targets);
  else new Float32Array(buffer, places.y, targets.length).set(targets);
  for (const { data, rows: height, columns, trainable } of plan.parameters) {
    // Only whole panels: what lies beyond the columns must stay 0. No moving variance is below it.
    const values = numbers(height * columns, columns).map(value => (trainable ? value : Math.abs(value)));
    for (let i = 0; i < values.length; i++) {
      const [row, column] = [Math.floor(i / columns), i % columns];
      program.floats(data)[(Math.floor(column / 16) * height + row) * 16 + (column % 16)] = (values[i] ?? 0) * 0.3;
    }
  }
  for (const [name, value] of [
    ['x', places.x],
    ['y', places.y],
    ['scale', 1],
    ['samples', samples],
    ['batchSize', each.batchSize],
    ['learningRate', 0.01],
    ['seedLow', 5],
  ] as const) {
    program.controls[name] = value;
  }
  return program;
}

/** Everything that training leaves. */
function resultOf(program: Program) {
  const parameters = program.floats(program.plan.parameterRegion).slice();
  const tallies = program.plan.regions.filter(({ name }) => /^(cost|right answers) of /.test(name));
  const [cost, correct] = [program.controls.costSum, program.controls.correct];
  return { parameters, cost, correct, tallies: tallies.map(region => numberAt(program, region)[0]) };
}

type SectionName = 'step' | 'evaluate';

function runAlone(each: Case, section: SectionName) {
  const program = begin(each, planOf(each, 1));
  expect(program.run(section, STEPS)).toBe(STEPS);
  return resultOf(program);
}

/** The order in which threads take their turn between barriers. */
type Order = 'first thread first' | 'last thread first';

/** A machine for each thread of a program that is at its beginning. */
function machinesOf({ memory, plan }: Program, threads: number): Alone[] {
  const blocks = new Uint8Array(memory.buffer, plan.controls.address, threads * CONTROLS_BYTES);
  return Array.from({ length: threads }, (_, part) => {
    blocks.copyWithin(part * CONTROLS_BYTES, 0, CONTROLS_BYTES);
    const env = { memory, part, parts: threads };
    return instantiateSync<Alone>(module, { env }).exports;
  });
}

/** Runs with threads that wait for one another at the plan's barriers, but not at the record `without`. */
function runInTurns(each: Case, section: SectionName, threads: number, order: Order, without?: number) {
  const plan = planOf(each, threads);
  const program = begin(each, plan);
  const machines = machinesOf(program, threads);
  if (order === 'last thread first') machines.reverse();
  const { first, last } = program.section(section);
  let since: number[] = [];
  const catchUp = () => {
    for (const machine of machines) for (const at of since) machine.carryOutAlone(at, at + RECORD_BYTES);
    since = [];
  };
  for (let step = 0; step < STEPS; step++) {
    for (let at = first; at < last; at += RECORD_BYTES) {
      const record = (at - plan.region('records').address) / RECORD_BYTES;
      if (plan.barriers[record] && record !== without) catchUp();
      since.push(at);
    }
  }
  catchUp();
  return resultOf(program);
}

const orders: readonly Order[] = ['first thread first', 'last thread first'];

describe('between barriers threads may run in any order', () => {
  it.each(allCases)('$name', each => {
    for (const section of ['step', 'evaluate'] as const) {
      const want = runAlone(each, section);
      for (const threads of [2, 3, 7]) {
        for (const order of orders) {
          expect(runInTurns(each, section, threads, order), `${section}, ${threads} threads, ${order}`).toEqual(want);
        }
      }
    }
  });
});

/** The records of a step before which threads wait. */
function barriersOf(each: Case): number[] {
  const plan = planOf(each, 3);
  const { first, last } = begin(each, plan).section('step');
  const numberOf = (address: number) => (address - plan.region('records').address) / RECORD_BYTES;
  return plan.records
    .map((_, record) => record)
    .slice(numberOf(first), numberOf(last))
    .filter(record => plan.barriers[record]);
}

describe('without any one of its barriers a step gives other bits', () => {
  const names = ['optimizer nesterov', 'activation softmax', 'loss categoricalCrossEntropy', 'five layers'];
  it.each(cases.filter(({ name }) => names.includes(name)))('$name', each => {
    const want = runAlone(each, 'step');
    for (const record of barriersOf(each)) {
      const results = orders.map(order => runInTurns(each, 'step', 3, order, record));
      expect(results, `record ${record}`).not.toEqual([want, want]);
    }
  });
});

describe('barriers in a step', () => {
  it.each([
    [2, 3],
    [3, 4],
    [4, 5],
  ])('of %i layers: %i', (layers, count) => {
    const hidden = Array.from({ length: layers - 1 }, () => dense(128, { activation: 'relu' }));
    const [each] = cases;
    if (!each) throw new Error('no cases');
    const output = dense(10, { activation: 'softmax' });
    expect(barriersOf({ ...each, inputs: [784], layers: [...hidden, output] })).toHaveLength(count);
  });
});

it('each of two threads has something to do with every value of an image that lies in one panel', () => {
  const [some] = cases;
  if (!some) throw new Error('no cases');
  const each: Case = { ...some, graph: residual, loss: 'sparseCategoricalCrossEntropy' };
  const plan = planOf(each, 2);
  const program = begin(each, plan);
  const machines = machinesOf(program, 2);
  const { first, last } = program.section('step');
  const bytes = Buffer.from(program.memory.buffer, plan.parameterRegion.address);
  const seen = new Set<string>();
  for (let at = first; at < last; at += RECORD_BYTES) {
    const record = plan.records[(at - plan.region('records').address) / RECORD_BYTES];
    if (!record) throw new Error(`no record at ${at}`);
    const changes = machines.map(machine => {
      const before = Buffer.from(bytes);
      machine.carryOutAlone(at, at + RECORD_BYTES);
      return before.compare(bytes) !== 0;
    });
    const name = opName(record.op);
    if (!/^(activation|merge|columnNorm|columnChunks$|accumulate$)/.test(name)) continue;
    expect(changes, `${name} of ${record.owner}`).toEqual([true, true]);
    seen.add(name);
  }
  expect(seen.size).toBe(8);
});
