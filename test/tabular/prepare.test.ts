import { describe, expect, it } from 'vitest';
import { parseTable } from '../../src/data/csv.js';
import type { Cells } from '../../src/tabular/cells.js';
import { findColumns } from '../../src/tabular/columns.js';
import { type PrepareOptions, prepare } from '../../src/tabular/prepare.js';

const table = parseTable(
  `x,y\n${Array.from({ length: 100 }, (_, i) => `${i},${i % 5 === 0 ? 'rare' : 'often'}`).join('\n')}\n`,
  'f.csv',
);
const numbers = (part: Cells) => Array.from({ length: part.rows }, (_, row) => part.number(row, 0));
const prepared = (options: Partial<PrepareOptions>) =>
  prepare(table, { target: 'y', validation: 0.2, seed: 0, keep: 'best', refit: true, ...options });

describe('prepare', () => {
  it('takes three parts, each with its share of every class, and learns of the columns from the first alone', () => {
    const { training, validation, heldOut, preprocessing, whole } = prepared({});
    const parts = [training, validation, heldOut].map(({ cells }) => numbers(cells));
    expect(parts.map(({ length }) => length)).toEqual([64, 16, 20]);
    expect(parts.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(parts.map(part => part.filter(number => number % 5 === 0).length)).toEqual([13, 3, 4]);
    const mean = (part: readonly number[]) => part.reduce((sum, number) => sum + number, 0) / part.length;
    expect(preprocessing.columns[0]).toMatchObject({ mean: expect.closeTo(mean(parts[0] ?? []), 12) });
    expect(whole?.preprocessing.columns[0]).toMatchObject({ mean: 49.5 });
  });

  it('holds the same rows out whatever chooses the epoch', () => {
    const { training, validation, heldOut, whole } = prepared({ keep: 'last' });
    expect([training, validation, heldOut].map(({ cells }) => cells.rows)).toEqual([80, 0, 20]);
    expect(numbers(heldOut.cells)).toEqual(numbers(prepared({}).heldOut.cells));
    expect(whole).toBeUndefined();
    expect(prepared({ refit: false }).whole).toBeUndefined();
    expect(prepared({ validation: 0 }).training.cells.rows).toBe(100);
  });
});

it('tells together of columns, cells and classes', () => {
  const rows = Array.from({ length: 40 }, (_, i) => {
    return `${i % 2 ? '$5' : '5 %'},${i === 3 ? '' : i},${i === 7 ? 'soon' : `2026-01-${10 + (i % 9)}`},${i === 9 ? 'c' : 'ab'[i % 2]}`;
  });
  const cells = parseTable(`fee,load,day,y\n${rows.join('\n')}\n`, 'f.csv');
  const options = { target: 'y', validation: 0.2, seed: 0, keep: 'best', refit: true } as const;
  let problems: readonly string[] = [];
  try {
    prepare(cells, options);
  } catch (error) {
    ({ problems } = error as { problems: readonly string[] });
  }
  expect(problems).toEqual([
    expect.stringContaining("column 'fee': expected one unit"),
    expect.stringContaining("target 'y': expected two rows of every class, got one of 'c'"),
    expect.stringContaining("row 4 (line 5), column 'load': expected a value"),
    expect.stringContaining("row 8 (line 9), column 'day': expected a date"),
  ]);
});

it('refuses more columns than 100,000', () => {
  const cells = { header: new Array<string>(100_002).fill('c') } as unknown as Cells;
  expect(() => findColumns(cells, 'c0')).toThrow('the table: expected at most 100000 columns, got 100002; leave some');
});
