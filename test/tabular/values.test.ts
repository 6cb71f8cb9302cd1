/** Values that can be read in two ways are texts, or refused: whole numbers beyond 2^53, units, words for «no value». */
import { describe, expect, it } from 'vitest';
import { readCsv } from '../../src/entries/data.js';
import { fitTable } from '../../src/entries/tabular.node.js';

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

describe('whole numbers that are no quantities', () => {
  it.each<[string, (row: number) => unknown]>([
    ['texts of 20 digits', row => ['12345678901234567890', '12345678901234567891'][row % 2]],
    ['texts with leading zeros', row => ['007', '7'][row % 2]],
    ['BigInts beyond 2^53', row => [9007199254740993n, 9007199254740995n][row % 2]],
    ['BigInts of which some are small', row => [9007199254740993n, 7n][row % 2]],
  ])('%s are texts, each of its own', async (_, cell) => {
    const inputs = await fitTable(rowsOf(cell), quick);
    expect(inputs.columns[0]).toMatchObject({ kind: 'category', inputs: 2 });
    const targets = await fitTable(
      rowsOf(row => row, cell),
      quick,
    );
    expect(targets.target.classes).toEqual([0, 1].map(row => String(cell(row))).sort());
  });

  it('are so in a table that was read from a file', async () => {
    const model = await fitTable(await readCsv(csvOf(row => `1234567890123456789${row % 3}`)), quick);
    expect(model.columns[0]).toMatchObject({ kind: 'category', inputs: 3 });
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

it('dates of the first century are no dates of the last, and invalid ones are named', async () => {
  const cell = (row: number) => `00${10 + (row % 60)}-01-01`;
  const model = await fitTable(rowsOf(cell), quick);
  expect(model.columns[0]?.about).toMatch(/year/);
  expect(() => model.predict({ a: new Date(Number.NaN) })).toThrow(
    "predict: row 0, column 'a': expected a date, got an invalid Date",
  );
});
