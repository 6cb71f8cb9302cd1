import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openTable, parseTable } from '../../src/data/csv.js';

/** The cells of a table, its header first. */
function cellsOf(text: string, delimiter: string): string[][] {
  const { table } = openTable('f.csv', new TextEncoder().encode(text), { delimiter, header: false });
  return Array.from({ length: table.rows }, (_, row) => table.header.map((_, column) => table.cell(row, column)));
}

describe('records', () => {
  it('are those of csv-parse, for odd cells, delimiters and line ends', () => {
    const piece = fc.constantFrom('a', '1', '""', ',', ';', '\n', '\r\n', ' ', 'é', '−', '𝄞', '#', "'", '\t', '|');
    const quotedCell = fc.array(piece, { maxLength: 6 }).map(pieces => `"${pieces.join('')}"`);
    const plainCell = fc.array(fc.constantFrom('a', '1', '.', '-', 'ü', '日', ' ', '5"'), { maxLength: 5 });
    const cell = fc.oneof(
      quotedCell,
      plainCell.map(pieces => pieces.join('').replace(/^\s*"/, '')),
    );
    const table = fc.integer({ min: 2, max: 4 }).chain(columns => {
      const row = fc.array(cell, { minLength: columns, maxLength: columns });
      return fc.array(row, { minLength: 1, maxLength: 6 });
    });
    const end = fc.constantFrom('\n', '\r\n', '\n\n');
    fc.assert(
      fc.property(table, fc.constantFrom(',', ';', '|'), end, fc.boolean(), (rows, delimiter, end, isEnded) => {
        const text = `first${delimiter.repeat((rows[0]?.length ?? 1) - 1)}x${end}${rows.map(row => row.join(delimiter)).join(end)}${isEnded ? end : ''}`;
        const options = {
          delimiter,
          ltrim: true,
          rtrim: true,
          relax_quotes: true,
          skip_empty_lines: true,
          record_delimiter: ['\r\n', '\n'],
        };
        const expected: string[][] = parse(text, options);
        expect(cellsOf(text, delimiter)).toEqual(expected.map(row => row.map(cell => cell.replaceAll('\r\n', '\n'))));
      }),
      { seed: 42, numRuns: 500 },
    );
  });

  it('never end in anything but a table or an error of ours, whatever the bytes', () => {
    const bytes = fc.array(fc.constantFrom(...'a1,;\t|"\'\r\n .-#=é\0\ufeff'), { maxLength: 60 });
    fc.assert(
      fc.property(bytes, fc.boolean(), (letters, isMarked) => {
        try {
          parseTable(`${isMarked ? '\ufeff' : ''}${letters.join('')}`, 'f.csv');
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          expect((error as Error).message).toMatch(/expected .*got |problems: /s);
          expect((error as Error).message.length).toBeLessThanOrEqual(300);
        }
      }),
      { seed: 42, numRuns: 2000 },
    );
  });

  it('name every ragged row, the first three in the message', () => {
    const rows = Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? '1' : '1,2')).join('\n');
    try {
      parseTable(`a,b\n${rows}\n`, 'f.csv');
      expect.unreachable();
    } catch (error) {
      const { message, problems } = error as { message: string; problems: string[] };
      expect(problems).toHaveLength(10);
      expect(problems[9]).toContain('row 37 (line 38): expected 2 cells, as in the header, got 1');
      expect(message).toMatch(/^10 problems: .*and 7 more$/);
      expect(message.length).toBeLessThanOrEqual(300);
    }
  });

  it('are read in UTF-16 without its mark, of whatever alphabet', () => {
    const text = 'имя,возраст\nИван,мало\nПётр,много\n';
    const bytes = Buffer.from(text, 'utf16le');
    for (const file of [bytes, Buffer.from(bytes).swap16()]) {
      expect(openTable('f.csv', file).table.header).toEqual(['имя', 'возраст']);
    }
    expect(() => openTable('f.csv', Buffer.from('x,y,t\n1,\0,a\n3,\0,b\n'))).toThrow('a zero byte');
  });

  it('say where a quote begins that never closes, or closes too late', () => {
    expect(() => parseTable('a,b\n1,"x\n3,4\n', 'f.csv')).toThrow('f.csv, line 2: expected a closing quote');
    expect(() => parseTable('a,b\n1,"x\n3,4\n5,"y\n', 'f.csv')).toThrow(
      'f.csv, line 2: expected quotes around a whole',
    );
    expect(cellsOf('a,b\n"5" pipe,6"\n', ',')[1]).toEqual(['"5" pipe', '6"']);
  });
});

describe('files that are no CSV', () => {
  const bytes = (text: string) => Uint8Array.from(text, letter => letter.charCodeAt(0));
  it.each([
    ['a gzip file', '\x1f\x8b\x08\0'],
    ['a zip file', 'PK\x03\x04\x14\0'],
    ['a Parquet file', 'PAR1\x15\x04'],
    ['JSON', '[{"a": 1}]'],
    ['JSON', ' {"a": 1}\n{"a": 2}\n'],
    ['HTML', '<!DOCTYPE html><table>'],
    ['a zero byte', 'a,b\n1,\0\n'],
    ['as in Latin-1', 'a,b\n1,caf\xe9\n'],
  ])('are named: %s', (name, text) => {
    expect(() => openTable('f.csv', bytes(text))).toThrow(name);
  });
});
