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

it('refuses more columns than 100,000', () => {
  const cells = { header: new Array<string>(100_002).fill('c') } as unknown as Cells;
  expect(() => findColumns(cells, 'c0')).toThrow('the table: expected at most 100000 columns, got 100002; leave some');
});
