/**
 * Who leaves? Customers of a made-up company: 20,000 rows of texts, dates, money and numbers, of which a tenth left.
 * Writes them to a file, trains on the first four fifths, and judges on the last one.
 *
 *     npx tsx examples/churn.ts [ROWS] [FILE.csv]
 *     npx tsx examples/churn.ts 20000 churn.csv && /usr/bin/python3 bench/churn.py churn.csv    # scikit-learn, same rows
 */
import { writeFileSync } from 'node:fs';
import { fitTable } from 'myelin/tabular';

const [given = '20000', file] = process.argv.slice(2);
const count = Number(given);

/** Numbers from 0 to 1, the same in every run: mulberry32. */
let state = 20260;
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const oneOf = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;

const plans = ['basic', 'plus', 'pro', 'family'] as const;
const regions = ['north', 'south', 'east', 'west', 'abroad'] as const;
const day = 24 * 3600 * 1000;

const rows = Array.from({ length: count }, () => {
  const plan = oneOf(plans);
  const region = oneOf(regions);
  const months = Math.floor(random() ** 2 * 72);
  const calls = Math.floor(-Math.log(random()) * 1.5);
  const hours = Math.round(random() * 60) / 2;
  const autopay = random() < 0.6;
  const fee = { basic: 7, plus: 12, pro: 25, family: 18 }[plan] + Math.round(random() * 5);
  // New customers leave, those who call often and use little, and on dear plans those who must pay by hand.
  const score =
    -3.45 +
    1.6 * Math.exp(-months / 10) +
    0.55 * Math.min(calls, 5) -
    0.045 * hours +
    (calls > 2 && hours < 8 ? 1.1 : 0) +
    (fee > 20 && !autopay ? 1.2 : 0) +
    (region === 'abroad' ? 0.6 : 0) -
    (plan === 'family' && months > 12 ? 0.9 : 0);
  const signup = new Date(Date.UTC(2026, 0, 1) - months * 30 * day).toISOString().slice(0, 10);
  const churned = random() < 1 / (1 + Math.exp(-score)) ? 'yes' : 'no';
  return { plan, region, signup, calls, hours, autopay: autopay ? 'yes' : 'no', fee: `$${fee}.00`, churned };
});

if (file !== undefined) {
  const lines = [Object.keys(rows[0] ?? {}), ...rows.map(row => Object.values(row))].map(cells => cells.join(','));
  writeFileSync(file, `${lines.join('\n')}\n`);
}

const first = Math.floor(count * 0.8);
const model = await fitTable(rows.slice(0, first), { target: 'churned', seed: 0 });
const figures = model.evaluate(rows.slice(first));
if (!('rocAuc' in figures)) throw new Error('expected classes');
const { accuracy, baseline, rocAuc, averagePrecision, logLoss } = figures;
console.log(`accuracy ${accuracy.toFixed(4)}; always '${baseline.prediction}' ${baseline.accuracy.toFixed(4)}`);
console.log(
  `ROC AUC ${rocAuc.toFixed(4)}  average precision ${averagePrecision.toFixed(4)}  log loss ${logLoss.toFixed(4)}`,
);
