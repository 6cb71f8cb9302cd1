/**
 * Values that can be read in two ways are texts, or refused: whole numbers beyond 2^53, units, words for «no value».
 */
import { describe, expect, it } from 'vitest';
import { readCsv } from '../../src/entries/data.js';
import { Model } from '../../src/entries/node.js';
import { fitTable, TableModel } from '../../src/entries/tabular.node.js';
import { cellsOf } from '../../src/tabular/cells.js';
import { checkTableOptions } from '../../src/tabular/fitTable.js';
import { crossValidateCells } from '../../src/tabular/folds.js';

const quick = { target: 't', epochs: 1, hidden: [] } as const;
const rowsOf = (cell: (row: number) => unknown, target = (row: number): unknown => ['x', 'y'][row % 2]) =>
  Array.from({ length: 60 }, (_, row) => ({ a: cell(row), t: target(row) }));
const utf8 = (text: string) => new TextEncoder().encode(text);
const csvOf = (cell: (row: number) => unknown, target?: (row: number) => unknown) =>
  utf8(
    `a,t\n${rowsOf(cell, target)
      .map(({ a, t }) => `${a},${t}\n`)
      .join('')}`,
  );

describe('texts that write numbers', () => {
  const grouped = (row: number) => (987 + 1370 * row).toLocaleString('en-US');
  it.each<[string, (row: number) => unknown]>([
    ['money', row => `$${grouped(row)}.00`],
    ['groups of three digits', grouped],
    ['percentages', row => `${row} %`],
    ['groups among numbers', row => (row % 2 ? grouped(row) : row)],
  ])('%s are numbers, here and in the file', async (_, cell) => {
    const model = await fitTable(rowsOf(cell), quick);
    expect(model.columns[0]).toMatchObject({ kind: 'number', inputs: 1 });
    const loaded = await TableModel.fromBytes(model.toBytes());
    expect(loaded.predict({ a: cell(5) })).toEqual(model.predict({ a: cell(5) } as never));
  });

  it.each([
    ['lists', ['1,2', '1,2,3']],
    ['decimal commas', ['1,5', '1,234']],
  ])('%s stay what they are', async (_, cells) => {
    const model = await fitTable(
      rowsOf(row => cells[row % 2]),
      quick,
    );
    expect(model.columns[0]).toMatchObject({ kind: 'category', inputs: 2 });
  });
});

describe('whole numbers that are no quantities', () => {
  it.each<[string, (row: number) => unknown]>([
    ['texts of 20 digits', row => ['12345678901234567890', '12345678901234567891'][row % 2]],
    ['texts with leading zeros', row => ['007', '7'][row % 2]],
    ['BigInts beyond 2^53', row => [9007199254740993n, 9007199254740995n][row % 2]],
    ['texts of 20 digits with one fraction', row => (row % 30 === 7 ? '1.5' : `1234567890123456789${row % 2}`)],
    ['BigInts of which some are small', row => [9007199254740993n, 7n][row % 2]],
  ])('%s are texts, each of its own', async (_, cell) => {
    const inputs = await fitTable(rowsOf(cell), quick);
    expect(inputs.columns[0]).toMatchObject({ kind: 'category', inputs: new Set(rowsOf(cell).map(({ a }) => a)).size });
    const targets = await fitTable(
      rowsOf(row => row, cell),
      quick,
    );
    expect(targets.target.classes).toEqual([...new Set(rowsOf(cell).map(({ a }) => String(a)))].sort());
  });

  it('are so in a table that was read from a file', async () => {
    const model = await fitTable(await readCsv(csvOf(row => `1234567890123456789${row % 3}`)), quick);
    expect(model.columns[0]).toMatchObject({ kind: 'category', inputs: 3 });
    // A fraction among them is one text more: as numbers all others would be the same.
    const mixed = await readCsv(csvOf(row => (row === 7 ? '1.5' : `1234567890123456789${row % 3}`)));
    expect(new Set<unknown>(mixed.column('a') as unknown[])).toEqual(
      new Set([0, 1, 2].map(row => `1234567890123456789${row}`).concat('1.5')),
    );
  });
});

describe('units', () => {
  const cents = (row: number) => `$${row * 2}.50`;

  it.each<[string, (row: number) => string]>([
    ['dollars and euros', row => `${'$€'[row % 2]}${row}.5`],
    ['percentages and fractions', row => (row % 2 ? `${row}%` : `0.${row}1`)],
  ])('%s are refused in inputs and in targets', async (_, cell) => {
    await expect(fitTable(rowsOf(cell), quick)).rejects.toThrow("column 'a': expected one unit");
    const asked = { ...quick, columns: { a: 'number' } } as const;
    await expect(fitTable(rowsOf(cell), asked)).rejects.toThrow("column 'a': expected one unit");
    for (const task of [undefined, 'regression', 'classification'] as const) {
      const given = rowsOf(row => row, cell);
      await expect(fitTable(given, { ...quick, ...(task && { task }) })).rejects.toThrow(
        "target 't': expected one unit",
      );
    }
    await expect(fitTable(await readCsv(csvOf(cell)), quick)).rejects.toThrow("column 'a': expected one unit");
  });

  it('of training are those of predictions; money may go without its sign, a percentage not', async () => {
    const percent = await fitTable(
      rowsOf(row => `${row} %`),
      quick,
    );
    expect(() => percent.predict({ a: '12%' })).not.toThrow();
    for (const a of [0.12, 12, '0.12', '$12', '12 €']) {
      expect(() => percent.predict({ a })).toThrow("row 0, column 'a': expected numbers with '%', as in training, got");
    }
    const money = await fitTable(rowsOf(cents), quick);
    expect(money.predict({ a: 12 })).toEqual(money.predict({ a: '$12.00' }));
    expect(() => money.predict({ a: '12 €' })).toThrow("expected numbers with '$', as in training, got '12 €'");
    const plain = await fitTable(
      rowsOf(row => row / 2),
      quick,
    );
    expect(() => plain.predict({ a: '12%' })).toThrow("expected numbers alone, as in training, got '12%'");
  });

  it('of the target are those of evaluations', async () => {
    const model = await fitTable(
      rowsOf(row => row, cents),
      quick,
    );
    expect(() =>
      model.evaluate(
        rowsOf(
          row => row,
          row => `${row}.5 €`,
        ),
      ),
    ).toThrow("target 't': expected numbers with '$', as in training, got numbers with '€'");
  });
});

describe('words for «no value»', () => {
  const countries = (row: number) => ['NA', 'DE', '?'][row % 3];

  it('are those that the user lists, then and later', async () => {
    const model = await fitTable(rowsOf(countries), { ...quick, missing: ['?'], impute: true });
    expect(model.columns[0]).toMatchObject({ kind: 'category', inputs: 3 });
    expect(() => model.predict({ a: 'NA' }, { impute: false })).not.toThrow();
    expect(() => model.predict({ a: '?' }, { impute: false })).toThrow("column 'a': expected a value, got '?'");
    await expect(fitTable(rowsOf(countries), { ...quick, missing: 'NA' as never })).rejects.toThrow(
      'missing: expected',
    );
  });

  it('are those of the file that a table was read from', async () => {
    const table = await readCsv(csvOf(countries), { missing: ['?'] });
    const model = await fitTable(table, { ...quick, impute: true });
    expect(() => model.predict({ a: 'NA' }, { impute: false })).not.toThrow();
    expect(() => model.predict({ a: '?' }, { impute: false })).toThrow('expected a value');
  });
});

describe('numbers that float32 does not hold well', () => {
  it.each([1e300, 1e-300])('of %d have figures that float64 holds', async unit => {
    const given = rowsOf(
      row => row,
      row => (1 + row) * unit,
    );
    const model = await fitTable(given, { ...quick, validation: 0 });
    const one = await fitTable(
      rowsOf(
        row => row,
        row => 1 + row,
      ),
      { ...quick, validation: 0 },
    );
    const [found, expected] = [
      model.evaluate(given),
      one.evaluate(
        rowsOf(
          row => row,
          row => 1 + row,
        ),
      ),
    ];
    if (!('r2' in found) || !('r2' in expected)) throw new Error('expected figures of numbers');
    expect(found.r2).toBeCloseTo(expected.r2, 4);
    expect(found.rootMeanSquaredError / unit).toBeCloseTo(expected.rootMeanSquaredError, 2);
    expect(found.baseline.rootMeanSquaredError / unit).toBeCloseTo(expected.baseline.rootMeanSquaredError, 6);
  });

  it('are standardised before the network: parts of it are refused, and gradients are of the raw ones', async () => {
    const table = await fitTable(
      Array.from({ length: 80 }, (_, i) => ({ a: 1e6 + i, b: (i * 7) % 11, t: 1000 + i * 1.5 })),
      { ...quick, hidden: [8], activation: 'tanh' },
    );
    const model = await Model.fromBytes(table.toBytes());
    expect(() => model.upTo('0.normalization')).toThrow(
      'upTo: expected a model whose network takes its rows as they are',
    );
    const loss = 'meanSquaredError';
    const costOf = (a: number) => model.cost([[a, 3]], [1007.5], { loss });
    const { input } = model.gradients([[1e6 + 5, 3]], [1007.5], { loss, inputs: true }).gradients;
    const numeric = (costOf(1e6 + 6) - costOf(1e6 + 4)) / 2;
    expect((input?.[0] ?? 0) / numeric).toBeCloseTo(1, 2);
  });
});

it('models, files and tables of other kinds are refused by name; a table is predicted row by row', async () => {
  const table = await readCsv(csvOf(row => row));
  const model = await fitTable(table, quick);
  expect(model.predict(table)).toEqual(model.predict([...table]));
  expect(() => new (TableModel as unknown as new () => unknown)()).toThrow(
    'TableModel: expected fitTable(rows, options)',
  );
  await expect(model.save(undefined as never)).rejects.toThrow('TableModel.save: expected a string');
  expect(() => table.labels(undefined as never)).toThrow("column: expected a column's name, got undefined");
  expect(() => table.labels('t', 5 as never)).toThrow('labels: classes: expected a list of classes, got 5');
});

it('dates of the first century are no dates of the last, and invalid ones are named', async () => {
  const cell = (row: number) => `00${10 + (row % 60)}-01-01`;
  const model = await fitTable(rowsOf(cell), quick);
  expect(model.columns[0]?.about).toMatch(/year/);
  expect(() => model.predict({ a: new Date(Number.NaN) })).toThrow(
    "predict: row 0, column 'a': expected a date, got an invalid Date",
  );
});

describe('a class of one row', () => {
  const rows = rowsOf(
    row => row,
    row => (row === 9 ? 'z' : 'xy'[row % 2]),
  );

  it('is refused by its name where rows are held out, and else learned', async () => {
    await expect(fitTable(rows, quick)).rejects.toThrow("target 't': expected two rows of every class, got one of 'z'");
    expect((await fitTable(rows, { ...quick, validation: 0 })).target.classes).toEqual(['x', 'y', 'z']);
  });

  it('is fewer than folds', async () => {
    const folds = crossValidateCells(
      TableModel,
      cellsOf('test', rows),
      checkTableOptions('test', quick),
      {
        folds: 3,
        seeds: [0],
      },
      () => {},
    );
    await expect(folds).rejects.toThrow(
      'crossValidate: folds: expected at least 3 rows of every class, got 1 of the class z',
    );
  });
});
