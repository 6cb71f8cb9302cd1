import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTable } from '../../src/data/csv.js';
import { fitScaling, restore, standardise } from '../../src/data/scaling.js';
import { PLAIN_READING } from '../../src/data/table.js';
import { type Cells, ValueCells } from '../../src/tabular/cells.js';
import { type ColumnKind, findColumns, fitPreprocessing as fitFound } from '../../src/tabular/columns.js';
import { encodeInputs } from '../../src/tabular/inputs.js';
import { inputWidth, outputWidth, parsePreprocessing, type Task } from '../../src/tabular/preprocessing.js';
import { classIndices, encodeTarget, targetNumbers } from '../../src/tabular/target.js';

const classification = { target: 'kind', task: 'classification' } as const;

/** What a table says of its columns, some of which may be told. */
function fitPreprocessing(
  table: Cells,
  { target, task, columns = {} }: { target: string; task: Task; columns?: Record<string, ColumnKind> },
) {
  return fitFound(table, { target, task, found: findColumns(table, target, columns) });
}

/** What training does with a table: its inputs, encoded as they were learned from it. */
function encodeOwn(table: Cells): Float32Array {
  return encodeInputs(table, fitPreprocessing(table, classification)).x;
}

/** The message of what `work` throws. */
function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'nothing was thrown';
}

const flowers = parseTable(
  'size,colour,same,kind\n1,red,0.1,a\n2,blue,0.1,b\n3,red,0.1,a\n6,green,0.1,b\n',
  'flowers.csv',
);

describe('scaling', () => {
  it("matches scikit-learn's StandardScaler on iris", () => {
    const iris = parseTable(readFileSync('data/iris.csv', 'utf8'), 'iris.csv');
    const { columns } = fitPreprocessing(iris, { target: 'species', task: 'classification' });
    // StandardScaler().fit(load_iris().data): mean_ and var_, as scikit-learn prints them.
    const means = [5.84333333, 3.05733333, 3.758, 1.19933333];
    const variances = [0.68112222, 0.18871289, 3.09550267, 0.57713289];
    columns.forEach((column, c) => {
      if (column.kind !== 'number') throw new Error('iris has only numbers');
      expect(column.mean).toBeCloseTo(means[c] ?? 0, 8);
      expect(column.scale ** 2).toBeCloseTo(variances[c] ?? 0, 8);
    });
  });

  it('uses the population standard deviation', () => {
    expect(fitScaling([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({ mean: 5, scale: 2 });
  });

  it('encodes a column that never varies as 0, also where its mean misses by a rounding', () => {
    for (const value of [0, 0.1, 1e-320, -7e300]) {
      const scaling = fitScaling([value, value, value]);
      expect(scaling).toEqual({ mean: value, scale: 0 });
      expect(standardise(value, scaling)).toBe(0);
      expect(standardise(value + 5, scaling)).toBe(0);
    }
  });

  it('keeps numbers of any size: mean 0 and deviation 1 afterwards, and back again', () => {
    const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(values, fc.constantFrom(1e-250, 1e-3, 1, 1e9, 1e250), (integers, unit) => {
        fc.pre(new Set(integers).size > 1);
        const numbers = integers.map(integer => integer * unit);
        const scaling = fitScaling(numbers);
        const scaled = numbers.map(number => standardise(number, scaling));
        const mean = scaled.reduce((sum, value) => sum + value, 0) / scaled.length;
        const variance = scaled.reduce((sum, value) => sum + (value - mean) ** 2, 0) / scaled.length;
        expect(mean).toBeCloseTo(0, 10);
        expect(variance).toBeCloseTo(1, 10);
        scaled.forEach((value, i) => {
          expect(restore(value, scaling) / unit).toBeCloseTo(integers[i] ?? 0, 8);
        });
      }),
    );
  });
});

describe('fitting', () => {
  const fitted = fitPreprocessing(flowers, classification);

  it('tells numbers from texts and leaves the target out', () => {
    expect(fitted).toEqual({
      format: 2,
      columns: [
        { name: 'size', kind: 'number', mean: 3, scale: expect.closeTo(Math.sqrt(3.5), 12), fill: 2.5 },
        { name: 'colour', kind: 'category', values: ['blue', 'green', 'red'], fill: 'red' },
        { name: 'same', kind: 'constant', mean: 0.1 },
      ],
      target: { name: 'kind', kind: 'classes', values: ['a', 'b'] },
    });
    expect(inputWidth(fitted)).toBe(5);
    expect(outputWidth(fitted)).toBe(2);
  });

  it('learns from the rows it is given and from no others', () => {
    const { columns } = fitPreprocessing(flowers.pick([0, 1]), classification);
    expect(columns.slice(0, 2)).toEqual([
      { name: 'size', kind: 'number', mean: 1.5, scale: 0.5, fill: 1.5 },
      { name: 'colour', kind: 'category', values: ['blue', 'red'], fill: 'blue' },
    ]);
  });

  it('leaves out what it is told to ignore', () => {
    const { columns } = fitPreprocessing(flowers, { ...classification, columns: { colour: 'drop', same: 'drop' } });
    expect(columns.map(column => column.name)).toEqual(['size']);
    const misspelt = { ...classification, columns: { color: 'drop' } as const };
    expect(messageOf(() => fitPreprocessing(flowers, misspelt))).toContain("'colour'?");
  });

  it('passes over missing values', () => {
    const table = parseTable('n,t,kind\n1,x,a\nNA,NULL,b\n,null,a\n3,x,b\nNaN,N/A,b\nnan,n/a,b\n"NA","",b\n', 'f.csv');
    const { columns, dropped } = fitPreprocessing(table, classification);
    expect(columns).toEqual([{ name: 'n', kind: 'number', mean: 2, scale: 1, fill: 2 }]);
    expect(dropped).toEqual([{ name: 't', kind: 'constant', reason: "always 'x'" }]);
  });

  it('names the place of a text among numbers', () => {
    const table = parseTable('n,kind\n1,a\n2,b\nthree,b\n', 'f.csv');
    expect(messageOf(() => encodeOwn(table))).toBe(
      "row 3 (line 4), column 'n': expected a number, as in the rest of the column, got 'three'; " +
        'correct it, or count it as missing with --missing',
    );
  });

  it('refuses infinite numbers as it does texts', () => {
    for (const cell of ['Infinity', '-inf', '1e999', '0x10', '1_000']) {
      const table = parseTable(`n,kind\n1,a\n2,b\n${cell},b\n`, 'f.csv');
      expect(messageOf(() => encodeOwn(table))).toContain(`got '${cell}'`);
    }
  });

  it('refuses columns without a name or with one that another has, unless they are ignored or not needed', () => {
    const table = parseTable(',a,a,b,kind\n1,2,3,4,x\n2,3,4,6,y\n', 'f.csv');
    const fitWithout = (dropped: string[]) => {
      const columns = Object.fromEntries(dropped.map(name => [name, 'drop' as const]));
      return fitPreprocessing(table, { ...classification, columns });
    };
    expect(messageOf(() => fitWithout(['a']))).toContain('column 1: expected a name, got an empty header cell');
    expect(messageOf(() => fitWithout(['']))).toContain("column 'a': expected one column of that name, got 2");
    const fitted = fitWithout(['', 'a']);
    expect(fitted.columns.map(({ name }) => name)).toEqual(['b']);
    expect([...encodeInputs(table, fitted).x]).toEqual([4, 6]);
  });

  it('shows control characters instead of obeying them', () => {
    const table = parseTable('"a\n\u001b[2J",kind\n1,x\n2,y\nz,y\n', 'f.csv');
    expect(messageOf(() => encodeOwn(table))).toContain("column 'a\\n\\u{1b}[2J'");
  });

  it('refuses a table that leaves no column, and one class', () => {
    const names = Array.from({ length: 101 }, (_, i) => `name${i},${i % 2 ? 'a' : 'b'}`);
    const many = parseTable(`n,kind\n${names.join('\n')}\n`, 'f.csv');
    expect(messageOf(() => fitPreprocessing(many, classification))).toContain("none but 'n' (identifier), left out");
    const empty = parseTable('n,kind\nNA,a\n,b\n', 'f.csv');
    expect(messageOf(() => fitPreprocessing(empty, classification))).toContain("none but 'n' (empty), left out");
    const same = parseTable('n,kind\n1,a\n2,a\n', 'f.csv');
    expect(messageOf(() => fitPreprocessing(same, classification))).toContain('at least two classes');
  });

  it('refuses a regression target that never varies, is missing or is a text', () => {
    const regression = { target: 'y', task: 'regression' } as const;
    const table = (cells: string) => parseTable(`x,y\n1,5\n2,${cells}\n`, 'f.csv');
    expect(messageOf(() => fitPreprocessing(table('5'), regression))).toContain('numbers that vary');
    expect(messageOf(() => fitPreprocessing(table('NaN'), regression))).toContain("row 2 (line 3), column 'y'");
    expect(messageOf(() => fitPreprocessing(table('high'), regression))).toContain("got 'high'");
  });

  it('orders numeric classes as numbers and takes 1 and 1.0 for one', () => {
    const table = parseTable('x,kind\n1,10\n2,9\n3,1.0\n4,1\n', 'f.csv');
    const { target } = fitPreprocessing(table, classification);
    expect(target).toEqual({ name: 'kind', kind: 'classes', values: ['1.0', '9', '10'] });
    if (target.kind === 'classes') expect([...classIndices(table, target)]).toEqual([2, 1, 0, 0]);
  });
});

describe('encoding', () => {
  const fitted = fitPreprocessing(flowers, classification);

  it('takes numbers as they are and spreads texts, finding columns by name', () => {
    const table = parseTable('extra,same,colour,size\n0,0.1,green,3\n0,9,blue,6.5\n', 'f.csv');
    const { x, filled } = encodeInputs(table, fitted);
    expect([...x]).toEqual([3, 0, 1, 0, Math.fround(0.1), 6.5, 1, 0, 0, Math.fround(0.1)]);
    expect(filled.size).toBe(0);
  });

  it('refuses what is missing, with all columns and counts, unless it is to be filled in', () => {
    const table = parseTable('size,colour,same\n1,red,0\n,null,0\n', 'f.csv');
    expect(messageOf(() => encodeInputs(table, fitted))).toBe(
      "missing values: expected none, got 'size' 1, 'colour' 1; fill them in, or impute with --impute",
    );
    const alone = parseTable('size,colour,same\n1,red,0\n,red,0\n', 'f.csv');
    expect(messageOf(() => encodeInputs(alone, fitted))).toBe(
      "row 2 (line 3), column 'size': expected a value, got an empty cell; fill it in, or impute with --impute",
    );
    const { x, filled } = encodeInputs(table, fitted, { missing: 'fill' });
    expect([...x.subarray(5, 9)]).toEqual([2.5, 0, 0, 1]);
    expect([...filled]).toEqual([
      ['size', 1],
      ['colour', 1],
    ]);
  });

  it('takes an unknown text for none of the others; files of 0.1.0 refuse it, unless it is to be filled in', () => {
    const table = parseTable('size,colour,same\n3,pink,0\n', 'f.csv');
    const { x, unknown } = encodeInputs(table, fitted);
    expect([...x.subarray(0, 4)]).toEqual([3, 0, 0, 0]);
    expect([...unknown]).toEqual([['colour', 1]]);
    const { format: _, ...old } = fitted;
    expect(messageOf(() => encodeInputs(table, old, { missing: 'fill' }))).toBe(
      "row 1 (line 2), column 'colour': expected one of 'blue', 'green', 'red', got 'pink'; " +
        'correct it, or put the most frequent one in its place with --impute',
    );
    expect([...encodeInputs(table, old, { unknown: 'fill' }).x.subarray(0, 4)]).toEqual([0, 0, 0, 1]);
  });

  it('says how much memory it has not, where the engine refuses it', () => {
    const rows = new ValueCells(new Map(fitted.columns.map(({ name }) => [name, []] as const)), 2 ** 36, PLAIN_READING);
    expect(() => encodeInputs(rows, fitted)).toThrow(
      'memory: expected room for 1310720 MiB, got a refusal; give fewer',
    );
  });

  it('refuses a missing column, a text and a number that float32 cannot hold', () => {
    const encode = (text: string) => messageOf(() => encodeInputs(parseTable(text, 'f.csv'), fitted));
    expect(encode('size,color,same\n1,red,0\n')).toContain("did you mean 'color'?");
    expect(encode('size,kind,same\n1,red,0\n')).not.toContain('did you mean');
    expect(encode('size:colour:same\n1:red:0\n')).toContain('name what stands between the columns with --delimiter');
    expect(encode('size,colour,same\nbig,red,0\n')).toContain("column 'size': expected a number");
    expect(encode('size,colour,same\n1e300,red,0\n')).toContain("row 1 (line 2), column 'size'");
  });

  it('gives class indices, and numbers in their own unit', () => {
    expect([...encodeTarget(flowers, fitted.target)]).toEqual([0, 1, 0, 1]);
    const strange = parseTable('kind\na\nc\n', 'f.csv');
    expect(messageOf(() => encodeTarget(strange, fitted.target))).toContain("row 2 (line 3), column 'kind'");
    const { target } = fitPreprocessing(flowers, { target: 'size', task: 'regression' });
    if (target.kind !== 'number') throw new Error('expected a number target');
    expect([...encodeTarget(flowers, target)]).toEqual([1, 2, 3, 6]);
    expect([...targetNumbers(flowers, 'size')]).toEqual([1, 2, 3, 6]);
  });
});

describe('a preprocessing from a file', () => {
  const fitted = fitPreprocessing(flowers, classification);

  it('comes back from JSON as it was', () => {
    expect(parsePreprocessing(JSON.stringify(fitted))).toEqual(fitted);
  });

  it('is refused when anything in it is broken', () => {
    const [size, colour] = fitted.columns;
    const broken: unknown[] = [
      null,
      [],
      {},
      { ...fitted, columns: [] },
      { ...fitted, target: undefined },
      { ...fitted, target: { name: 'kind', kind: 'classes', values: ['a', 'a'] } },
      { ...fitted, columns: [{ ...size, scale: -1 }] },
      { ...fitted, columns: [{ ...size, mean: null }] },
      { ...fitted, columns: [{ ...size, kind: 'other' }] },
      { ...fitted, columns: [{ ...colour, fill: 'pink' }] },
      { ...fitted, columns: [{ ...colour, values: [1, 2] }] },
    ];
    for (const value of broken) {
      expect(messageOf(() => parsePreprocessing(JSON.stringify(value)))).toContain(
        "the model's preprocessing: expected",
      );
    }
    expect(messageOf(() => parsePreprocessing('{'))).toContain('expected JSON');
  });
});
