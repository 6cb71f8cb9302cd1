/** How the columns that are predicted from become the network's inputs. */
import { roomFor } from '../conversions.js';
import { Problems } from '../data/problems.js';
import { standardise } from '../data/scaling.js';
import { columnIndex } from '../data/table.js';
import { wordsOf } from '../data/words.js';
import { listed, quote, wrongValue } from '../errors.js';
import type { Cells } from './cells.js';
import { datePart, readDate } from './dates.js';
import {
  type BooleanColumn,
  type CategoryColumn,
  columnWidth,
  type DateColumn,
  type InputColumn,
  inputWidth,
  isLookedUp,
  isOutside,
  type NumberColumn,
  type Preprocessing,
  type TextColumn,
  valueWidth,
} from './preprocessing.js';
import { isOfUnit, withUnit } from './units.js';

/** What to do with missing cells, and with texts no training row had: refuse them, or fill them in. */
export interface EncodeOptions {
  missing?: 'refuse' | 'fill';
  unknown?: 'refuse' | 'fill';
  /** Whether a model is trained on them: columns may then be left out. */
  trains?: boolean;
  /** Where problems are gathered; without it they are thrown, all together. */
  problems?: Problems;
}

/** A table's inputs, and by their columns' names how many cells something else stands for. */
export interface Encoded {
  /** Row-major rows × `inputWidth`. */
  readonly x: Float32Array;
  /** Missing cells that were filled in. */
  readonly filled: ReadonlyMap<string, number>;
  /** Texts that no training row had. */
  readonly unknown: ReadonlyMap<string, number>;
}

/** The table's inputs, columns found by their names. */
export function encodeInputs(cells: Cells, preprocessing: Preprocessing, options: EncodeOptions = {}): Encoded {
  const { columns, target } = preprocessing;
  const named = [...columns, target].map(({ name }) => name);
  const encoder = new InputEncoder(cells, preprocessing, options);
  let offset = 0;
  for (const input of columns) {
    if (input.kind === 'constant') encoder.constant(input.mean, offset);
    else {
      const find = () => columnIndex(cells, input.name, named);
      // A table of one column was not taken apart: what the first says of that is enough.
      const index = cells.header.length === 1 ? find() : encoder.problems.attempt(find);
      if (index !== undefined) encoder.encode(input, index, offset);
      if (index !== undefined && input.indicator) encoder.indicate(offset + valueWidth(input));
    }
    offset += columnWidth(input);
  }
  encoder.tellMissing();
  if (options.problems === undefined) encoder.problems.throwAny();
  return encoder;
}

/** Columns and counts of so many characters are one message. */
const MOST_COUNTS = 200;

/** Encodes one column after the other. */
class InputEncoder implements Encoded {
  readonly x: Float32Array;
  readonly filled = new Map<string, number>();
  readonly unknown = new Map<string, number>();
  readonly problems: Problems;
  /** Missing cells that are refused, by their columns. */
  readonly #missing = new Map<string, { readonly index: number; readonly row: number; count: number }>();
  readonly #width: number;
  /** The column at hand, and where its first input is. */
  #index = 0;
  #offset = 0;

  constructor(
    private readonly cells: Cells,
    private readonly preprocessing: Preprocessing,
    private readonly options: EncodeOptions,
  ) {
    this.#width = inputWidth(preprocessing);
    this.x = roomFor(cells.rows * this.#width);
    this.problems = options.problems ?? new Problems(cells.faults);
  }

  encode(input: Exclude<InputColumn, { kind: 'constant' }>, index: number, offset: number): void {
    this.#index = index;
    this.#offset = offset;
    if (input.kind === 'number') this.#numbers(input);
    else if (input.kind === 'date') this.#dates(input);
    else if (input.kind === 'text') this.#words(input);
    else this.#texts(input);
  }

  /** The one number that training knew, whatever there is now. */
  constant(value: number, offset: number): void {
    for (let at = offset; at < this.x.length; at += this.#width) this.x[at] = value;
  }

  /** 1 where the value of the column at hand is missing. */
  indicate(offset: number): void {
    const { cells } = this;
    for (let row = 0, at = offset; row < cells.rows; row++, at += this.#width) {
      this.x[at] = cells.isMissing(row, this.#index) ? 1 : 0;
    }
  }

  #numbers(column: NumberColumn): void {
    const { cells, problems, x } = this;
    const index = this.#index;
    const isScaled = isOutside(column, this.preprocessing);
    // Files of version 0.1.0 do not tell.
    const hasUnits = this.preprocessing.format !== undefined;
    for (let row = 0, at = this.#offset; row < cells.rows; row++, at += this.#width) {
      let number = cells.number(row, index);
      if (Number.isNaN(number)) {
        if (!this.#passMissing(row, column.name)) {
          problems.addCell(cells, row, () => this.#notANumber(row, column.name));
          continue;
        }
        number = column.fill ?? column.mean;
      } else if (hasUnits && !isOfUnit(cells.unit(row, index), column.unit ?? '')) {
        problems.addCell(cells, row, () => this.#notOfUnit(row, column));
        continue;
      }
      const value = Math.fround(isScaled ? standardise(number, column) : number);
      if (Number.isFinite(value)) x[at] = value;
      else {
        const expected = 'a number near those of the training rows';
        problems.addCell(cells, row, () => wrongValue(cells.place(row, column.name), expected, number));
      }
    }
  }

  #dates(column: DateColumn): void {
    const { cells, problems, x } = this;
    for (let row = 0, at = this.#offset; row < cells.rows; row++, at += this.#width) {
      let time = readDate(cells.cell(row, this.#index), column.order);
      if (Number.isNaN(time)) {
        if (!this.#passMissing(row, column.name)) {
          problems.addCell(cells, row, () => this.#notADate(row, column));
          continue;
        }
        time = column.fill;
      }
      for (const [i, { part }] of column.parts.entries()) x[at + i] = datePart(time, part);
    }
  }

  /** The places of a text's words; a text of none, or one that is missing, is an unknown word. */
  #words({ name, tokens, length }: TextColumn): void {
    const { cells, x, unknown } = this;
    const places = new Map(tokens.map((token, i) => [token, i + 2]));
    for (let row = 0, at = this.#offset; row < cells.rows; row++, at += this.#width) {
      const isMissing = this.#passMissing(row, name);
      const words = isMissing ? [] : wordsOf(cells.cell(row, this.#index)).slice(0, length);
      const own = words.map(word => places.get(word) ?? 1);
      if (!isMissing && own.every(place => place === 1)) unknown.set(name, (unknown.get(name) ?? 0) + 1);
      x.set(own.length === 0 ? [1] : own, at);
    }
  }

  /** A place for each text, 1 in the right one; or of two texts whether it is the second. */
  #texts(column: CategoryColumn | BooleanColumn): void {
    const { cells, x, unknown } = this;
    const isSpread = column.kind === 'category' && !isLookedUp(column);
    // Texts that are none of these have a place behind them, or nowhere a 1.
    const hasPlace = column.kind === 'category' && (column.other || isLookedUp(column));
    const other = hasPlace ? column.values.length : isSpread ? -1 : undefined;
    const ranks = new Map(column.values.map((value, rank) => [value, rank]));
    const fill = ranks.get(column.fill) ?? 0;
    for (let row = 0, at = this.#offset; row < cells.rows; row++, at += this.#width) {
      const cell = cells.cell(row, this.#index);
      let rank = ranks.get(cell);
      if (rank === undefined) {
        rank = fill;
        if (!this.#passMissing(row, column.name)) {
          if (!this.#takesOthers(column)) this.problems.addCell(cells, row, () => this.#unknownText(row, cell, column));
          else {
            unknown.set(column.name, (unknown.get(column.name) ?? 0) + 1);
            if (this.preprocessing.format !== undefined) rank = other ?? fill;
          }
        }
      }
      if (!isSpread) x[at] = rank;
      else if (rank >= 0) x[at + rank] = 1;
    }
  }

  /** Whether a text that no training row had is something: in files of version 0.1.0 only where that is asked for. */
  #takesOthers(column: CategoryColumn | BooleanColumn): boolean {
    if (this.options.unknown === 'fill') return true;
    return this.preprocessing.format !== undefined && column.kind === 'category';
  }

  /** Whether a cell is missing: it is then filled in, or a problem. */
  #passMissing(row: number, name: string): boolean {
    const { cells } = this;
    if (!cells.isMissing(row, this.#index)) return false;
    if (this.options.missing === 'fill') this.filled.set(name, (this.filled.get(name) ?? 0) + 1);
    else {
      const known = this.#missing.get(name);
      if (known === undefined) this.#missing.set(name, { index: this.#index, row, count: 1 });
      else known.count++;
    }
    return true;
  }

  /** One problem for all missing cells, by their columns. */
  tellMissing(): void {
    const { cells, problems } = this;
    const [[name, first] = ['', undefined], ...others] = this.#missing;
    if (first === undefined) return;
    const mend = `fill it in, or impute with ${cells.ways.impute}`;
    if (others.length === 0 && first.count === 1) {
      const got = shown(cells.cell(first.row, first.index));
      problems.addCell(cells, first.row, () => wrongValue(cells.place(first.row, name), 'a value', got, mend));
      return;
    }
    const counts = [...this.#missing].map(([name, { count }]) => `${quote(name)} ${count}`).join(', ');
    const all = `fill them in, or impute with ${cells.ways.impute}`;
    if (counts.length <= MOST_COUNTS) problems.add(wrongValue('missing values', 'none', counts, all));
    else {
      for (const [name, { row, count }] of this.#missing) {
        problems.addCell(cells, row, () => wrongValue(cells.place(row, name), 'a value', `${count} missing`, mend));
      }
    }
  }

  #notANumber(row: number, name: string): RangeError {
    const { cells } = this;
    const cell = cells.cell(row, this.#index);
    const { decimal, thousands } = cells.reading;
    const isWritten = /^[+\-−]?\d[\d.,'’ \u00a0\u2009\u202f]*\d$/.test(cell);
    const expected = isWritten
      ? `a number with '${decimal}' for decimals and ${thousands === '' ? 'nothing' : `'${thousands}'`} for thousands`
      : 'a number, as in the rest of the column';
    const mend = isWritten ? `correct it, or ${cells.ways.numbers}` : this.#mend(name);
    return wrongValue(cells.place(row, name), expected, quote(cell), mend);
  }

  #notOfUnit(row: number, { name, unit = '' }: NumberColumn): RangeError {
    const { cells } = this;
    const cell = quote(cells.cell(row, this.#index));
    return wrongValue(cells.place(row, name), `${withUnit(unit)}, as in training`, cell, 'write it in that unit');
  }

  #notADate(row: number, { name, order }: DateColumn): RangeError {
    const written = { iso: '2026-12-31', dmy: '31.12.2026', mdy: '12/31/2026' }[order];
    const expected = `a date such as ${written}, as in the rest of the column`;
    return wrongValue(
      this.cells.place(row, name),
      expected,
      quote(this.cells.cell(row, this.#index)),
      this.#mend(name),
    );
  }

  /** What can be done about a cell that does not fit its column. */
  #mend(name: string): string {
    const { ways } = this.cells;
    const { trains = false } = this.options;
    const missing = ways.missing(trains);
    const all = [
      'correct it',
      ...(missing === undefined ? [] : [`count it as missing with ${missing}`]),
      ...(trains ? [`leave it out with ${ways.leaveOut(name)}`] : []),
    ];
    const last = all.length > 1 ? `, or ${all.pop()}` : '';
    return `${all.join(', ')}${last}`;
  }

  #unknownText(row: number, cell: string, column: CategoryColumn | BooleanColumn): RangeError {
    const mend = `correct it, or put the most frequent one in its place with ${this.cells.ways.impute}`;
    return wrongValue(this.cells.place(row, column.name), `one of ${listed(column.values, quote)}`, quote(cell), mend);
  }
}

/** A cell for the «got» of a message. */
export function shown(cell: string): string {
  return cell === '' ? 'an empty cell' : quote(cell);
}

/** How many there are in all columns. */
export function totalOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
