/** How a file is to be read, found in what it holds: the grammar of its numbers, its identifiers, and whether it has a header. */
import { quote, shorten, wrongValue } from '../errors.js';
import { type NumberGrammar, numberReader, type Shape } from './numbers.js';
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

function profileOf(table: Table, column: number): Profile {
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

/** Whether a column's cells are numbers by some grammar, half of them at least. A list among them makes lists of all. */
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

  constructor(table: Table, profiles: readonly Profile[]) {
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

/** What stands before the fractions of a file's numbers; cells that more than one reading fits are refused. */
function decideDecimal(evidence: Evidence, delimiter: string, wishes: Wishes): '.' | ',' {
  if (wishes.decimal !== undefined) return wishes.decimal;
  if (wishes.thousands === ',') return '.';
  if (wishes.thousands === '.') return ',';
  // Where commas stand between cells, points stand before fractions.
  const pointsAreClear = delimiter === ',' && evidence.has('pointOrGroup');
  const hasPoint = evidence.has('point', 'commaGroups') || pointsAreClear;
  const hasComma = evidence.has('surelyComma', 'pointGroups') || (delimiter === ';' && evidence.has('comma'));
  if (hasPoint && hasComma) {
    const point = evidence.sample('point', 'commaGroups', 'pointOrGroup');
    const comma = evidence.sample('surelyComma', 'pointGroups', 'comma');
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
  if (hasCommas !== hasPoints && evidence.has('spaceGroups', 'apostropheGroups')) return hasCommas ? ',' : '.';
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
    [' ', evidence.count('spaceGroups')],
    ["'", evidence.count('apostropheGroups')],
  ];
  found.sort((a, b) => b[1] - a[1]);
  const [best] = found;
  if (best !== undefined && best[1] > 0) return best[0];
  return evidence.has(perhaps) ? other : '';
}

/**
 * The same table, read as its cells show: one grammar for all its numbers, and the columns of whole numbers of which some are identifiers left as texts.
 * Columns that are not used show nothing.
 *
 * @throws RangeError where a cell would be another number by another grammar and nothing tells which is meant
 */
export function readByEvidence(
  table: Table,
  delimiter: string,
  wishes: Wishes,
  isUsed: (name: string) => boolean = () => true,
): Table {
  const profiles: Profile[] = [];
  for (const [column, name] of table.header.entries()) if (isUsed(name)) profiles.push(profileOf(table, column));
  const evidence = new Evidence(table, profiles.filter(holdsNumbers));
  const decimal = decideDecimal(evidence, delimiter, wishes);
  const thousands = decideThousands(evidence, decimal, wishes);
  if (thousands === decimal) {
    throw wrongValue('--thousands', `another sign than the decimal '${decimal}'`, `'${thousands}'`);
  }
  const identifiers = profiles
    .filter(({ counts, present }) => {
      const count = counts.get('identifier') ?? 0;
      return count > 0 && count + (counts.get('whole') ?? 0) === present;
    })
    .map(({ column }) => column);
  return table.readBy({ ...table.reading, decimal, thousands }, new Set(identifiers));
}

/**
 * Refuses a first row that is no header: where it has numbers above every column of numbers. Whole numbers at equal distances, such as years or 0, 1, 2 …,
 * are names. In a table of texts, it is no header where each of its cells stands in its column again.
 */
export function refuseMissingHeader(where: string, table: Table): void {
  const read = numberReader(table.reading);
  const absent = new Set(['', ...table.reading.missing]);
  const numbers: number[] = [];
  let texts = 0;
  let repeated = 0;
  for (const [index, name] of table.header.entries()) {
    const kind = kindOf(table, index, name);
    if (kind === 'empty' || absent.has(name)) continue;
    if (kind === 'numbers') {
      const number = read(name);
      if (Number.isNaN(number)) return;
      numbers.push(number);
    } else {
      texts++;
      if (kind === 'repeated') repeated++;
    }
  }
  const isHeader = numbers.length === 0 ? texts < 2 || repeated < texts : areNames(numbers, texts) && repeated === 0;
  if (isHeader) return;
  const got = numbers.length === 0 ? 'cells that stand below it again' : 'numbers, as below it';
  const mend =
    'add a header line, or say --no-header (the columns are then column1, column2 …), or --header if it is one';
  throw wrongValue(`${shorten(where)}, line 1`, 'the names of the columns', got, mend);
}

/** What a column holds, found in at most a thousand of its rows, and whether its name is among them. */
function kindOf(table: Table, index: number, name: string): 'empty' | 'numbers' | 'texts' | 'repeated' {
  let numbers = 0;
  let texts = 0;
  let isRepeated = false;
  for (let row = 0; row < Math.min(table.rows, 1000); row++) {
    if (!Number.isNaN(table.number(row, index))) numbers++;
    else if (!table.isMissing(row, index)) {
      texts++;
      isRepeated ||= table.cell(row, index) === name;
    }
  }
  if (numbers + texts === 0) return 'empty';
  if (numbers > texts) return 'numbers';
  return isRepeated ? 'repeated' : 'texts';
}

/** Whether numbers in the first row may be names: whole ones at equal distances, which two are by chance unless they follow each other. */
function areNames(numbers: readonly number[], texts: number): boolean {
  const [first = 0, second = first + 1] = numbers;
  const step = second - first;
  if (step === 0 || (numbers.length === 1 && texts === 0) || (numbers.length === 2 && Math.abs(step) !== 1))
    return false;
  return numbers.every((number, i) => Number.isInteger(number) && number === first + i * step);
}

/** How a file was read, in lines for people. */
export function describeReading(
  { decimal, thousands, missing, header }: Omit<Reading, 'names'>,
  delimiter?: string,
): string[] {
  const between = delimiter === undefined ? '' : `cells between ${DELIMITER_NAMES[delimiter] ?? quote(delimiter)}, `;
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

const DELIMITER_NAMES: Readonly<Record<string, string>> = {
  ',': 'commas',
  ';': 'semicolons',
  '\t': 'tabs',
  '|': 'vertical bars',
  ' ': 'spaces',
};
