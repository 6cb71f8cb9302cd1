/**
 * How a file is to be read, found in what it holds: the grammar of its numbers, its identifiers, and whether it has a
 * header.
 */
import { quote, shorten, wrongValue } from '../errors.js';
import { isBeyond, type NumberGrammar, numberReader, type Shape } from './numbers.js';
import type { Reading, Table } from './table.js';

/** What the user says of a file. */
export interface Wishes {
  readonly delimiter?: string;
  readonly decimal?: '.' | ',';
  /** `none`, or what stands between groups of three digits. */
  readonly thousands?: NumberGrammar['thousands'] | 'none';
  readonly missing?: readonly string[];
  readonly header?: boolean;
}

/** How often a column's cells have each shape, and the first row that has it. */
interface Profile {
  readonly column: number;
  readonly counts: Map<Shape, number>;
  readonly first: Map<Shape, number>;
  /** Cells that are not missing. */
  present: number;
}

/** What has cells whose writing tells something. */
export type Written = Pick<Table, 'header' | 'rows' | 'shape' | 'cell' | 'place'>;

function profileOf(table: Written, column: number): Profile {
  const profile: Profile = { column, counts: new Map(), first: new Map(), present: 0 };
  for (let row = 0; row < table.rows; row++) {
    const shape = table.shape(row, column);
    if (shape === undefined) continue;
    profile.present++;
    const count = profile.counts.get(shape);
    if (count === undefined) profile.first.set(shape, row);
    profile.counts.set(shape, (count ?? 0) + 1);
  }
  return profile;
}

/**
 * Whether a column's cells are numbers by some grammar, half of them at least. A list among them makes lists of all.
 */
function holdsNumbers({ counts, present }: Profile): boolean {
  return present > 0 && !counts.has('list') && 2 * (counts.get('text') ?? 0) <= present;
}

/** The cell that first shows something, for messages. */
interface Sample {
  readonly text: string;
  readonly place: string;
}

/** What the columns of numbers show together. */
class Evidence {
  readonly #counts = new Map<Shape, number>();
  readonly #samples = new Map<Shape, Sample>();

  constructor(table: Written, profiles: readonly Profile[]) {
    for (const { column, counts, first } of profiles) {
      for (const [shape, count] of counts) {
        this.#counts.set(shape, this.count(shape) + count);
        const row = first.get(shape) ?? 0;
        if (!this.#samples.has(shape)) {
          this.#samples.set(shape, {
            text: table.cell(row, column),
            place: table.place(row, table.header[column] ?? ''),
          });
        }
      }
    }
  }

  count(...shapes: Shape[]): number {
    return shapes.reduce((sum, shape) => sum + (this.#counts.get(shape) ?? 0), 0);
  }

  /** The first cell of these shapes, as messages show it. */
  sample(...shapes: Shape[]): string {
    const shown = shapes.map(shape => this.#samples.get(shape)).find(sample => sample !== undefined);
    return shown === undefined ? '' : `${quote(shown.text)} in ${shown.place}`;
  }

  has(...shapes: Shape[]): boolean {
    return this.count(...shapes) > 0;
  }
}

/** What shows that points stand before fractions, and what that commas do. */
const POINTS: readonly Shape[] = ['point', 'commaGroups', 'spaceGroupsPoint', 'apostropheGroupsPoint'];
const COMMAS: readonly Shape[] = ['surelyComma', 'pointGroups', 'spaceGroupsComma', 'apostropheGroupsComma'];
/** What is another number, or none, by another decimal. */
const TELLING: readonly Shape[] = [...POINTS, ...COMMAS, 'pointOrGroup', 'commaOrGroup', 'comma'];
const SPACED: readonly Shape[] = ['spaceGroups', 'spaceGroupsPoint', 'spaceGroupsComma'];
const APOSTROPHED: readonly Shape[] = ['apostropheGroups', 'apostropheGroupsPoint', 'apostropheGroupsComma'];

/** What stands before the fractions of a file's numbers; cells that more than one reading fits are refused. */
function decideDecimal(evidence: Evidence, delimiter: string, wishes: Wishes): '.' | ',' {
  if (wishes.decimal !== undefined) return wishes.decimal;
  if (wishes.thousands === ',') return '.';
  if (wishes.thousands === '.') return ',';
  // Where commas stand between cells, points stand before fractions.
  const pointsAreClear = delimiter === ',' && evidence.has('pointOrGroup');
  const hasPoint = evidence.has(...POINTS) || pointsAreClear;
  const hasComma = evidence.has(...COMMAS) || (delimiter === ';' && evidence.has('comma'));
  if (hasPoint && hasComma) {
    const point = evidence.sample(...POINTS, 'pointOrGroup');
    const comma = evidence.sample(...COMMAS, 'comma');
    throw unclear(`${point}, and ${comma}`, 'say --decimal . or --decimal ,');
  }
  if (hasPoint) return '.';
  if (hasComma) return ',';
  if (evidence.has('comma')) {
    const got = `${evidence.sample('comma')}, which may be a number or a list of two`;
    throw unclear(got, 'say --decimal , for numbers or --decimal . for texts');
  }
  const [hasCommas, hasPoints] = [evidence.has('commaOrGroup'), evidence.has('pointOrGroup')];
  // Where other separators group thousands, these do not.
  if (hasCommas !== hasPoints && evidence.has(...SPACED, ...APOSTROPHED)) return hasCommas ? ',' : '.';
  if (hasCommas || hasPoints) {
    const shape = hasCommas ? 'commaOrGroup' : 'pointOrGroup';
    const mark = hasCommas ? ',' : '.';
    const got = `${evidence.sample(shape)}, whose ${hasCommas ? 'comma' : 'point'} may stand for decimals or thousands`;
    throw unclear(got, `say --decimal ${mark} or --thousands ${mark}`);
  }
  return '.';
}

function unclear(got: string, mend: string): RangeError {
  return wrongValue('numbers', 'one way to read them', got, mend);
}

function decideThousands(evidence: Evidence, decimal: '.' | ',', wishes: Wishes): NumberGrammar['thousands'] {
  if (wishes.thousands !== undefined) return wishes.thousands === 'none' ? '' : wishes.thousands;
  const other = decimal === '.' ? ',' : '.';
  const grouped = decimal === '.' ? 'commaGroups' : 'pointGroups';
  const perhaps = decimal === '.' ? 'commaOrGroup' : 'pointOrGroup';
  const found: [NumberGrammar['thousands'], number][] = [
    [other, evidence.count(grouped)],
    [' ', evidence.count(...SPACED)],
    ["'", evidence.count(...APOSTROPHED)],
  ];
  found.sort((a, b) => b[1] - a[1]);
  const [best] = found;
  if (best !== undefined && best[1] > 0) return best[0];
  return evidence.has(perhaps) ? other : '';
}

/**
 * The same table, read as its cells show: one grammar for all its numbers, and the columns of whole numbers of which
 * some are identifiers left as texts. Columns that are not used show nothing.
 *
 * @throws RangeError where a cell would be another number by another grammar and nothing tells which is meant
 */
export function readByEvidence(
  table: Table,
  delimiter: string,
  wishes: Wishes,
  isUsed: (name: string) => boolean = () => true,
): Table {
  return new Shown(table, delimiter, isUsed).read(wishes);
}

/**
 * What groups digits in texts that stand among values, such as those of JSON: in `1,288` commas. Their decimals are
 * points, as the values' are; '' where nothing is grouped, or commas stand before fractions too.
 */
export function groupingShown(table: Written): NumberGrammar['thousands'] {
  const profiles = table.header.map((_, column) => profileOf(table, column)).filter(holdsNumbers);
  const evidence = new Evidence(table, profiles);
  return evidence.has(...COMMAS, 'comma') ? '' : decideThousands(evidence, '.', {});
}

/** What a table's cells show. */
export class Shown {
  readonly #table: Table;
  readonly #delimiter: string;
  readonly #profiles: Profile[] = [];
  readonly #evidence: Evidence;

  constructor(table: Table, delimiter: string, isUsed: (name: string) => boolean = () => true) {
    this.#table = table;
    this.#delimiter = delimiter;
    for (const [column, name] of table.header.entries()) {
      if (isUsed(name)) this.#profiles.push(profileOf(table, column));
    }
    this.#evidence = new Evidence(table, this.#profiles.filter(holdsNumbers));
  }

  /** The table, read so; see {@link readByEvidence}. */
  read(wishes: Wishes): Table {
    const table = this.#table;
    const { decimal, thousands } = this.grammar(wishes);
    const read = table.readBy({ ...table.reading, decimal, thousands });
    return read.readBy(read.reading, new Set(this.#identifiers(read)));
  }

  #identifiers(read: Table): number[] {
    return this.#profiles.filter(profile => holdsIdentifiers(read, profile)).map(({ column }) => column);
  }

  /** The table where nothing tells how its numbers are read: those that may be others keep that as their fault. */
  readUnclear(problem: string): Table {
    const table = this.#table;
    const unclear = this.#profiles.filter(({ counts }) => TELLING.some(shape => counts.has(shape)));
    return table.withUnclear(problem, new Set(unclear.map(({ column }) => column)), this.#identifiers(table));
  }

  /** @throws RangeError where a cell would be another number by another grammar and nothing tells which is meant */
  grammar(wishes: Wishes): NumberGrammar {
    const decimal = decideDecimal(this.#evidence, this.#delimiter, wishes);
    const thousands = decideThousands(this.#evidence, decimal, wishes);
    if (thousands !== decimal) return { decimal, thousands };
    throw wrongValue('--thousands', `another sign than the decimal '${decimal}'`, `'${thousands}'`);
  }

  /** Whether some number would be another one, or none, by another decimal. */
  get showsDecimal(): boolean {
    return this.#evidence.has(...TELLING);
  }

  /** Whether a cell is a number by that decimal alone. */
  needs(decimal: '.' | ','): boolean {
    const shapes = decimal === '.' ? POINTS : COMMAS;
    return this.#evidence.has(...shapes) || (decimal === ',' && this.#delimiter === ';' && this.#evidence.has('comma'));
  }

  /** The first cell that is a number by that decimal alone, as messages show it. */
  sample(decimal: '.' | ','): string {
    return decimal === '.' ? this.#evidence.sample(...POINTS) : this.#evidence.sample(...COMMAS, 'comma');
  }
}

/**
 * Whether a column is of whole numbers, whatever their writing, of which some are identifiers; or half of it is beyond
 * 2⁵³, whatever the rest: read as numbers, they would be one another.
 */
function holdsIdentifiers(table: Table, { column, counts, present }: Profile): boolean {
  const count = counts.get('identifier') ?? 0;
  if (count === 0) return false;
  if (2 * count >= present) {
    let beyond = 0;
    for (let row = 0; row < table.rows; row++) if (isBeyond(table.cell(row, column))) beyond++;
    if (2 * beyond >= present) return true;
  }
  if (counts.has('text')) return false;
  if (count + (counts.get('whole') ?? 0) === present) return true;
  for (let row = 0; row < table.rows; row++) {
    if (!Number.isInteger(table.number(row, column)) && !table.isMissing(row, column)) return false;
  }
  return true;
}

/**
 * Refuses a first row that is no header: where it has numbers above every column of numbers. Whole numbers at equal
 * distances, such as years or 0, 1, 2 …, are names, unless all of them stand in their columns again. In a table of
 * texts, it is no header where each of its cells does.
 */
export function refuseMissingHeader(where: string, table: Table): void {
  const read = numberReader(table.reading);
  const absent = new Set(['', ...table.reading.missing]);
  const numbers: number[] = [];
  let repeatedNumbers = 0;
  let texts = 0;
  let repeatedTexts = 0;
  for (const [index, name] of table.header.entries()) {
    const { kind, isRepeated } = columnShown(table, index, name, read);
    if (kind === 'empty' || absent.has(name)) continue;
    if (kind === 'numbers') {
      const number = read(name);
      if (Number.isNaN(number)) return;
      numbers.push(number);
      if (isRepeated) repeatedNumbers++;
    } else {
      texts++;
      if (isRepeated) repeatedTexts++;
    }
  }
  const isHeader =
    numbers.length === 0
      ? texts < 2 || repeatedTexts < texts
      : areNames(numbers, texts) && repeatedTexts === 0 && repeatedNumbers < numbers.length;
  if (isHeader) return;
  const got = numbers.length === 0 ? 'cells that stand below it again' : 'numbers, as below it';
  const mend =
    'add a header line, or say --no-header (the columns are then column1, column2 …), or --header if it is one';
  throw wrongValue(`${shorten(where)}, line 1`, 'the names of the columns', got, mend);
}

/**
 * Refuses a first line that counts rows and inputs and has the classes behind, as scikit-learn's own files begin:
 * `150,4,setosa,versicolor,virginica`. Read as names, it would pass where there are as many classes as fill the line.
 */
export function refuseCounts(where: string, { header, rows }: Table): void {
  const [first = '', second = '', ...classes] = header;
  const areCounts = first === String(rows) && second === String(header.length - 1);
  if (!areCounts || classes.length === 0 || classes.some(name => !Number.isNaN(Number(name)))) return;
  const got = `${quote(first)} and ${quote(second)}, which count the rows and the inputs below`;
  const mend = 'write the names in place of this line, or say --header if these are they';
  throw wrongValue(`${shorten(where)}, line 1`, 'the names of the columns', got, mend);
}

/**
 * What a column holds, found in at most a thousand of its rows, and whether its name is among them, as a number or a
 * text.
 */
function columnShown(table: Table, index: number, name: string, read: (cell: string) => number) {
  const named = read(name);
  let numbers = 0;
  let texts = 0;
  let isRepeated = false;
  for (let row = 0; row < Math.min(table.rows, 1000); row++) {
    const number = table.number(row, index);
    if (!Number.isNaN(number)) {
      numbers++;
      isRepeated ||= number === named;
    } else if (!table.isMissing(row, index)) {
      texts++;
      isRepeated ||= table.cell(row, index) === name;
    }
  }
  const kind = numbers + texts === 0 ? 'empty' : numbers > texts ? 'numbers' : 'texts';
  return { kind, isRepeated } as const;
}

/**
 * Whether numbers in the first row may be names: whole ones at equal distances, which two are by chance unless they
 * follow each other beside another name or begin at 0.
 */
function areNames(numbers: readonly number[], texts: number): boolean {
  const [first = 0, second = first + 1] = numbers;
  const step = second - first;
  if (step === 0 || (numbers.length === 1 && texts === 0)) return false;
  if (numbers.length === 2 && (Math.abs(step) !== 1 || (texts === 0 && first !== 0))) return false;
  return numbers.every((number, i) => Number.isInteger(number) && number === first + i * step);
}

/** How a file was read, in lines for people. */
export function describeReading(
  { decimal, thousands, missing, header }: Omit<Reading, 'names'>,
  delimiter?: string,
): string[] {
  const between = delimiter === undefined ? '' : `cells between ${delimiterName(delimiter)}, `;
  const names = header ? 'names in the first line' : 'no header line: columns are named by their places';
  const groups = thousands === '' ? '' : ` and thousands '${thousands}'`;
  const words =
    missing.length === 0
      ? ''
      : `, ${missing
          .slice(0, 12)
          .map(word => shorten(word))
          .join(', ')}${missing.length > 12 ? ' …' : ''}`;
  return [`read with ${between}${names}, decimals '${decimal}'${groups}`, `missing: empty cells${words}`];
}

/** A delimiter in words. */
export function delimiterName(delimiter: string): string {
  return DELIMITER_NAMES[delimiter] ?? quote(delimiter);
}

const DELIMITER_NAMES: Readonly<Record<string, string>> = {
  ',': 'commas',
  ';': 'semicolons',
  '\t': 'tabs',
  '|': 'vertical bars',
  ' ': 'spaces',
};
