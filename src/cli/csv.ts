import { isUtf8 } from 'node:buffer';
import { CsvError, parse } from 'csv-parse/sync';
import type { Row, Table } from '../data/table.js';
import { wrongValue } from '../errors.js';
import { readBytes } from '../files/save.js';
import { counted } from './output.js';

const DELIMITERS = [',', ';', '\t'];

/** Reads a CSV file into a table: see `parseTable`. */
export async function readTable(path: string): Promise<Table> {
  return parseTable(textOf(await readBytes(path), path), path);
}

/** A file's text: UTF-8, or the UTF-16 that spreadsheets write. */
function textOf(bytes: Uint8Array, path: string): string {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  if (!utf16 && !isUtf8(bytes)) throw wrongValue(path, 'text in UTF-8', 'other bytes', 'save the file as UTF-8 CSV');
  return new TextDecoder(utf16 ? 'utf-16le' : 'utf-8').decode(bytes);
}

/**
 * Parses CSV with a header line. Commas, semicolons or tabs between the cells (whichever the header has, or what Excel's
 * first line `sep=;` says), quoted cells, LF or CRLF, blanks around cells dropped. Empty lines are passed over, but in a
 * table of one column they are missing values. Between semicolons and tabs `1,5` is read as 1.5, as the spreadsheets
 * that write them mean it. Every row must have a cell for each column.
 */
export function parseTable(text: string, where: string): Table {
  text = text.replaceAll('\r\n', '\n').replace(/(?<!\n)\n+$/, '');
  const said = /^\uFEFF?"?sep=([^"\n])"?\n/i.exec(text)?.[1];
  const delimiter = said ?? sniffDelimiter(text);
  const rows: Row[] = [];
  let header: string[] | undefined;
  let lastLine = said === undefined ? 0 : 1;
  const onRecord = (record: string[], { lines }: { lines: number }): null => {
    lastLine = lines;
    if (record.length === 1 && record[0] === '' && header?.length !== 1) return null;
    if (header === undefined) {
      header = record;
      return null;
    }
    const cells = delimiter === ',' ? record : record.map(withDecimalPoint);
    let line = lines;
    for (const cell of cells) if (cell.includes('\n')) line -= cell.split('\n').length - 1;
    const row = { cells, number: rows.length + 1, line };
    if (cells.length !== header.length) {
      const mend = 'check the row for missing or extra delimiters and quotes';
      const at = `${where}, row ${row.number} (line ${line})`;
      throw wrongValue(at, `${counted(header.length, 'cell')}, as in the header`, cells.length, mend);
    }
    rows.push(row);
    return null;
  };
  try {
    parse(text, {
      bom: true,
      delimiter,
      ltrim: true,
      rtrim: true,
      from_line: said === undefined ? 1 : 2,
      relax_column_count: true,
      relax_quotes: true,
      on_record: onRecord,
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const isOpen = error.code === 'CSV_QUOTE_NOT_CLOSED';
    const got = isOpen ? `a quote that never closes in the row at line ${lastLine + 1}` : error.message;
    throw wrongValue(where, 'well-formed CSV', got, 'check the quotes there');
  }
  if (header === undefined) throw wrongValue(where, 'a header line and rows', 'an empty file');
  if (rows.length === 0) throw wrongValue(where, 'at least one row below the header', 'none');
  return { header, rows };
}

/** The delimiter that the header has and that the first records have as often; of several, the most frequent. */
function sniffDelimiter(text: string): string {
  const counts = countDelimiters(text, 20);
  let best = ',';
  let bestAgreeing = 0;
  let bestCount = 0;
  for (const delimiter of DELIMITERS) {
    const count = counts[0]?.get(delimiter) ?? 0;
    const agreeing = counts.filter(record => record.get(delimiter) === count).length;
    if (count > 0 && (agreeing > bestAgreeing || (agreeing === bestAgreeing && count > bestCount))) {
      best = delimiter;
      bestAgreeing = agreeing;
      bestCount = count;
    }
  }
  return best;
}

/** For each of the first non-empty records, how often each delimiter stands outside quotes. */
function countDelimiters(text: string, records: number): Map<string, number>[] {
  const counts: Map<string, number>[] = [];
  let quoted = false;
  let start = 0;
  for (let i = 0; i <= text.length && counts.length < records; i++) {
    const char = text[i];
    if (char === '"') quoted = !quoted;
    if (i < text.length && (quoted || (char !== '\n' && char !== '\r'))) continue;
    const unquoted = text.slice(start, i).replace(/"[^"]*"/g, '');
    if (i > start) counts.push(new Map(DELIMITERS.map(delimiter => [delimiter, unquoted.split(delimiter).length - 1])));
    start = i + 1;
  }
  return counts;
}

/** `1,5` as `1.5`; everything else as it is. */
function withDecimalPoint(cell: string): string {
  return /^[+-]?\d+,\d+$/.test(cell) ? cell.replace(',', '.') : cell;
}

/** A cell as CSV writes it: in quotes where it holds a comma, a quote, a line break or outer blanks. */
export function csvCell(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A float32 in as few digits as read back to the same float32. */
export function float32Text(value: number): string {
  const single = Math.fround(value);
  return shortText(single, short => Math.fround(short) === single);
}

/** A number in as few digits, but six at least, as are `enough`. */
export function shortText(value: number, enough: (short: number) => boolean): string {
  for (let digits = 6; digits < 17; digits++) {
    const short = Number(value.toPrecision(digits));
    if (enough(short)) return String(short);
  }
  return String(value);
}
