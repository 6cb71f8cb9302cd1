/** Anomalies of a table: what no column shows by itself, found by an autoencoder's error. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { fitAnomalies, TableModel } from '../../src/entries/tabular.node.js';
import { TableModel as Predicting } from '../../src/entries/tabular.predict.js';
import { Random } from '../../src/random.js';
import { report } from '../../src/report/index.js';
import { eventsOf, Folder } from '../cli/runCli.js';

const folder = new Folder();
/** The charts of a page, and the words of its first cards. */
function pageOf(html: string) {
  const charts = [...html.matchAll(/<figure class="card" id="([\w-]+)"/g)].map(([, id]) => id);
  return { charts, words: [...html.matchAll(/<div class="mistake"><b>(\w+)<\/b><br>/g)].map(([, word]) => word) };
}
afterAll(() => folder.remove());

const random = new Random(4, 0);
/** Heat follows load, but in one row of fifty, in which either is as often elsewhere. */
const rows = Array.from({ length: 400 }, (_, i) => {
  const load = 100 * random.uniform();
  const faulty = i % 50 === 7;
  return {
    load,
    heat: faulty ? 90 - 0.7 * load : 20 + 0.6 * load,
    mode: ['slow', 'fast'][i % 2] ?? '',
    faulty: faulty ? 'yes' : 'no',
  };
});
const csv = `load,heat,mode,faulty\n${rows.map(row => Object.values(row).join(',')).join('\n')}\n`;
const settings = { columns: { faulty: 'drop' }, epochs: 60, learningRate: 0.005, seed: 1 } as const;

it('scores rows by what their columns say of each other', async () => {
  const model = await fitAnomalies(rows, { ...settings, quantile: 0.97 });
  const found = model.predict(rows);
  const mean = (wanted: string) => {
    const scores = found.filter((_, i) => rows[i]?.faulty === wanted).map(({ score = 0 }) => score);
    return scores.reduce((sum, score) => sum + score, 0) / scores.length;
  };
  expect(mean('yes')).toBeGreaterThan(3 * mean('no'));
  const flagged = found.filter(({ prediction }) => prediction === 'anomaly').length;
  expect(flagged).toBeGreaterThan(0);
  expect(flagged).toBeLessThan(40);
  // The same without WebAssembly, from a file, and on raw rows of numbers in a plain model of them.
  for (const loaded of [await TableModel.fromBytes(model.toBytes()), await Predicting.fromBytes(model.toBytes())]) {
    const again = loaded.predict(rows.slice(0, 9) as never[]);
    expect(again.map(({ prediction }) => prediction)).toEqual(found.slice(0, 9).map(({ prediction }) => prediction));
    for (const [i, { score }] of again.entries()) expect(score).toBeCloseTo(found[i]?.score ?? 0, 5);
  }
  expect(() => model.evaluate(rows)).toThrow('evaluate: expected a model with a target, got one of anomalies');
  expect(() => model.importance(rows)).toThrow('importance: expected a model with a target');
  const page = report(model, undefined, rows);
  expect(page).toContain(`<b>${((100 * flagged) / rows.length).toFixed(1)}%</b>`);
  expect(page).toContain('of rows like those of training: 3.0%');
  expect(pageOf(page)).toEqual({ charts: ['scores'], words: new Array(12).fill('anomaly').fill('normal', flagged) });
});

it('refuses what has no rows to choose by, and wrong options', async () => {
  await expect(fitAnomalies(rows, { ...settings, quantile: 1 })).rejects.toThrow('fitAnomalies: quantile');
  await expect(fitAnomalies(rows.slice(0, 1), settings)).rejects.toThrow(/got/);
  await expect(fitAnomalies(rows, { ...settings, target: 'faulty' } as never)).rejects.toThrow("got 'target'");
});

it('tells of all that is wrong with a table together', async () => {
  const table = rows.slice(0, 40).map((row, i) => ({
    ...row,
    load: i === 3 ? null : row.load,
    fee: i % 2 ? '$5' : '5 %',
    day: i === 7 ? 'soon' : `2026-01-${10 + (i % 9)}`,
  }));
  const { problems } = await fitAnomalies(table, settings).catch(error => error);
  expect(problems).toEqual([
    expect.stringContaining("column 'fee': expected one unit"),
    expect.stringContaining("row 3, column 'load': expected a value"),
    expect.stringContaining("row 7, column 'day': expected a date"),
  ]);
});

it('trains, predicts and judges from the command line', async () => {
  folder.write('machines.csv', csv);
  const options = ['--task', 'anomaly', '--ignore', 'faulty', '--epochs', '60', '--learning-rate', '0.005', '--json'];
  options.push('--report', 'training.html');
  const { code, out } = await folder.run('train', 'machines.csv', ...options);
  expect(code).toBe(0);
  expect(eventsOf(out).slice(-2)).toMatchObject([
    { event: 'end', heldOut: 80, threshold: expect.any(Number) },
    { event: 'report', report: 'training.html' },
  ]);
  const [predicted, judged, typo] = await Promise.all([
    folder.run('predict', 'model.safetensors', 'machines.csv'),
    folder.run('evaluate', 'model.safetensors', 'machines.csv', '--target', 'faulty', '--json', '--report', 'e.html'),
    folder.run('train', 'machines.csv', '--task', 'anomaly', '--calibrate'),
  ]);
  const pages = ['training.html', 'e.html'].map(name => readFileSync(join(folder.path, name), 'utf8'));
  expect(pages.map(page => pageOf(page).charts)).toEqual([['learning-loss', 'scores'], ['scores']]);
  expect(pages[0]).toContain('Judged on 80 rows that neither trained it');
  const lines = predicted.out.trim().split('\n');
  expect(lines).toHaveLength(401);
  expect(lines[0]).toBe('prediction,score');
  expect(lines.slice(1).every(line => /^(?:anomaly|normal),[\d.e-]+$/.test(line))).toBe(true);
  expect(eventsOf(judged.out)[0]).toMatchObject({ rows: 400, rocAuc: expect.any(Number) });
  expect(Number(eventsOf(judged.out)[0]?.rocAuc)).toBeGreaterThan(0.9);
  expect(typo).toMatchObject({
    code: 2,
    err: expect.stringContaining('--calibrate: expected none with --task anomaly'),
  });
});
