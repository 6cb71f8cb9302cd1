import { describe, expect, it } from 'vitest';
import { fitTable } from '../../src/entries/tabular.node.js';
import { dateOrders, readDate } from '../../src/tabular/dates.js';

const at = (text: string) => {
  const orders = dateOrders(text);
  return orders.map(order => `${order} ${new Date(readDate(text, order)).toISOString()}`).join('; ');
};

describe('dates', () => {
  it.each([
    ['2026-12-31', 'iso 2026-12-31T00:00:00.000Z'],
    ['2026-12', 'iso 2026-12-01T00:00:00.000Z'],
    ['2026/12/31 23:59:58.25', 'iso 2026-12-31T23:59:58.000Z'],
    ['2026-12-31T10:00:00+02:30', 'iso 2026-12-31T07:30:00.000Z'],
    ['2026-12-31 10:00:00+02', 'iso 2026-12-31T08:00:00.000Z'],
    ['2026-12-31 10:00 UTC', 'iso 2026-12-31T10:00:00.000Z'],
    ['12/31/2026 08:30 PM', 'mdy 2026-12-31T20:30:00.000Z'],
    ['12/31/2026, 12:05:00 am', 'mdy 2026-12-31T00:05:00.000Z'],
    ['31/12/99', 'dmy 1999-12-31T00:00:00.000Z'],
    ['31.12.2026', 'dmy 2026-12-31T00:00:00.000Z'],
    ['1/2/68', 'dmy 2068-02-01T00:00:00.000Z; mdy 2068-01-02T00:00:00.000Z'],
    ['Jan 1 2000', 'mdy 2000-01-01T00:00:00.000Z'],
    ['September 5th, 1998', 'mdy 1998-09-05T00:00:00.000Z'],
    ['Sept 1998', 'mdy 1998-09-01T00:00:00.000Z'],
    ['01-JAN-98', 'dmy 1998-01-01T00:00:00.000Z'],
    ['Tue, 29 Feb 2000 12:00:00 GMT', 'dmy 2000-02-29T12:00:00.000Z'],
    ['5. May 2001', 'dmy 2001-05-05T00:00:00.000Z'],
    ['2001-May-05', 'iso 2001-05-05T00:00:00.000Z'],
  ])('are read as %s is', (text, expected) => {
    expect(at(text)).toBe(expected);
  });

  it.each([
    '2026-13-01',
    '31.02.2026',
    '2011-13',
    '29 Feb 2001',
    '1.2.10',
    '12/31/2026 13:00 PM',
    'Janu 1 2000x',
    '5 Foo 2000',
    '12:30',
    'March',
    '555-1234',
  ])('are not read out of %s', text => {
    expect(at(text)).toBe('');
  });
});

describe('a column of dates', () => {
  const names = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  const rows = (cell: (row: number) => string) =>
    Array.from({ length: 60 }, (_, row) => ({ when: cell(row), y: 'ab'[row % 2] ?? '' }));
  const quick = { target: 'y', epochs: 1, hidden: [4] } as const;
  const named = (row: number) => `${names[row % 12]} ${1 + (row % 28)} ${1990 + (row % 7)}`;

  it('is one also where months have names, and not a category or an identifier', async () => {
    const model = await fitTable(rows(named), quick);
    expect(model.columns[0]).toMatchObject({ kind: 'date', about: 'year, month, weekday, days' });
  });

  it('refuses the few cells that are none by their places, with a mend', async () => {
    const one = fitTable(
      rows(row => (row === 7 ? 'Feb 30 1995' : named(row))),
      quick,
    );
    await expect(one).rejects.toThrow(
      "row 7, column 'when': expected a date such as 12/31/2026, as in the rest of the column, got 'Feb 30 1995'; correct",
    );
  });
});
