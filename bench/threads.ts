/**
 * What threads gain, and what limits them: the cost of a barrier, the speed-up of each op and of whole networks, and
 * how long the caller's timers wait. Rounds with one thread and with two alternate, each is short and waits until both
 * cores are free, and the best of each counts.
 *
 *     npm run build && node --import tsx bench/threads.ts [ROUNDS] [turbo]
 */
import { availableParallelism } from 'node:os';
import { adam, dense, Model, sequential } from '../src/entries/node.js';
import { nodeHost } from '../src/hosts/node.js';
import { fitLoss } from '../src/losses/index.js';
import { together } from '../src/plan/barriers.js';
import { Builder, type Plan, type PlannedRecord, type Section, type SectionKey } from '../src/plan/builder.js';
import { nextBatch } from '../src/plan/ops/batch.js';
import { opName, scalarsOf } from '../src/plan/ops/op.js';
import { update } from '../src/plan/ops/optimizer.js';
import { RECORD_BYTES } from '../src/plan/record.js';
import { chooseBackend, type Host } from '../src/runtime/binaries.js';
import { Crew } from '../src/runtime/crew.js';
import { Program } from '../src/runtime/program.js';
import { makeRoom } from '../src/runtime/staging.js';
import { findTeam, type Team } from '../src/runtime/threads.js';
import { endingOf, planTraining } from '../src/training.js';

const rounds = Number(process.argv[2] ?? 40);
const turbo = process.argv.includes('turbo');
const backend = await chooseBackend(nodeHost, { deterministic: false, turbo });
const found = await findTeam(backend, 2);
if (!found) throw new Error('this machine has no threads to measure');
const team: Team = found;

const table = (title: string, header: readonly string[], rows: readonly (readonly string[])[]) => {
  const lines = [header, header.map(() => '---'), ...rows];
  console.log(`\n## ${title}\n\n${lines.map(cells => `| ${cells.join(' | ')} |`).join('\n')}`);
};

/** Two threads that do nothing but meet. */
const MEETINGS = 1000;
const builder = new Builder(1, { paired: false, together: together(2) });
builder.section('meet', () => {
  for (let i = 0; i < MEETINGS; i++) builder.emit(nextBatch, 'none', { counts: 0 });
});
const meeting = new Program(team.module, builder.finish(), true);
const pair = await Crew.join(team.host, team.module, meeting, 2);

/** Milliseconds that the two take over as many records, meeting before each or not at all. */
async function timeMeetings(meet: boolean): Promise<number> {
  const view = new DataView(meeting.memory.buffer);
  const { first } = meeting.section('meet');
  for (let i = 0; i < MEETINGS; i++) view.setInt32(first + i * RECORD_BYTES + 8, Number(meet), true);
  const start = performance.now();
  await pair.run('meet', 4);
  return performance.now() - start;
}

let usual = Number.POSITIVE_INFINITY;

/** Waits until two threads meet as quickly as they can, which they do when both cores are free; but not for long. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 25; turn++) {
    const time = await timeMeetings(true);
    usual = Math.min(usual, time);
    if (time < 2 * usual) return;
    await new Promise(resolve => setTimeout(resolve, 4));
  }
}

/** Nanoseconds that two threads take to meet. */
async function barrierCost(): Promise<number> {
  const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let turn = 0; turn < 3 * rounds; turn++) {
    for (const on of [0, 1]) best[on] = Math.min(best[on] ?? 0, await timeMeetings(on === 1));
  }
  const [apart = 0, together = 0] = best;
  return ((together - apart) * 1e6) / (4 * MEETINGS);
}

/** The least of the milliseconds that each of several ways takes; the ways take turns. */
async function race(ways: readonly (() => Promise<void>)[], turns = rounds): Promise<number[]> {
  const best = ways.map(() => Number.POSITIVE_INFINITY);
  for (let turn = 0; turn < turns; turn++) {
    for (const [index, way] of ways.entries()) {
      await quiet();
      const start = performance.now();
      await way();
      best[index] = Math.min(best[index] ?? 0, performance.now() - start);
    }
  }
  return best;
}

interface Network {
  readonly widths: readonly number[];
  readonly batchSize: number;
}
const nameOf = ({ widths, batchSize }: Network) => `${widths.join('-')}, batch ${batchSize}`;
const large: Network = { widths: [784, 512, 256, 10], batchSize: 128 };
const middle: Network = { widths: [784, 128, 10], batchSize: 32 };

function architectureOf({ widths: [inputs = 1, ...widths] }: Network) {
  const last = widths.length - 1;
  return sequential(
    [inputs],
    widths.map((units, index) => dense(units, { activation: index === last ? 'softmax' : 'relu' })),
  );
}

function dataOf({ widths }: Network, rows: number) {
  const [inputs = 1] = widths;
  const classes = widths.at(-1) ?? 1;
  const x = Float32Array.from({ length: rows * inputs }, (_, i) => ((i * 97) % 251) / 251);
  return { x, y: Int32Array.from({ length: rows }, (_, row) => row % classes) };
}

/** Steps in a run of whole ones. */
const STEPS = 20;

/** The plan of a training step, with each op a section of its own, and what threads need to run it. */
async function stepByStep(network: Network, threads: number) {
  const { batchSize } = network;
  const architecture = architectureOf(network);
  const config = { kind: 'sparseCategoricalCrossEntropy', labelSmoothing: 0, fromLogits: false } as const;
  const loss = fitLoss(config, endingOf(architecture));
  const judgement = {
    goals: [{ loss, weight: 1, accuracy: false }],
    optimizer: adam(),
    paired: backend.paired,
    threads,
  };
  const { plan } = planTraining(architecture, batchSize, judgement);
  const { first, last } = plan.sections.get('step') ?? { first: 0, last: 0 };
  const sections = new Map<SectionKey, Section>([['step', { first, last, work: 0 }]]);
  let from = first;
  for (let at = first; at < last; at += RECORD_BYTES) {
    const next = at + RECORD_BYTES;
    // With threads the update is a record for each parameter: one section.
    if (next < last && isUpdate(plan, at) && isUpdate(plan, next)) continue;
    sections.set(`${from}`, { first: from, last: next, work: 0 });
    from = next;
  }
  const program = new Program(team.module, { ...plan, sections }, true);
  const { x, y } = dataOf(network, batchSize);
  const places = makeRoom(program, batchSize, { sample: x.byteLength / batchSize, target: 4 });
  program.reserve(places.end - program.behind + STEPS * batchSize * 4);
  // The whole step goes over the same rows again and again.
  const order = new Int32Array(program.memory.buffer, places.order, STEPS * batchSize);
  order.forEach((_, row) => {
    order[row] = row % batchSize;
  });
  new Float32Array(program.memory.buffer, places.x, x.length).set(x);
  new Int32Array(program.memory.buffer, places.y, y.length).set(y);
  const weights = program.floats(plan.parameterRegion);
  for (let i = 0; i < weights.length; i++) weights[i] = ((i * 31) % 101) / 5050 - 0.01;
  for (const [name, value] of Object.entries({ ...places, rows: batchSize, position: batchSize, samples: batchSize })) {
    if (name !== 'end') program.controls[name as 'x'] = value;
  }
  program.controls.order = 0;
  program.controls.batchSize = batchSize;
  program.controls.scale = 1;
  program.controls.step = 100;
  program.controls.learningRate = 1e-6;
  const crew = await Crew.join(team.host, team.module, program, threads);
  const whole = () => {
    program.controls.order = places.order;
    program.controls.position = 0;
    program.controls.samples = STEPS * batchSize;
    return crew.run('step', STEPS);
  };
  return { plan, crew, whole, names: [...sections.keys()].map(String).slice(1) };
}

/** Microseconds of each op of a step on one thread and on two. */
async function ops(network: Network): Promise<void> {
  const [one, two] = [await stepByStep(network, 1), await stepByStep(network, 2)];
  const rows: string[][] = [];
  const sum = [0, 0];
  for (const [index, name] of one.names.entries()) {
    const record = recordOf(one.plan, name);
    if (record.op === nextBatch) continue;
    const again = Math.max(2, Math.round(1e7 / workOf(record, network.batchSize)));
    const ways = [() => one.crew.run(name, again), () => two.crew.run(two.names[index] ?? '', again)];
    const best = await race(ways.map(way => async () => void (await way())));
    const [alone = 0, together = 0] = best.map(time => (time * 1000) / again);
    sum[0] = (sum[0] ?? 0) + alone;
    sum[1] = (sum[1] ?? 0) + together;
    const barrier = recordOf(two.plan, two.names[index] ?? '').barrier ? 'waits' : '';
    rows.push([
      record.owner,
      opName(record.op),
      alone.toFixed(1),
      together.toFixed(1),
      (alone / together).toFixed(2),
      barrier,
    ]);
  }
  const whole = await race([one.whole, two.whole].map(way => async () => void (await way())));
  const totals: readonly (readonly [string, readonly number[]])[] = [
    ['sum', sum],
    ['the whole step', whole.map(time => (time * 1000) / STEPS)],
  ];
  for (const [what, [alone = 0, together = 0]] of totals) {
    rows.push(['', what, alone.toFixed(1), together.toFixed(1), (alone / together).toFixed(2), '']);
  }
  table(`Ops of ${nameOf(network)}: µs`, ['layer', 'op', '1 thread', '2 threads', 'speed-up', 'barrier'], rows);
  one.crew.leave();
  two.crew.leave();
}

function isUpdate(plan: Plan, address: number): boolean {
  return recordOf(plan, `${address}`).op === update;
}

function recordOf(plan: Plan, address: string) {
  const index = (Number(address) - plan.region('records').address) / RECORD_BYTES;
  const record = plan.records[index];
  if (!record) throw new Error(`no record at ${address}`);
  return { ...record, barrier: plan.barriers[index] ?? false };
}

/** Multiply-adds, or what takes as long. */
function workOf({ op, fields }: PlannedRecord, batchSize: number): number {
  return op.work(scalarsOf(fields), batchSize) + 1000;
}

/** Samples a second of whole epochs: on the caller, and on one and two threads beside it. */
async function networks(list: readonly Network[]): Promise<void> {
  const { threads: _, ...rest } = nodeHost;
  class Alone extends Model {
    static override get host(): Host {
      return rest;
    }
  }
  const rows: string[][] = [];
  for (const network of list) {
    const [inputs = 1] = network.widths;
    const samples = Math.max(512, Math.min(8192, Math.round(2e6 / inputs)));
    const data = dataOf(network, samples);
    const common = { loss: 'sparseCategoricalCrossEntropy', optimizer: adam(), batchSize: network.batchSize } as const;
    const trainer = async (Class: typeof Model, threads: number | 'auto') =>
      (await Class.create(architectureOf(network), { turbo })).trainer({ ...common, threads });
    const trainers = [await trainer(Alone, 1), await trainer(Model, 1), await trainer(Model, 2)];
    const best = trainers.map(() => 0);
    for (let round = 0; round < rounds; round++) {
      for (const [index, each] of trainers.entries()) {
        await quiet();
        const { samplesPerSecond } = await each.fit(data);
        best[index] = Math.max(best[index] ?? 0, (samplesPerSecond[0] ?? 0) / 1000);
      }
    }
    const [caller = 0, one = 0, two = 0] = best;
    const cells = [caller, one, two].map(value => value.toFixed(1));
    rows.push([nameOf(network), ...cells, (two / one).toFixed(2), (two / caller).toFixed(2)]);
  }
  const header = ['network', 'on the caller', '1 thread', '2 threads', '2 to 1', '2 to caller'];
  table('Training with Adam: thousand samples a second', header, rows);
}

/** The longest that a timer of 5 ms is kept waiting while a network trains beside. */
async function timerGap(): Promise<number> {
  const model = await Model.create(architectureOf(large), { turbo });
  const data = dataOf(large, 4096);
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 5);
  await model.fit(data, { loss: 'sparseCategoricalCrossEntropy', optimizer: adam(), batchSize: 128, epochs: 3 });
  clearInterval(timer);
  return longest;
}

console.log(`# Threads: node ${process.versions.node}, ${backend.binary}, ${availableParallelism()} cores`);
console.log(backend.reason);
console.log(`\nA barrier of two threads, both spinning: ${(await barrierCost()).toFixed(0)} ns.`);
await ops(large);
await ops(middle);
await networks([
  large,
  middle,
  { widths: [784, 128, 10], batchSize: 128 },
  { widths: [64, 100, 10], batchSize: 32 },
  { widths: [64, 32, 10], batchSize: 32 },
  { widths: [30, 16, 2], batchSize: 32 },
  { widths: [2, 8, 2], batchSize: 4 },
]);
console.log(`\nThe longest wait of a 5 ms timer while ${nameOf(large)} trains: ${(await timerGap()).toFixed(0)} ms.`);
pair.leave();
