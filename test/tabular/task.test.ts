import { describe, expect, it } from 'vitest';
import { remarks } from '../../src/cli/remarks.js';
import { parseTable } from '../../src/data/csv.js';
import { prepare } from '../../src/tabular/prepare.js';
import { decideTask } from '../../src/tabular/task.js';

function decide(cells: readonly (string | number)[]): ReturnType<typeof decideTask> {
  return decideTask(parseTable(`x,y\n${cells.map(cell => `0,${cell}`).join('\n')}\n`, 'f.csv'), 'y');
}

/** The numbers 0 … distinct − 1, each so many times. */
function repeated(distinct: number, times: number): number[] {
  return Array.from({ length: distinct * times }, (_, i) => i % distinct);
}

describe('the task', () => {
  it.each([
    ['texts', ['a', 'b', 'c'], 'classification'],
    ['two different numbers', [0, 1, 1, 0], 'classification'],
    ['two different fractions', [0.5, 1.5, 0.5], 'classification'],
    ['20 whole numbers with five rows each', repeated(20, 5), 'classification'],
    ['20 whole numbers with four rows each', repeated(20, 4), 'regression'],
    ['21 whole numbers', repeated(21, 50), 'regression'],
    ['fractions that repeat', repeated(5, 50).map(value => value / 2), 'regression'],
    ['postcodes', ['01234', '90210', '01234', '90210'], 'classification'],
  ])('of %s', (_, cells, task) => {
    expect(decide(cells).task).toBe(task);
  });

  it('says why', () => {
    expect(decide(repeated(10, 10)).reason).toBe("'y' holds whole numbers, only 10 different ones");
    expect(decide([1, 2, 3, 4]).reason).toBe("'y' holds 4 different whole numbers in 4 rows");
  });

  it('names the row of a missing target', () => {
    expect(() => decide(['a', 'NaN', 'b'])).toThrow("row 2 (line 3), column 'y': expected a target, got 'NaN'");
  });

  it('refuses names and identifiers, unless they are few or repeat', () => {
    const names = (distinct: number) => Array.from({ length: distinct }, (_, i) => `name ${i}`);
    expect(() => decide(names(21))).toThrow('21 texts that occur only once in 21 rows');
    expect(decide(names(20)).task).toBe('classification');
    expect(decide([...names(30), ...names(15)]).task).toBe('classification');
    expect(() => decide([...names(30), ...names(9)])).toThrow('21 texts that occur only once in 39 rows');
  });

  it('refuses numbers and texts together, and says how to insist', () => {
    for (const cells of [
      [1.5, 2.5, 3.5, 'x'],
      ['a', 'b', 'c', 1],
      [1, 'no', 1, 'no'],
    ]) {
      expect(() => decide(cells)).toThrow(/target 'y': expected only numbers, or only texts, got .*--task regression$/);
    }
  });
});

describe('remarks', () => {
  it('name the columns of texts, and tell filled in values from unknown texts', () => {
    const rows = Array.from(
      { length: 40 },
      (_, i) => `${i === 3 ? '' : i},place ${i},town ${i % 15},${i % 2 ? 'a' : 'b'},${i}`,
    );
    const table = parseTable(`x,city,town,side,y\n${rows.join('\n')}\n`, 'f.csv');
    const prepared = prepare(table, {
      target: 'y',
      validation: 0.25,
      seed: 0,
      impute: true,
      keep: 'last',
      refit: false,
    });
    expect(remarks(prepared)).toEqual([
      'one-hot: town (15 texts), side (2 texts)',
      "left out: 'city' (identifier: 40 different texts in 40 rows, such as 'place 0'; --columns NAME=category takes it)",
      '1 missing value filled in: x 1',
    ]);
  });
});
