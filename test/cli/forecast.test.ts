/** Forecasts of a series: parts in the order of time, seasons, what rules reach, and the command line around them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Model } from '../../src/entries/node.js';
import { TableModel } from '../../src/entries/tabular.node.js';
import { Random } from '../../src/random.js';
import { findSeason, forecastFigures, forecastParts } from '../../src/tabular/forecast.js';
import { eventsOf, Folder } from './runCli.js';

const folder = new Folder();
afterAll(() => folder.remove());

const week = [20, 10, 5, 8, 15, 40, 60];
const random = new Random(2, 0);
const sold = Array.from({ length: 280 }, (_, day) => 200 + 0.5 * day + (week[day % 7] ?? 0) + 6 * random.normal());
const dayOf = (index: number) => new Date(Date.UTC(2024, 0, 1 + index)).toISOString().slice(0, 10);
const csv = `day,sold\n${sold.map((value, day) => `${dayOf(day)},${value.toFixed(1)}`).join('\n')}\n`;
const options = [
  '--target',
  'sold',
  '--task',
  'forecast',
  '--horizon',
  '7',
  '--epochs',
  '120',
  '--learning-rate',
  '0.003',
];

it('keeps what is predicted of each part behind the part before', () => {
  const series = Array.from({ length: 100 }, (_, step) => step);
  const { training, validation, heldOut, all } = forecastParts(series, { length: 3, horizon: 2 }, 0.2);
  const targets = [training, validation, heldOut, all].map(({ y }) => [y[0], y.at(-1), y.length / 2]);
  expect(targets).toEqual([
    [3, 63, 60],
    [64, 79, 15],
    [80, 99, 19],
    [3, 99, 96],
  ]);
  expect(Array.from(heldOut.x.slice(0, 3))).toEqual([77, 78, 79]);
  expect(() => forecastParts(series, { length: 3, horizon: 30 }, 0.2)).toThrow('the series: expected enough steps');
});

it('finds seasons, and none where nothing repeats', () => {
  expect(findSeason(sold)).toBe(7);
  expect(findSeason(Array.from({ length: 120 }, (_, i) => Math.sin((i * Math.PI) / 6)))).toBe(12);
  const noise = new Random(1, 0);
  expect(findSeason(Array.from({ length: 300 }, () => noise.normal()))).toBeUndefined();
  expect(findSeason([1, 1, 1, 1, 1, 1])).toBeUndefined();
});

it('counts errors beside those of rules', () => {
  const windows = { x: Float32Array.of(1, 2, 3, 4), y: Float32Array.of(5, 3, 6, 4) };
  const figures = forecastFigures(Float32Array.of(5, 5, 5, 4), windows, { length: 2, horizon: 2, season: 2 });
  expect(figures).toMatchObject({ windows: 2, meanAbsoluteError: 0.75, byStep: [0.5, 1] });
  // The last values are 2 and 4, the season before 1, 2 and 3, 4.
  expect(figures.baselines).toMatchObject({
    lastValue: { meanAbsoluteError: (3 + 1 + 2 + 0) / 4 },
    seasonBefore: { meanAbsoluteError: (4 + 1 + 3 + 0) / 4 },
  });
});

it('trains, beats the rules on later steps, predicts those behind the file and judges others', async () => {
  folder.write('sales.csv', csv);
  const { code, out } = await folder.run('train', 'sales.csv', ...options, '--json', '--report', 'sales.html');
  expect(code).toBe(0);
  const end = eventsOf(out).at(-1) as {
    meanAbsoluteError: number;
    baselines: Record<string, { meanAbsoluteError: number }>;
  };
  expect(end).toMatchObject({ event: 'end', season: 7, length: 14, horizon: 7 });
  const page = readFileSync(join(folder.path, 'sales.html'), 'utf8');
  expect(page).toContain('<h1>Forecast of sold</h1>');
  expect(page).toMatch(/id="residuals" data-marks="[1-9]/);
  expect(page.includes('always the season before')).toBe(true);
  // The series has one decimal, and so have its float32 numbers.
  expect(page.match(/<dt>input \d+<\/dt><dd>\d+\.\d{2,}/g)).toBeNull();
  for (const rule of ['lastValue', 'seasonBefore']) {
    expect(end.meanAbsoluteError).toBeLessThan(end.baselines[rule]?.meanAbsoluteError ?? 0);
  }
  const predicted = await folder.run('predict', 'model.safetensors', 'sales.csv');
  const [header, ...lines] = predicted.out.trim().split('\n');
  expect(header).toBe('prediction');
  const truth = Array.from({ length: 7 }, (_, step) => 200 + 0.5 * (280 + step) + (week[(280 + step) % 7] ?? 0));
  expect(lines).toHaveLength(7);
  for (const [step, line] of lines.entries()) expect(Math.abs(Number(line) - (truth[step] ?? 0))).toBeLessThan(25);
  // Costs are in the unit that the network learns in, whatever the series' own: in that, the deviation is 1.
  const model = await Model.load(join(folder.path, 'model.safetensors'));
  const { x, y } = forecastParts(sold, { length: 14, horizon: 7 }, 0.2).heldOut;
  const errors = model.predict(x).map((value, i) => value - (y[i] ?? 0));
  const mean = sold.reduce((sum, value) => sum + value / sold.length, 0);
  const variance = sold.reduce((sum, value) => sum + (value - mean) ** 2 / sold.length, 0);
  const expected = errors.reduce((sum, error) => sum + (error * error) / errors.length, 0) / variance;
  const rows = Array.from({ length: y.length / 7 }, (_, i) => Array.from(y.slice(7 * i, 7 * i + 7)));
  for (const targets of [y, rows]) {
    expect(model.cost(x, targets, { loss: 'meanSquaredError' }) / expected).toBeCloseTo(1, 2);
  }
  const { meanAbsoluteError } = model.evaluate({ x, y }, { loss: 'meanSquaredError', metrics: ['meanAbsoluteError'] });
  expect(meanAbsoluteError).toBeCloseTo(
    errors.reduce((sum, error) => sum + Math.abs(error) / errors.length, 0),
    2,
  );
  await expect(TableModel.load(join(folder.path, 'model.safetensors'))).rejects.toThrow(
    'got one that forecasts a series; load it with Model',
  );
  expect((await folder.run('inspect', 'model.safetensors')).out).not.toContain('preprocessing');
  expect((await folder.run('evaluate', 'model.safetensors', 'sales.csv')).out).toContain('always the season before');
});

it('refuses what is no series', async () => {
  folder.write('sales.csv', csv);
  folder.write('mixed.csv', csv.replace('2024-01-05', '2024-01-02'));
  folder.write('still.csv', `sold\n${'7\n'.repeat(100)}`);
  folder.write('wrong.csv', csv.replace('2024-01-05', '2024-01-02').replace('2024-01-07,', '2024-01-07,x,'));
  const cases: [string[], number, string][] = [
    [['train', 'sales.csv', '--target', 'sold', '--task', 'forecast'], 2, '--task forecast: expected --horizon'],
    [['train', 'sales.csv', '--target', 'sold', '--horizon', '7'], 2, '--horizon: expected --task forecast with it'],
    [['train', 'sales.csv', ...options, '--impute'], 2, '--impute: expected none with --task forecast'],
    [['train', 'mixed.csv', ...options], 1, "column 'day': expected rows in the order of time"],
    [['train', 'still.csv', ...options], 1, "target 'sold': expected numbers that vary, got 7 in every row"],
    [['train', 'wrong.csv', ...options], 1, '2 problems'],
    [['cross-validate', 'sales.csv', ...options.slice(0, 4)], 2, '--task'],
  ];
  const outcomes = await Promise.all(cases.map(([args]) => folder.run(...(args as [string]))));
  for (const [i, [, code, message]] of cases.entries()) {
    expect(outcomes[i]).toMatchObject({ code, err: expect.stringContaining(message) });
  }
});
