/** The network as one would write it in plain TypeScript: loops over Float32Arrays, one row after the other. */
import {
  factor,
  type Library,
  type NetworkTask,
  type Prepared,
  type ProductTask,
  Unable,
} from '../../../src/bench/contest.js';
import { layersOf, readGiven } from '../../../src/bench/given.js';

type Floats = Float32Array<ArrayBuffer>;

/** Activations in place, and the gradient from the output. */
const activations: Readonly<Record<string, readonly [(z: Floats) => void, (y: number) => number]>> = {
  linear: [() => {}, () => 1],
  relu: [each(z => Math.max(0, z)), y => (y > 0 ? 1 : 0)],
  tanh: [each(Math.tanh), y => 1 - y * y],
  sigmoid: [each(z => 1 / (1 + Math.exp(-z))), y => y * (1 - y)],
  softmax: [softmax, () => 1],
};

function each(f: (z: number) => number): (z: Floats) => void {
  return z => {
    for (let o = 0; o < z.length; o++) z[o] = f(z[o] as number);
  };
}

function softmax(z: Floats): void {
  const top = z.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  let sum = 0;
  for (let o = 0; o < z.length; o++) {
    z[o] = Math.exp((z[o] as number) - top);
    sum += z[o] as number;
  }
  for (let o = 0; o < z.length; o++) (z[o] as number) /= sum;
}

function networkOf({ chain, loss, learningRate, optimizer }: NetworkTask, parameters: Floats) {
  if (!chain) throw new Unable('fully connected layers alone');
  const { widths } = chain;
  const kinds = chain.activations.map(name => activations[name] ?? unknown(name));
  const layers = layersOf(widths, parameters).map(({ inputs, outputs, weight: w, bias: b }) => {
    return { inputs, outputs, w, b, dw: new Float32Array(w.length), db: new Float32Array(outputs) };
  });
  const values = widths.map(width => new Float32Array(width));
  const gradients = widths.map(width => new Float32Array(width));
  const output = values.at(-1) ?? new Float32Array();
  const states = layers.flatMap(({ w, b, dw, db }) => [
    { w, dw, m: new Float32Array(w.length), v: new Float32Array(w.length) },
    { w: b, dw: db, m: new Float32Array(b.length), v: new Float32Array(b.length) },
  ]);
  let step = 0;

  function forward(x: Floats): Floats {
    values[0]?.set(x);
    for (const [l, { inputs, outputs, w, b }] of layers.entries()) {
      const [from, to] = [values[l] as Floats, values[l + 1] as Floats];
      to.set(b);
      for (let i = 0; i < inputs; i++) {
        const value = from[i] as number;
        for (let o = 0; o < outputs; o++) (to[o] as number) += value * (w[i * outputs + o] as number);
      }
      kinds[l]?.[0](to);
    }
    return output;
  }

  /** Adds the row's share to the gradients, and returns its cost. */
  function backward(target: Floats | number, rows: number): number {
    const last = gradients.at(-1) as Floats;
    const cost = costOf(target, last, rows);
    const [, slope] = kinds.at(-1) ?? activations.linear ?? unknown('');
    if (loss === 'meanSquaredError') {
      for (let o = 0; o < last.length; o++) (last[o] as number) *= slope(output[o] as number);
    }
    for (let l = layers.length - 1; l >= 0; l--) {
      const { inputs, outputs, w, dw, db } = layers[l] as (typeof layers)[number];
      const [from, dy, dx] = [values[l] as Floats, gradients[l + 1] as Floats, gradients[l] as Floats];
      const [, derivative] = kinds[l - 1] ?? [undefined, () => 0];
      for (let o = 0; o < outputs; o++) (db[o] as number) += dy[o] as number;
      for (let i = 0; i < inputs; i++) {
        const value = from[i] as number;
        let sum = 0;
        for (let o = 0; o < outputs; o++) {
          (dw[i * outputs + o] as number) += value * (dy[o] as number);
          if (l > 0) sum += (w[i * outputs + o] as number) * (dy[o] as number);
        }
        dx[i] = l > 0 ? sum * derivative(value) : 0;
      }
    }
    return cost;
  }

  function costOf(target: Floats | number, d: Floats, rows: number): number {
    let cost = 0;
    for (let o = 0; o < d.length; o++) {
      const y = output[o] as number;
      const t = typeof target === 'number' ? Number(o === target) : (target[o] as number);
      if (loss === 'meanSquaredError') {
        cost += (y - t) ** 2 / d.length;
        d[o] = (2 * (y - t)) / d.length / rows;
      } else if (loss === 'binaryCrossEntropy') {
        cost -= (t * Math.log(y) + (1 - t) * Math.log(1 - y)) / d.length;
        d[o] = (y - t) / d.length / rows;
      } else {
        if (t === 1) cost -= Math.log(y);
        d[o] = (y - t) / rows;
      }
    }
    return cost;
  }

  function update(): void {
    step++;
    const rate = learningRate / (1 - 0.9 ** step);
    const unbias = 1 / Math.sqrt(1 - 0.999 ** step);
    for (const { w, dw, m, v } of states) {
      for (let i = 0; i < w.length; i++) {
        const g = dw[i] as number;
        if (optimizer === 'sgd') (w[i] as number) -= learningRate * g;
        else {
          m[i] = 0.9 * (m[i] as number) + 0.1 * g;
          v[i] = 0.999 * (v[i] as number) + 0.001 * g * g;
          (w[i] as number) -= (rate * (m[i] as number)) / (Math.sqrt(v[i] as number) * unbias + 1e-8);
        }
        dw[i] = 0;
      }
    }
  }
  return { forward, backward, update };
}

function unknown(name: string): never {
  throw new Unable(`no ${name || 'activation'}`);
}

function training(task: NetworkTask): Prepared {
  const { x, y, parameters, order } = readGiven(task);
  const { rows, batchSize, chain } = task;
  const { forward, backward, update } = networkOf(task, parameters);
  const [inputs = 1, outputs = 1] = [chain?.widths[0], chain?.widths.at(-1)];
  let epochs = 0;
  let mean = Number.NaN;
  return {
    run() {
      const rowsOf = order(epochs++);
      let cost = 0;
      for (let first = 0; first < rows; first += batchSize) {
        const batch = rowsOf.subarray(first, first + batchSize);
        for (const row of batch) {
          forward(x.subarray(row * inputs, (row + 1) * inputs));
          const target = y instanceof Int32Array ? (y[row] as number) : y.subarray(row * outputs, (row + 1) * outputs);
          cost += backward(target, batch.length);
        }
        update();
      }
      mean = cost / rows;
      return rows;
    },
    cost: () => mean,
  };
}

function inference(task: NetworkTask): Prepared {
  const { x, parameters } = readGiven(task);
  const { forward } = networkOf(task, parameters);
  const inputs = task.chain?.widths[0] ?? 1;
  const predict = (row: number) => forward(x.subarray(row * inputs, (row + 1) * inputs));
  return {
    run() {
      for (let row = 0; row < task.batchSize; row++) predict(row);
      return task.batchSize;
    },
    output: [...predict(0)].slice(0, 64),
  };
}

/** Forward alone: y = x · w. */
function product({ rows, inputs, outputs }: ProductTask): Prepared {
  const x = Float32Array.from({ length: rows * inputs }, (_, i) => factor(i));
  const w = Float32Array.from({ length: inputs * outputs }, (_, i) => factor(i + 1));
  const y = new Float32Array(rows * outputs);
  function row(r: number): void {
    const [from, to] = [x.subarray(r * inputs, (r + 1) * inputs), y.subarray(r * outputs, (r + 1) * outputs)];
    to.fill(0);
    for (let i = 0; i < inputs; i++) {
      const value = from[i] as number;
      for (let o = 0; o < outputs; o++) (to[o] as number) += value * (w[i * outputs + o] as number);
    }
  }
  let next = 0;
  row(0);
  return {
    // Large products take seconds: some rows are a round as good as all.
    run() {
      const some = Math.max(1, Math.min(rows, Math.floor(1e6 / (inputs * outputs))));
      for (let i = 0; i < some; i++) row(next++ % rows);
      return some * inputs * outputs;
    },
    output: [...y.subarray(0, Math.min(8, outputs))],
  };
}

export async function open(): Promise<Library> {
  return {
    name: 'plain TypeScript',
    version: '',
    prepare(task) {
      if (task.kind === 'training') return training(task);
      if (task.kind === 'inference') return inference(task);
      if (task.kind === 'product' && task.way === 'forward') return product(task);
      throw new Unable('none of its own');
    },
  };
}
