import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvCell, float32Text, shortText } from '../../src/cli/writing.js';
import { parseTable } from '../../src/data/csv.js';
import type { Table } from '../../src/data/table.js';

/** The rows' cells. */
function rowsOf(table: Table): string[][] {
  return Array.from({ length: table.rows }, (_, row) => table.header.map((_, column) => table.cell(row, column)));
}

/** The header and the cells. */
function cellsOf(text: string): (readonly string[])[] {
  const table = parseTable(text, 'f.csv');
  return [table.header, ...rowsOf(table)];
}

describe('parseTable', () => {
  it.each([
    ['commas', 'a,b\n1,2\n'],
    ['semicolons', 'a;b\n1;2\n'],
    ['tabs', 'a\tb\n1\t2\n'],
    ['a byte order mark', '\uFEFFa,b\n1,2\n'],
    ['CRLF', 'a,b\r\n1,2\r\n'],
    ['no last line break', 'a,b\n1,2'],
    ['blanks around cells', 'a , b\n1,  2 \n'],
    ['empty lines', '\na,b\n\n1,2\n\n'],
    ['quotes', '"a","b"\n"1","2"\n'],
  ])('reads %s', (_, text) => {
    expect(cellsOf(text)).toEqual([
      ['a', 'b'],
      ['1', '2'],
    ]);
  });

  it('keeps delimiters, line breaks and quotes inside quotes', () => {
    const table = parseTable('a,"b;c;d"\r\n"x, y","one\r\ntwo"\r\n"say ""hi""",;\r\n', 'f.csv');
    expect(table.header).toEqual(['a', 'b;c;d']);
    expect(rowsOf(table)).toEqual([
      ['x, y', 'one\ntwo'],
      ['say "hi"', ';'],
    ]);
    expect([0, 1].map(row => table.place(row, 'a'))).toEqual([
      "row 1 (line 2), column 'a'",
      "row 2 (line 4), column 'a'",
    ]);
  });

  it('keeps empty cells, also between tabs', () => {
    expect(cellsOf('a\tb\tc\n\t2\t\n').at(1)).toEqual(['', '2', '']);
  });

  it('takes an empty line for a missing value where there is one column, but at the end of the file', () => {
    const table = parseTable('\nx\n0.5\n\n-0.5\n""\n\n', 'f.csv');
    expect(rowsOf(table)).toEqual([['0.5'], [''], ['-0.5'], ['']]);
    expect(table.place(3, 'x')).toBe("row 4 (line 6), column 'x'");
  });

  it.each(['sep=;\n', '\uFEFFsep=;\r\n', '"sep=;"\n', 'SEP=;\n'])("obeys Excel's first line: %j", first => {
    const table = parseTable(`${first}a,b;c,d\n1;x\n`, 'f.csv');
    expect(table.header).toEqual(['a,b', 'c,d']);
    expect(rowsOf(table)).toEqual([['1', 'x']]);
    expect(table.place(0, 'c,d')).toBe("row 1 (line 3), column 'c,d'");
  });

  it('prefers the delimiter that every record has as often', () => {
    expect(cellsOf('name;size, in cm, or so\nx;1\ny;2\n').at(1)).toEqual(['x', '1']);
    expect(cellsOf('only\n1\n2\n')).toEqual([['only'], ['1'], ['2']]);
    expect(cellsOf('a;b\n1,5;2,5\n').at(1)).toEqual(['1,5', '2,5']);
    expect(cellsOf('a,b;c;d\n1,2;3;4\n').at(1)).toEqual(['1,2', '3', '4']);
  });

  it('refuses delimiters that nothing tells apart', () => {
    const text = 'a,b;c\n1,x;3\n4,y;6\n';
    expect(() => parseTable(text, 'f.csv')).toThrow(
      'f.csv: expected one sign between the cells, got as many commas as semicolons in every line; say which it is with --delim',
    );
    expect(parseTable(text, 'f.csv', { delimiter: ';' }).header).toEqual(['a,b', 'c']);
  });

  it.each(['A title', '# made by x'])('refuses %j above the header', line => {
    expect(() => parseTable(`${line}\na,b\n1,2\n3,4\n`, 'f.csv')).toThrow(
      `f.csv, line 1: expected as many cells as in the lines below, got one: '${line}'; remove the lines above`,
    );
  });

  it('tells of a first line of other cells than all others once, and not of every row', () => {
    const [few, one] = ['569,30,a,b\n1,2,3,4,5,6\n1,2,3,4,5,6\n', 'a,b\nx,1,2\ny,3,4\n'];
    expect(() => parseTable(few, 'f.csv')).toThrow(
      "f.csv, line 1: expected 6 cells, as in all lines below, got 4: '569,30,a,b'; remove the lines above the names",
    );
    expect(() => parseTable(one, 'f.csv')).toThrow(
      "f.csv, line 1: expected 3 cells, as in all lines below, got 2: 'a,b'; name the column that has no name, or remove",
    );
  });

  it.each([
    ['an empty file', '', 'f.csv: expected a header line and rows, got an empty file'],
    ['a header alone', 'a,b\n', 'f.csv: expected at least one row below the header, got none'],
    ['a short row', 'a,b\n1,2\n3\n', 'f.csv, row 2 (line 3): expected 2 cells, as in the header, got 1'],
    ['a long row', 'a,b\n"x\ny",2\n\n1,2,3\n', 'f.csv, row 2 (line 5): expected 2 cells, as in the header, got 3'],
    ['a wide row', 'a\n1,2\n', 'f.csv, row 1 (line 2): expected 1 cell, as in the header, got 2'],
    [
      'an open quote',
      'a,b\n1,2\n"3,4\n5,6\n',
      'f.csv, line 3: expected a closing quote, got a quote that never closes',
    ],
  ])('refuses %s', (_, text, message) => {
    expect(() => parseTable(text, 'f.csv')).toThrow(message);
  });

  it('reads back whatever csvCell writes', () => {
    const cell = fc
      .string({ minLength: 1 })
      .map(text => text.replaceAll('\r', '').trim())
      .filter(text => text !== '');
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), rows => {
        const text = ['first,second', ...rows.map(row => row.map(csvCell).join(','))].join('\n');
        expect(cellsOf(text).slice(1)).toEqual(rows);
      }),
    );
  });
});

describe('shortText', () => {
  it('gives six digits, or as many more as are enough', () => {
    const near = (value: number, error: number) => shortText(value, short => Math.abs(short - value) <= error);
    expect(near(1700012345.678, 0.5)).toBe('1700012346');
    expect(near(1e39, 1e33)).toBe('1e+39');
    expect(near(0.1, 0)).toBe('0.1');
    expect(near(0.1 + 0.2, 0)).toBe('0.30000000000000004');
    expect(shortText(Number.NaN, () => false)).toBe('NaN');
  });
});

describe('float32Text', () => {
  it('reads back to the same float32', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), value => {
        expect(Math.fround(Number(float32Text(value)))).toBe(value === 0 ? 0 : value);
      }),
    );
  });

  it('writes no more digits than that needs', () => {
    expect([0.1, 1 / 3, 1, 0, 1e-7, 16777216, -2.5].map(float32Text)).toEqual([
      '0.1',
      '0.33333334',
      '1',
      '0',
      '1e-7',
      '16777216',
      '-2.5',
    ]);
  });
});
