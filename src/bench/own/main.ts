/** myelin as a contestant, a program of its own: `contestant.js [turbo] [THREADS]`. */
import {
  Architecture,
  adam,
  type Backend,
  chooseBackend,
  dense,
  inputNumbers,
  Model,
  nodeHost,
  outputShape,
  sequential,
  sgd,
  size,
  type Trainer,
} from '../../entries/inside.js';
import { Absent, type Library, type NetworkTask, type OwnTask, type Prepared, takePart } from '../contest.js';
import { readGiven } from '../given.js';
import { layerPieces, prepareLayer } from './layers.js';
import { operations } from './operations.js';
import { preparePart } from './parts.js';
import { prepareProduct } from './products.js';

const turbo = process.argv[2] === 'turbo';
const threads = Number(process.argv[3] ?? 1);

async function modelOf(architecture: Architecture, parameters: Float32Array): Promise<Model> {
  const model = await Model.create(architecture, { turbo });
  let start = 0;
  const values = model.parameters.map(({ name, data }) => {
    const own = parameters.subarray(start, start + data.length);
    start += data.length;
    return [name, own] as const;
  });
  model.setParameters(Object.fromEntries(values));
  return model;
}

/**
 * Has the workers back, which end when nobody has needed them for two seconds, as while others have their turns: by a
 * step of a network of its own.
 */
async function waking(): Promise<() => Promise<void>> {
  const [rows, units] = [512, 64];
  const model = await Model.create(sequential(units, [dense(units)]), { turbo });
  const trainer: Trainer = await model.trainer({
    loss: 'meanSquaredError',
    optimizer: sgd(),
    batchSize: rows,
    threads,
  });
  const x = new Float32Array(rows * units);
  return async () => {
    await trainer.fit({ x, y: x });
  };
}

async function training(task: NetworkTask): Promise<Prepared> {
  const { x, y, parameters } = readGiven(task);
  const model = await modelOf(Architecture.fromJSON(task.architecture), parameters);
  const { loss, optimizer: kind, learningRate, batchSize } = task;
  const trainer: Trainer = await model.trainer({
    loss,
    optimizer: kind === 'adam' ? adam({ learningRate }) : sgd({ learningRate }),
    batchSize,
    threads,
  });
  let mean = Number.NaN;
  return {
    async run() {
      const { loss } = await trainer.fit({ x, y });
      mean = loss[0] ?? Number.NaN;
      return task.rows;
    },
    wake: await waking(),
    cost: () => mean,
  };
}

async function inference(task: NetworkTask): Promise<Prepared> {
  const { x, parameters } = readGiven(task);
  const architecture = Architecture.fromJSON(task.architecture);
  const model = await modelOf(architecture, parameters);
  const { batchSize } = task;
  const inputs = inputNumbers(architecture);
  const out = new Float32Array(batchSize * size(outputShape(architecture)));
  const batch = x.slice(0, batchSize * inputs);
  if (threads > 1) {
    const output = await model.predictAsync(batch, { threads });
    return {
      async run() {
        await model.predictAsync(batch, { threads });
        return batchSize;
      },
      wake: await waking(),
      output: [...output.subarray(0, 64)],
    };
  }
  model.predictInto(out, batch);
  // A few calls between two looks at the clock, which is coarser than some of them.
  const times = Math.max(1, Math.round(64 / batchSize));
  return {
    run() {
      for (let i = 0; i < times; i++) model.predictInto(out, batch);
      return times * batchSize;
    },
    output: [...out.subarray(0, 64)],
  };
}

function own(backend: Backend, { kind, name, architecture = '', batchSize = 1 }: OwnTask): Prepared {
  if (kind === 'part') return preparePart(backend, architecture, batchSize, name);
  const layer = layerPieces.find(each => each.name === name);
  if (layer) return prepareLayer(backend, layer);
  const operation = operations.find(each => each.name === name);
  if (!operation) throw new Error(`there is no operation '${name}'`);
  return operation.prepare(backend);
}

async function open(): Promise<Library> {
  const backend = await chooseBackend(nodeHost, { deterministic: false, turbo });
  if (turbo && !backend.turbo) throw new Absent(backend.reason);
  return {
    name: 'myelin',
    version: '',
    prepare(task) {
      if ('folder' in task) return task.kind === 'training' ? training(task) : inference(task);
      if (task.kind === 'product') return prepareProduct(backend, task);
      return own(backend, task);
    },
  };
}

await takePart(open);
