import { describe, expect, it } from 'vitest';
import { parseTable } from '../../src/data/csv.js';
import { type ColumnKind, findColumns, fitColumns } from '../../src/tabular/columns.js';

const table = (name: string, rows: number, cell: (row: number) => string | number) =>
  parseTable(`${name},t\n${Array.from({ length: rows }, (_, row) => `${cell(row)},${row}`).join('\n')}\n`, 'f.csv');
const kindOf = (name: string, rows: number, cell: (row: number) => string | number, asked?: ColumnKind) =>
  findColumns(table(name, rows, cell), 't', asked && { [name]: asked }).get(name);

describe('a column of texts', () => {
  it('that differ in most rows is left out, however many there are', () => {
    expect(kindOf('zip', 45_000, row => `0${10_000 + row}`)).toMatchObject({
      kind: 'identifier',
      reason: "over 20000 different texts in 20001 rows, such as '010000'",
    });
  });

  it('of which none comes often enough to be learned is left out, and taken where it is asked for', () => {
    const cell = (row: number) => `p${row % 400}`;
    expect(kindOf('part', 1200, cell)).toMatchObject({
      kind: 'identifier',
      reason: '400 different texts, none of more than 3 rows',
    });
    const asked = findColumns(table('part', 1200, cell), 't', { part: 'category' });
    const [part] = fitColumns(table('part', 1200, cell), { found: asked, target: 't' }).columns;
    expect(part).toMatchObject({ kind: 'category', embedding: 16, values: expect.any(Array) });
    expect((part as { values: string[] }).values).toHaveLength(400);
  });
});

describe('whole numbers that are called id', () => {
  it.each(['id', 'customer_id', 'storeId'])('are categories where they come again: %s', name => {
    expect(kindOf(name, 300, row => 100 + (row % 52))).toEqual({ kind: 'category' });
    expect(kindOf(name, 300, row => 100 + (row % 200))).toMatchObject({ kind: 'identifier' });
  });

  it('are numbers under other names', () => {
    expect(kindOf('paid', 300, row => 100 + (row % 52))).toEqual({ kind: 'number' });
  });
});
