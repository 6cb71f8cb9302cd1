/**
 * How much will be sold in the next seven days? Four made-up years of a shop's days: weeks that are alike, a year's
 * round, a trend, and good and bad spells. Trains on the first part, chooses the epoch on the next, judges on the last.
 *
 *     npx tsx examples/forecast.ts [FILE.csv]
 *     npx tsx examples/forecast.ts sales.csv && npx myelin train sales.csv --target sold --task forecast --horizon 7
 */
import { writeFileSync } from 'node:fs';
import { adam, dense, earlyStopping, Model, normalization, sequential } from 'myelin';
import { windows } from 'myelin/data';

const [DAYS, LENGTH, HORIZON] = [1460, 28, 7];

/** Numbers from 0 to 1, the same in every run: mulberry32. */
let state = 7;
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

const week = [0, -8, -5, 2, 12, 30, 21];
let spell = 0;
const sold = Array.from({ length: DAYS }, (_, day) => {
  spell = 0.85 * spell + 12 * (random() + random() + random() - 1.5);
  const year = 15 * Math.sin((2 * Math.PI * day) / 365);
  return Math.round(200 + day / 20 + (week[day % 7] ?? 0) + year + spell);
});
const [file] = process.argv.slice(2);
if (file !== undefined) writeFileSync(file, `sold\n${sold.join('\n')}\n`);

// Parts in the order of time. What is predicted lies in one part alone; what it is predicted from may reach back.
const [chosen, judged] = [Math.floor(0.64 * DAYS), Math.floor(0.8 * DAYS)];
const partOf = (from: number, to: number) => windows(sold.slice(from, to), { length: LENGTH, horizon: HORIZON });
const [training, validation] = [partOf(0, chosen), partOf(chosen - LENGTH, judged)];
const { x, y } = partOf(judged - LENGTH, DAYS);

const model = await Model.create(
  sequential(LENGTH, [
    normalization(),
    dense(32, { activation: 'relu' }),
    dense(HORIZON),
    normalization({ invert: true }),
  ]),
);
const { stopped, loss } = await model.fit(training, {
  loss: 'meanSquaredError',
  optimizer: adam(),
  epochs: 200,
  validation,
  callbacks: [earlyStopping({ patience: 20 })],
});
console.log(`${training.y.length / HORIZON} windows, ${loss.length} epochs (${stopped ?? 'all'})`);

/** The mean absolute error of what a rule says of a step of a window. */
function errorOf(rule: (window: number, step: number) => number): number {
  const errors = Array.from(y, (truth, i) => Math.abs(rule(Math.floor(i / HORIZON), i % HORIZON) - truth));
  return errors.reduce((sum, error) => sum + error, 0) / errors.length;
}

const predicted = model.predict(x);
const errors = {
  network: errorOf((window, step) => predicted[window * HORIZON + step] ?? 0),
  'last value': errorOf(window => x[window * LENGTH + LENGTH - 1] ?? 0),
  'week before': errorOf((window, step) => x[window * LENGTH + LENGTH - 7 + step] ?? 0),
};
for (const [name, error] of Object.entries(errors)) console.log(`${name.padEnd(12)} off by ${error.toFixed(2)} a day`);
const next = Array.from(model.predict([sold.slice(-LENGTH)]), value => value.toFixed(0));
console.log(`the next ${HORIZON} days: ${next.join(', ')}`);
