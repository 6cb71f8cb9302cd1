/** The network as one would write it in plain TypeScript: loops over Float32Arrays, one row after the other. */
import { readGiven, takePart } from '../support/contest.js';

const { widths, batchSize, rows, learningRate, x, y, order, parameters } = readGiven();
const layers = widths.slice(1).map((outputs, l) => {
  const inputs = widths[l] ?? 0;
  const w = parameters[2 * l] ?? new Float32Array(inputs * outputs);
  const b = parameters[2 * l + 1] ?? new Float32Array(outputs);
  return { inputs, outputs, w, b, dw: new Float32Array(w.length), db: new Float32Array(outputs) };
});
const values = widths.map(width => new Float32Array(width));
const gradients = widths.map(width => new Float32Array(width));
const output = values.at(-1) ?? new Float32Array();
const states = layers.flatMap(({ w, b, dw, db }) => [
  { w, dw, m: new Float32Array(w.length), v: new Float32Array(w.length) },
  { w: b, dw: db, m: new Float32Array(b.length), v: new Float32Array(b.length) },
]);

function forward(row: number): void {
  const start = row * (widths[0] ?? 0);
  values[0]?.set(x.subarray(start, start + (widths[0] ?? 0)));
  for (const [l, { inputs, outputs, w, b }] of layers.entries()) {
    const [from, to] = [values[l] as Float32Array, values[l + 1] as Float32Array];
    to.set(b);
    for (let i = 0; i < inputs; i++) {
      const value = from[i] as number;
      for (let o = 0; o < outputs; o++) (to[o] as number) += value * (w[i * outputs + o] as number);
    }
    if (l < layers.length - 1) for (let o = 0; o < outputs; o++) to[o] = Math.max(0, to[o] as number);
  }
  const top = output.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  let sum = 0;
  for (let o = 0; o < output.length; o++) sum += output[o] = Math.exp((output[o] as number) - top);
  for (let o = 0; o < output.length; o++) (output[o] as number) /= sum;
}

/** Adds the row's share to the gradients, and returns its cost. */
function backward(label: number, share: number): number {
  const last = gradients.at(-1) as Float32Array;
  for (let o = 0; o < last.length; o++) last[o] = ((output[o] as number) - (o === label ? 1 : 0)) * share;
  for (let l = layers.length - 1; l >= 0; l--) {
    const { inputs, outputs, w, dw, db } = layers[l] as (typeof layers)[number];
    const [from, dy, dx] = [values[l] as Float32Array, gradients[l + 1] as Float32Array, gradients[l] as Float32Array];
    for (let o = 0; o < outputs; o++) (db[o] as number) += dy[o] as number;
    for (let i = 0; i < inputs; i++) {
      const value = from[i] as number;
      let sum = 0;
      for (let o = 0; o < outputs; o++) {
        (dw[i * outputs + o] as number) += value * (dy[o] as number);
        if (l > 0) sum += (w[i * outputs + o] as number) * (dy[o] as number);
      }
      dx[i] = value > 0 ? sum : 0;
    }
  }
  return -Math.log(output[label] as number);
}

let step = 0;
function update(): void {
  step++;
  const rate = learningRate / (1 - 0.9 ** step);
  const unbias = 1 / Math.sqrt(1 - 0.999 ** step);
  for (const { w, dw, m, v } of states) {
    for (let i = 0; i < w.length; i++) {
      const g = dw[i] as number;
      m[i] = 0.9 * (m[i] as number) + 0.1 * g;
      v[i] = 0.999 * (v[i] as number) + 0.001 * g * g;
      (w[i] as number) -= (rate * (m[i] as number)) / (Math.sqrt(v[i] as number) * unbias + 1e-8);
      dw[i] = 0;
    }
  }
}

let epochs = 0;
await takePart({
  name: 'plain TypeScript',
  epoch() {
    const start = performance.now();
    const rowsOf = order(epochs++);
    let cost = 0;
    for (let first = 0; first < rows; first += batchSize) {
      const batch = rowsOf.subarray(first, first + batchSize);
      for (const row of batch) {
        forward(row);
        cost += backward(y[row] as number, 1 / batch.length);
      }
      update();
    }
    return { seconds: (performance.now() - start) / 1e3, cost: cost / rows };
  },
  predict() {
    for (let i = 0; i < 10; i++) forward(0);
    return 10;
  },
});
