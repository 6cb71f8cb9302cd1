import { describe, expect, it } from 'vitest';
import { parseTable } from '../../src/data/csv.js';
import { isIdentifier, type NumberGrammar, numberReader } from '../../src/data/numbers.js';

describe('a number', () => {
  it.each<[NumberGrammar['decimal'], NumberGrammar['thousands'], Record<string, number>]>([
    ['.', '', { '5': 5, '+5': 5, '-5': -5, '−5': -5, '.5': 0.5, '5.': 5, '1e5': 1e5, '1.5E-3': 0.0015 }],
    ['.', ',', { '1,000': 1000, '-1,234,567.5': -1234567.5, '12,34,567': 1234567, '1000': 1000 }],
    [',', '.', { '1.234,56': 1234.56, '1,5': 1.5, '1.234': 1234, '0,05': 0.05 }],
    [',', ' ', { '1 234,5': 1234.5, '1\u00a0234': 1234, '1\u202f234\u2009567': 1234567 }],
    ['.', "'", { "1'234.5": 1234.5, '1’234': 1234 }],
  ])("with decimals '%s' and thousands '%s'", (decimal, thousands, cells) => {
    const read = numberReader({ decimal, thousands });
    for (const [cell, number] of Object.entries(cells)) expect(read(cell), cell).toBe(number);
  });

  it('is no other writing', () => {
    const read = numberReader({ decimal: '.', thousands: ',' });
    const others = [
      '',
      '-',
      '.',
      '1,2',
      '1,23',
      '1,2345',
      '0,123',
      '0x10',
      '1_000',
      'Infinity',
      '-inf',
      'NaN',
      '1e999',
      '1 2',
      '१',
    ];
    for (const cell of others) expect(read(cell), cell).toBeNaN();
  });

  it('is an identifier with leading zeros, or beyond 2^53', () => {
    for (const cell of ['007', '-007', '00', '9007199254740993', '11898508762506083287']) {
      expect(isIdentifier(cell), cell).toBe(true);
    }
    for (const cell of ['0', '7', '-7', '9007199254740992', '0.07', '1e20', 'x007']) {
      expect(isIdentifier(cell), cell).toBe(false);
    }
  });

  it('is an identifier beyond 2^53 in other writings, where float64 merges it with its neighbour', () => {
    const merged = [
      '9.007199254740993e15',
      '-9,007199254740993E+15',
      '1.1898508762506083287e19',
      '9007199254740993.0',
      '9007199254740993,',
      '9007199254740993e0',
      '9,007,199,254,740,993',
      '9.007.199.254.740.993,00',
      '9 007 199 254 740 993',
      '+9’007’199’254’740’993',
      ' 9007199254740993 ',
    ];
    for (const cell of merged) expect(isIdentifier(cell), cell).toBe(true);
    // What float64 keeps, and what programs write of its numbers.
    const kept = ['9.007199254740992e15', '9007199254740994.0', '1.8446744073709552e+19', '1.989000000000000038e+30'];
    for (const cell of kept) expect(isIdentifier(cell), cell).toBe(false);
    for (const cell of ['9.007199254740993', '9007199254740993.5', '0.9007199254740993e1']) {
      expect(isIdentifier(cell), cell).toBe(false);
    }
  });
});

/** The numbers of a file's column `x`, whose other column is `k`; NaN where a cell is a text. */
function numbersOf(cells: readonly string[], delimiter = ',', others: readonly string[] = []): number[] {
  const rows = cells.map((cell, i) => `${delimiter === ',' ? `"${cell}"` : cell}${delimiter}${others[i] ?? 'a'}`);
  const table = parseTable(`x${delimiter}k\n${rows.join('\n')}\n`, 'f.csv');
  return cells.map((_, row) => table.number(row, 0));
}

describe('the grammar of a file', () => {
  it.each<[string, string[], string, string[], number[]]>([
    ['points', ['1.5', '2'], ',', [], [1.5, 2]],
    ['points with three places, between commas', ['1.234', '2.345'], ',', [], [1.234, 2.345]],
    ['points by another column', ['1,234', '2'], '\t', ['0.5', '1.5'], [1234, 2]],
    ['commas between semicolons', ['1,5', '2'], ';', [], [1.5, 2]],
    ['commas by another column', ['1.234', '2'], ';', ['0,5', '1,25'], [1234, 2]],
    ['commas that are no list', ['-1,5', '2,05'], '\t', [], [-1.5, 2.05]],
    ['both', ['1.234,5', '7'], '\t', [], [1234.5, 7]],
    ['thousands twice', ['1,234,567', '1,000'], '\t', [], [1234567, 1000]],
    ['spaces', ['1 234', '1,250'], '\t', [], [1234, 1.25]],
    ['apostrophes', ["1'234", '1.250'], '\t', [], [1234, 1.25]],
    ['spaces and commas', ['1 234,5', '7'], '\t', ['1,250', '2'], [1234.5, 7]],
    ['narrow spaces and commas', ['1\u202f234,5', '7'], ',', [], [1234.5, 7]],
    ['spaces and points', ['1 234.567', '7'], '\t', ['1.250', '2'], [1234.567, 7]],
    ['apostrophes and commas', ["1'234'567,8", '7'], ',', [], [1234567.8, 7]],
    ['blanks in quotes', ['"  5 "', '" 7\u00a0"'], '\t', [], [5, 7]],
    ['lists', ['1,2', '1,2,3'], '\t', [], [Number.NaN, Number.NaN]],
    ['lists of two beside points', ['1,2', '3,4'], '\t', ['0.5', '1.5'], [Number.NaN, Number.NaN]],
    ['identifiers', ['007', '12'], ',', [], [Number.NaN, Number.NaN]],
    ['whole numbers beyond 2^53', ['11898508762506083287', '12'], ',', [], [Number.NaN, Number.NaN]],
    ['identifiers in two writings', ['9007199254740993.0', '9.007199254740992e15'], ',', [], [Number.NaN, Number.NaN]],
    ['identifiers beside 5.0', ['11898508762506083287', '5.0'], ',', [], [Number.NaN, Number.NaN]],
    ['measures with leading zeros', ['007', '1.5'], ',', [], [7, 1.5]],
  ])('of %s', (_, cells, delimiter, others, numbers) => {
    expect(numbersOf(cells, delimiter, others)).toEqual(numbers);
  });

  it.each<[string, string[], string, string[], string]>([
    ['1,000 alone', ['700', '1,000'], '\t', [], "got '1,000' in row 2 (line 3), column 'x', whose comma may stand"],
    ['1,000 alone in quotes', ['700', '1,000'], ',', [], 'say --decimal , or --thousands ,'],
    ['1.000 alone', ['700', '1.000'], ';', [], 'say --decimal . or --thousands .'],
    [
      '1,5 alone',
      ['1,5', '2,5'],
      '\t',
      [],
      'a number or a list of two; say --decimal , for numbers or --decimal . for texts',
    ],
    ['both signs', ['1,5', '2,5'], ';', ['0.5', '1.5'], "got '0.5' in row 1 (line 2), column 'k', and '1,5' in row 1"],
    ['two groupings', ['1,000', '2'], '\t', ['1.000', '3'], 'one way to read them'],
  ])('is refused for %s', (_, cells, delimiter, others, message) => {
    expect(() => numbersOf(cells, delimiter, others)).toThrow(message);
  });

  it('is what the user says', () => {
    const text = 'x\tk\n700\t1\n1,000\t2\n';
    const read = (wishes: object) => parseTable(text, 'f.tsv', wishes).number(1, 0);
    expect([{ decimal: ',' }, { decimal: '.' }, { thousands: ',' }].map(read)).toEqual([1, 1000, 1000]);
    expect(parseTable('x;k\n1,5;0.5\n', 'f.csv', { decimal: '.', thousands: 'none' }).number(0, 0)).toBeNaN();
  });

  it('takes no evidence from columns of texts or columns that are not used', () => {
    const table = parseTable('x\tk\n1,000\ta 1.5\n2\tb\n3\tc\n', 'f.tsv', { thousands: ',' });
    expect(table.number(0, 0)).toBe(1000);
    expect(() => parseTable('x\tk\n1,000\t1.5 m\n2\t2.5 m\n', 'f.tsv')).toThrow('one way to read them');
  });

  it('lets words and numbers count as missing', () => {
    const table = parseTable('x,k\n-999,none\n1.5,?\n,NA\n', 'f.csv', { missing: ['-999', '?'] });
    expect([0, 1, 2].map(row => table.number(row, 0))).toEqual([Number.NaN, 1.5, Number.NaN]);
    expect([0, 1, 2].map(row => table.isMissing(row, 1))).toEqual([false, true, false]);
  });

  it('knows missing values in whatever writing and in quotes with blanks', () => {
    const table = parseTable('x,k\n-999.0,"  "\n"-999 "," ? "\n−999,""\n999,"a ?"\n', 'f.csv', {
      missing: ['-999', '?'],
    });
    const rows = [0, 1, 2, 3];
    expect(rows.map(row => [table.isMissing(row, 0), table.isMissing(row, 1)])).toEqual([
      [true, true],
      [true, true],
      [true, true],
      [false, false],
    ]);
    expect(rows.map(row => table.number(row, 0))).toEqual([Number.NaN, Number.NaN, Number.NaN, 999]);
    expect(parseTable(`x,k\n${' '.repeat(300)}NA${' '.repeat(300)},1\n`, 'f.csv').isMissing(0, 0)).toBe(true);
  });
});
