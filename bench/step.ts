/**
 * What is a training step made of, and what does the way into WebAssembly cost?
 *
 *     npm run bench -- step
 *
 * Prints for some networks every part of a step with its share of the whole, and the whole against the sum of its parts, each part measured alone; then what calls
 * cost beyond the time inside `run`: a step of XOR by `stepSync`, a prediction of one row by `predictInto`.
 */
import { Bench } from 'tinybench';
import { adam, dense, Model, sequential } from '../src/entries/node.js';
import { fitLoss, resolveLoss } from '../src/losses/index.js';
import { planPrediction } from '../src/network.js';
import type { Plan, PlannedRecord } from '../src/plan/builder.js';
import { Region } from '../src/plan/memory.js';
import { nextBatch } from '../src/plan/ops/batch.js';
import { RECORD_BYTES } from '../src/plan/record.js';
import { Program } from '../src/runtime/program.js';
import { setBatch } from '../src/runtime/staging.js';
import { endingOf, planTraining } from '../src/training.js';
import { benchBackend, line } from './support/backend.js';
import { inTurns, type Work } from './support/rounds.js';
import { spreadOf } from './support/statistics.js';

const { backend, peak } = await benchBackend();
const turbo = backend.turbo;
const COLUMNS = [54, 12, 14, 28];
/** Rows that batches are taken from, in random order. */
const MOST_SAMPLES = 8192;
/** So small that weights stay as they are however often the update is measured. */
const optimizer = adam({ learningRate: 1e-9 });

interface Network {
  readonly widths: readonly number[];
  readonly hidden: 'relu' | 'tanh';
  readonly output: 'softmax' | 'sigmoid';
  readonly batchSize: number;
}

const xor: Network = { widths: [2, 4, 1], hidden: 'tanh', output: 'sigmoid', batchSize: 4 };
const digits: Network = { widths: [784, 128, 10], hidden: 'relu', output: 'softmax', batchSize: 32 };
const networks: readonly Network[] = [
  xor,
  { widths: [4, 16, 3], hidden: 'relu', output: 'softmax', batchSize: 16 },
  { ...digits, batchSize: 1 },
  digits,
  { widths: [784, 512, 256, 10], hidden: 'relu', output: 'softmax', batchSize: 128 },
];

function architectureOf({ widths, hidden, output }: Network) {
  const [inputs = 1, ...units] = widths;
  const last = units.length - 1;
  const layers = units.map((n, layer) => dense(n, { activation: layer < last ? hidden : output }));
  return sequential(inputs, layers);
}

function lossOf({ output }: Network) {
  return output === 'sigmoid' ? 'binaryCrossEntropy' : 'sparseCategoricalCrossEntropy';
}

/** Records that have to run together: the batch moves on with its rows, and what works in place is not measured on its own results. */
function partsOf(records: readonly PlannedRecord[]): PlannedRecord[][] {
  const parts: PlannedRecord[][] = [];
  for (const record of records) {
    const last = parts.at(-1);
    const ofBatch = last?.[0]?.op === nextBatch && /^gather/.test(record.op.name);
    if (last && (ofBatch || inPlace(record))) last.push(record);
    else parts.push([record]);
  }
  return parts;
}

function inPlace({ op, fields }: PlannedRecord): boolean {
  const same = (a: unknown, b: unknown) => a instanceof Region && b instanceof Region && a.address === b.address;
  return /^activation/.test(op.name) && (same(fields.x, fields.y) || same(fields.dx, fields.dy));
}

/** A training program with a section for each part of its step, on random rows and labels. */
function trainingProgram(network: Network) {
  const architecture = architectureOf(network);
  const ending = endingOf(architecture);
  const loss = fitLoss(resolveLoss('step', lossOf(network)), ending);
  const judgement = { loss, accuracy: false, optimizer, paired: backend.paired };
  const { plan, inputs } = planTraining(architecture, network.batchSize, judgement);
  const section = plan.sections.get('step') ?? { first: 0, last: 0 };
  const start = plan.records.length - (section.last - section.first) / RECORD_BYTES;
  const sections = new Map(plan.sections);
  const parts = partsOf(plan.records.slice(start));
  let address = section.first;
  const names = parts.map((part, i) => {
    const name = `part ${i}`;
    const last = address + part.length * RECORD_BYTES;
    sections.set(name, { first: address, last, work: 0 });
    address = last;
    return name;
  });
  const divided: Plan = { ...plan, sections };
  const program = new Program(backend.module, divided);
  const floats = program.floats(plan.parameterRegion);
  for (const { data, rows, columns: width } of plan.parameters) {
    const begin = (data.address - plan.parameterRegion.address) / 4;
    const limit = Math.sqrt(6 / (rows + width));
    for (let i = 0; i < rows * Math.ceil(width / 16) * 16; i++) {
      const column = Math.floor(i / (rows * 16)) * 16 + (i % 16);
      floats[begin + i] = column < width ? (2 * Math.random() - 1) * limit : 0;
    }
  }
  const samples = Math.min(MOST_SAMPLES, 2048 * network.batchSize);
  const x = program.reserve(samples * (inputs + 2) * 4);
  const y = x + samples * inputs * 4;
  const order = y + samples * 4;
  new Float32Array(program.memory.buffer, x, samples * inputs).forEach((_, i, all) => {
    all[i] = Math.random();
  });
  if (network.output === 'sigmoid') new Float32Array(program.memory.buffer, y, samples).fill(1);
  else
    new Int32Array(program.memory.buffer, y, samples).forEach((_, i, all) => {
      all[i] = i % ending.columns;
    });
  new Int32Array(program.memory.buffer, order, samples).forEach((_, i, all) => {
    // An odd multiplier visits every row of a power of two once.
    all[i] = (i * 5167) % samples;
  });
  program.set('x', x);
  program.set('y', y);
  program.set('order', order);
  program.set('samples', samples);
  program.set('batchSize', network.batchSize);
  program.set('learningRate', optimizer.learningRate);
  const prepare = () => program.set('position', 0);
  const most = samples / network.batchSize;
  const work = (name: string): Work => ({ most, prepare, run: times => void program.run(name, times) });
  return { program, parts, works: [...names, 'step'].map(work) };
}

/** The step's parts, and the whole against their sum. Returns the seconds of a whole step inside `run`. */
function anatomy(network: Network): number {
  const { parts, works, program } = trainingProgram(network);
  program.run('step');
  const samples = inTurns(peak, works, { rounds: 21 });
  const times = samples.map(taken => spreadOf(taken.map(({ time, times }) => -time / times)));
  const best = times.map(({ best }) => -best);
  const whole = best.pop() ?? Number.NaN;
  const { median = Number.NaN, spread = 0 } = times.pop() ?? {};
  const sum = best.reduce((total, time) => total + time, 0);
  console.log(`\n${network.widths.join('-')}, batch ${network.batchSize}`);
  line(COLUMNS, ['', 'µs: best', 'of the sum', 'of the peak']);
  parts.forEach((records, i) => {
    const seconds = best[i] ?? Number.NaN;
    const ofPeak = (samples[i] ?? []).map(({ possible, times }) => (multiplyAdds(network, records) * times) / possible);
    const share = spreadOf(ofPeak);
    const judged = multiplyAdds(network, records) > 0 ? `${share.median.toFixed(2)} ±${share.spread.toFixed(2)}` : '';
    const title = records
      .map(({ op, owner }) => (/^dense/.test(op.name) ? `${op.name} ${owner}` : op.name))
      .join(' + ');
    line(COLUMNS, [title, (seconds * 1e6).toPrecision(3), `${((100 * seconds) / sum).toFixed(0)} %`, judged]);
  });
  line(COLUMNS, ['sum of the parts', (sum * 1e6).toPrecision(4)]);
  const figures = `median ${(-median * 1e6).toPrecision(4)} ±${(spread * 1e6).toPrecision(2)}`;
  line(COLUMNS, ['whole step', (whole * 1e6).toPrecision(4), figures]);
  console.log(`whole step / sum of its parts: ${(whole / sum).toFixed(3)}`);
  return whole;
}

function multiplyAdds({ batchSize }: Network, records: readonly PlannedRecord[]): number {
  return records.reduce((sum, { fields }) => {
    return sum + batchSize * Number(fields.inputs ?? 0) * Number(fields.outputs ?? 0);
  }, 0);
}

/** Does something so many times. */
type Calls = (times: number) => void;

/** As many calls are one sample of tinybench, whose clock is coarser than one of them. */
const CALLS = 50;
const CALL_ROUNDS = 15;

/** The shortest and the median seconds of each call, over interleaved rounds. */
function calls(
  functions: Readonly<Record<string, Calls>>,
): Map<string, { best: number; median: number; spread: number }> {
  const seconds = new Map<string, number[]>();
  for (let round = 0; round < CALL_ROUNDS; round++) {
    const bench = new Bench({ time: 15, warmup: round === 0 });
    for (const [name, call] of Object.entries(functions)) {
      bench.add(name, () => call(CALLS));
    }
    bench.runSync();
    for (const { name, result } of bench.tasks) {
      if (result.state !== 'completed') throw new Error(`${name}: ${result.state}`);
      const taken = seconds.get(name) ?? [];
      seconds.set(name, taken);
      taken.push(result.latency.p50 / 1e3 / CALLS);
    }
  }
  return new Map(
    [...seconds].map(([name, taken]) => {
      const { median, spread, best } = spreadOf(taken.map(time => -time));
      return [name, { best: -best, median: -median, spread }];
    }),
  );
}

function repeat(call: () => void): Calls {
  return times => {
    for (let i = 0; i < times; i++) call();
  };
}

function reportCalls(title: string, functions: Readonly<Record<string, Calls>>): void {
  console.log(`\n${title}`);
  line([40, 16, 24], ['', 'ns: best', 'median']);
  for (const [name, { best, median, spread }] of calls(functions)) {
    line([40, 16, 24], [name, (best * 1e9).toFixed(0), `${(median * 1e9).toFixed(0)} ±${(spread * 1e9).toFixed(0)}`]);
  }
}

async function xorCalls(): Promise<void> {
  const model = await Model.create(architectureOf(xor), { turbo });
  const trainer = await model.trainer({ loss: lossOf(xor), optimizer, batchSize: 4, threads: 1 });
  const x = Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1);
  const y = Float32Array.of(0, 1, 1, 0);
  const { program } = trainingProgram(xor);
  reportCalls('One step of XOR, 2-4-1, batch 4', {
    'inside run': times => {
      program.set('position', 0);
      program.run('step', times);
    },
    stepSync: repeat(() => trainer.stepSync(x, y)),
  });
}

async function predictCalls(network: Network): Promise<void> {
  const architecture = architectureOf(network);
  const model = await Model.create(architecture, { turbo });
  const inputs = network.widths[0] ?? 1;
  const x = Float32Array.from({ length: inputs }, Math.random);
  const out = new Float32Array(network.widths.at(-1) ?? 1);
  const { plan } = planPrediction(architecture, 256, backend.paired);
  const program = new Program(backend.module, plan);
  program.floats(plan.parameterRegion).fill(0.01);
  const place = program.reserve(inputs * 4);
  new Float32Array(program.memory.buffer, place, inputs).set(x);
  program.set('x', place);
  setBatch(program, 1);
  reportCalls(`Predicting one row of ${network.widths.join('-')}`, {
    'inside run': times => void program.run('predict', times),
    predictInto: repeat(() => model.predictInto(out, x)),
    predict: repeat(() => model.predict(x)),
  });
}

for (const network of networks) anatomy(network);
await xorCalls();
await predictCalls(xor);
await predictCalls(digits);
