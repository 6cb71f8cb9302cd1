/**
 * What a step along a stream takes, and how much it leaves to the garbage collector. Prints the table in
 * docs/shapes.md.
 *
 *     npm run build && node --expose-gc --import tsx bench/stateful.ts
 */
import { conv1d, dense, gru, type Layer, lstm, Model, sequential } from 'myelin';
import { figureOf } from '../src/bench/statistics.js';
import { machine } from './support/machine.js';

const FEATURES = 9;
const RUNS = 25;
const STEPS = 2000;

const networks: readonly (readonly [string, Layer])[] = [
  ['lstm(64)', lstm(64)],
  ['gru(64)', gru(64)],
  ['conv1d(64, 5), causal', conv1d(64, 5, { padding: 'causal' })],
];

console.log(`${machine()}\n`);
console.log(`| network, of ${FEATURES} features | µs a step | bytes of garbage a step |\n| --- | --- | --- |`);
for (const [name, layer] of networks) {
  const model = await Model.create(sequential([100, FEATURES], [layer, dense(1)]), { seed: 1 });
  const stream = model.stateful();
  const x = new Float32Array(FEATURES).fill(0.1);
  const go = () => {
    for (let i = 0; i < STEPS; i++) stream.step(x);
  };
  // Until the engine has compiled it for good.
  for (let i = 0; i < 10; i++) go();
  const times = Float64Array.from({ length: RUNS }, () => {
    const start = performance.now();
    go();
    return ((performance.now() - start) / STEPS) * 1e3;
  });
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 50; i++) go();
  const garbage = Math.max(0, process.memoryUsage().heapUsed - before) / (50 * STEPS);
  console.log(`| ${name} + dense(1) | ${figureOf([...times]).median.toFixed(2)} | ${garbage.toFixed(1)} |`);
}
