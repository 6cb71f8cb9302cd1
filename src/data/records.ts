/** Where the cells of CSV text lie. */
import { allProblems, quote, shorten, wrongValue } from '../errors.js';
import type { FoundProblem } from './problems.js';
import { closingQuote, type Records } from './table.js';

const [TAB, LF, CR, SPACE, QUOTE] = [0x09, 0x0a, 0x0d, 0x20, 0x22];
const MOST_PROBLEMS = 100_000;

/** An array of whole numbers that grows. */
class Growing {
  values = new Uint32Array(1024);
  length = 0;

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = new Uint32Array(this.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }
}

/** Where in a file a piece of text lies whose records are looked for. */
export interface Piece {
  /** The byte where they begin; 0 by default. */
  readonly start?: number;
  /** The line that begins there; 1 by default. */
  readonly line?: number;
  /** Of how many cells the records before were, and how many rows; none by default. */
  readonly columns?: number;
  readonly rowsBefore?: number;
  /**
   * Whether the file ends where the text does, which it does by default. What may be a part of a record is left
   * otherwise.
   */
  readonly isLast?: boolean;
  /** Whether records of other cells than the first are left out, and told with what else is wrong with the table. */
  readonly gathers?: boolean;
}

/** The records of a piece, and where the next one is to begin. */
export interface FoundRecords extends Records {
  readonly end: number;
  readonly endLine: number;
}

/**
 * Finds the records of UTF-8 text.
 *
 * A cell goes to the next `delimiter` or line end (LF, CR or both, also mixed), or is in quotes, in which two quotes
 * are one; quotes elsewhere are text. Empty lines are passed over, but where there is one column they are records, save
 * at the end. Every record must have the cells of the first: all that have not are told together.
 */
export function findRecords(where: string, bytes: Uint8Array, delimiter: string, piece: Piece = {}): FoundRecords {
  const { start = 0, rowsBefore = 0, isLast = true, gathers = false } = piece;
  const separator = delimiter.charCodeAt(0);
  const end = bytes.length;
  const starts = new Growing();
  const lines = new Growing();
  const places = new Growing();
  const problems: FoundProblem[] = [];
  let ragged = 0;
  let { line = 1, columns = 0 } = piece;
  const isFirst = columns === 0;
  // How many cells the records have that are not as the first: one number, if they agree.
  let others: number | undefined;
  let trailing = { records: 0, at: start, line };
  let at = start;

  /** Quotes behind which nothing is known: with all that was found before. */
  const broken = (line: number, expected: string, got: string, mend: string) => {
    const { message } = wrongValue(`${shorten(where)}, line ${line}`, expected, got, mend);
    return allProblems([...problems.map(({ problem }) => problem), message]);
  };

  /** Passes over a cell in quotes that opens at `from`, and gives the place behind it. */
  const passQuoted = (from: number): number => {
    const opened = line;
    const close = closingQuote(bytes, from, end);
    if (!isLast && close + 1 >= end) return end;
    if (close === end) {
      const mend = 'close it, or write it twice where it is text in quotes';
      throw broken(opened, 'a closing quote', 'a quote that never closes', mend);
    }
    for (let i = from; i < close; i++) if (bytes[i] === LF || (bytes[i] === CR && bytes[i + 1] !== LF)) line++;
    let next = close + 1;
    while (isBlank(bytes[next], separator)) next++;
    if (line > opened && next < end && !endsCell(bytes[next], separator)) {
      const got = `one that closes on line ${line} and has text behind it`;
      const mend = 'close it where it belongs, or write it twice where it is text';
      throw broken(opened, 'quotes around a whole cell', got, mend);
    }
    return next;
  };

  while (at < end) {
    const recordLine = line;
    const recordStart = at;
    const before = starts.length;
    let cells = 0;
    let next = at;
    do {
      starts.push(at);
      cells++;
      next = at;
      while (isBlank(bytes[next], separator)) next++;
      if (bytes[next] === QUOTE) next = passQuoted(next);
      while (next < end && !endsCell(bytes[next], separator)) next++;
      at = next + 1;
    } while (next < end && bytes[next] === separator);
    // A line end may be missing, or the other half of it.
    if (!isLast && (next >= end || (bytes[next] === CR && next + 1 === end))) {
      starts.length = before;
      line = recordLine;
      at = recordStart;
      break;
    }
    starts.push(next + 1);
    if (bytes[next] === CR && bytes[next + 1] === LF) at++;
    line++;
    const isEmpty = cells === 1 && isBlankCell(bytes, starts.values[before] ?? 0, next);
    if (columns === 0 && !isEmpty) columns = cells;
    if (isEmpty && columns !== 1) starts.length = before;
    else if (cells !== columns) {
      starts.length = before;
      others = ragged === 0 || others === cells ? cells : undefined;
      const row = rowsBefore + lines.length + ragged + (isFirst ? 0 : 1);
      ragged++;
      if (problems.length < MOST_PROBLEMS) {
        const problem = raggedRow(where, `row ${row} (line ${recordLine})`, columns, cells, line - recordLine);
        problems.push({ row, problem });
      }
    } else {
      places.push(lines.length + ragged);
      lines.push(recordLine);
      if (!isEmpty) trailing = { records: 0, at, line };
      else trailing.records++;
    }
  }
  if (problems.length > 0) {
    const isAlone = isFirst && lines.length === 1 && ragged > 1;
    if (isAlone && (columns === 1 || others !== undefined)) throw noHeader(where, bytes, start, columns, others);
    if (!gathers) throw allProblems(problems.map(({ problem }) => problem));
  }
  const count = lines.length - trailing.records;
  const [next, nextLine] = trailing.records > 0 ? [trailing.at, trailing.line] : [at, line];
  return {
    bytes,
    columns,
    count,
    rowsBefore,
    starts: starts.values,
    lines: lines.values,
    ...(ragged > 0 && { places: places.values }),
    ...(gathers && { faults: { problems } }),
    end: next,
    endLine: nextLine,
  };
}

/** The error for a first line that has other cells than all others. */
function noHeader(where: string, bytes: Uint8Array, start: number, columns: number, others?: number): RangeError {
  const [line = ''] = new TextDecoder()
    .decode(bytes.subarray(start, start + 400))
    .trimStart()
    .split(/[\r\n]/);
  const above = 'remove the lines above the names of the columns, also those that begin with #';
  const mend = columns > 1 && others === columns + 1 ? `name the column that has no name, or ${above}` : above;
  const expected = columns > 1 ? `${others} cells, as in all lines below` : 'as many cells as in the lines below';
  const count = columns > 1 ? columns : 'one';
  return wrongValue(`${shorten(where)}, line 1`, expected, `${count}: ${quote(line)}`, mend);
}

function raggedRow(where: string, row: string, columns: number, cells: number, lines: number): string {
  const across = lines > 1 ? `, ${lines} lines that quotes hold together` : '';
  const expected = `${columns} ${columns === 1 ? 'cell' : 'cells'}, as in the header`;
  const mend = 'check the row for missing or extra delimiters and quotes';
  return wrongValue(`${shorten(where)}, ${row}`, expected, `${cells}${across}`, mend).message;
}

function isBlank(byte: number | undefined, separator: number): boolean {
  return byte === SPACE || (byte === TAB && separator !== TAB);
}

function endsCell(byte: number | undefined, separator: number): boolean {
  return byte === separator || byte === LF || byte === CR;
}

function isBlankCell(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] !== SPACE && bytes[at] !== TAB) return false;
  return true;
}

const DELIMITERS = [',', ';', '\t', '|'];

/**
 * The delimiters that the header has and that the first records have as often, the most frequent; more than one where
 * nothing tells them apart. Commas that all stand between digits are decimal ones where another delimiter will do.
 */
export function sniffDelimiters(text: string): string[] {
  const counts = countDelimiters(text, 20);
  const found = DELIMITERS.map(delimiter => {
    const count = counts[0]?.get(delimiter) ?? 0;
    return { delimiter, count, agreeing: counts.filter(record => record.get(delimiter) === count).length };
  }).filter(({ count }) => count > 0);
  const most = Math.max(...found.map(({ agreeing }) => agreeing));
  let best = found.filter(({ agreeing }) => agreeing === most);
  const areDecimal = counts.every(record => record.get('decimal') === record.get(','));
  if (best.length > 1 && areDecimal) best = best.filter(({ delimiter }) => delimiter !== ',');
  const largest = Math.max(...best.map(({ count }) => count));
  return best.filter(({ count }) => count === largest).map(({ delimiter }) => delimiter);
}

/**
 * For each of the first non-empty records, how often each delimiter stands outside quotes, and how many commas between
 * digits.
 */
function countDelimiters(text: string, records: number): Map<string, number>[] {
  const counts: Map<string, number>[] = [];
  let quoted = false;
  let start = 0;
  for (let i = 0; i <= text.length && counts.length < records; i++) {
    const char = text[i];
    if (char === '"') quoted = !quoted;
    if (i < text.length && (quoted || (char !== '\n' && char !== '\r'))) continue;
    const unquoted = text.slice(start, i).replace(/"[^"]*"/g, '');
    if (i > start) {
      const record = new Map(DELIMITERS.map(delimiter => [delimiter, unquoted.split(delimiter).length - 1]));
      counts.push(record.set('decimal', unquoted.match(/(?<=\d),(?=\d)/g)?.length ?? 0));
    }
    start = i + 1;
  }
  return counts;
}
