/** Classes of a table count as the user says: in training, and where the epoch is chosen. */
import { afterAll, describe, expect, it } from 'vitest';
import { fitTable, type TableModel } from '../../src/entries/tabular.node.js';
import { Random } from '../../src/random.js';
import type { ClassFigures } from '../../src/tabular/figures.js';
import { Folder } from '../cli/runCli.js';

const random = new Random(11, 0, 0);
/** One in ten rows is rare; its numbers lie among the others'. */
const rows = Array.from({ length: 400 }, (_, i) => {
  const kind = i % 10 === 0 ? 'rare' : 'usual';
  return { a: random.uniform() + (kind === 'rare' ? 0.35 : 0), b: random.uniform(), kind };
});
const quick = { target: 'kind', hidden: [], epochs: 20, learningRate: 0.05, seed: 2 } as const;
const recallOf = (model: TableModel, name: string) => {
  const { classes, byClass } = model.evaluate(rows) as ClassFigures;
  return byClass[classes.indexOf(name)]?.recall ?? Number.NaN;
};

describe('classWeights', () => {
  it('balanced find what is rare, and are the numbers that they stand for', async () => {
    const plain = await fitTable(rows, quick);
    const balanced = await fitTable(rows, { ...quick, classWeights: 'balanced' });
    expect(recallOf(balanced, 'rare')).toBeGreaterThan(recallOf(plain, 'rare') + 0.3);
    // Of 40 rare rows 10 % are in each part, for parts keep the classes' shares.
    const named = await fitTable(rows, { ...quick, classWeights: { rare: 5, usual: 5 / 9 } });
    expect(named.predict(rows.slice(0, 9))).toEqual(balanced.predict(rows.slice(0, 9)));
  });

  it('of 0 leave a class out, and of 1 change nothing', async () => {
    const none = await fitTable(rows, { ...quick, epochs: 60, classWeights: { rare: 0 } });
    expect(recallOf(none, 'usual')).toBe(1);
    const plain = await fitTable(rows, quick);
    const same = await fitTable(rows, { ...quick, classWeights: { rare: 1 } });
    const of = (model: TableModel) => model.predict(rows.slice(3, 4))[0]?.probabilities?.rare ?? 0;
    expect(of(same)).toBeCloseTo(of(plain), 5);
  });

  it.each<[unknown, string]>([
    ['balancd', "fitTable: classWeights: expected 'balanced', or numbers by the classes' names"],
    [{ rare: -1 }, "fitTable: classWeights: 'rare': expected a finite number >= 0, got -1"],
    [{}, 'fitTable: classWeights: expected at least one class'],
    [{ rar: 2 }, "fitTable: classWeights: expected names of classes, got 'rar'; did you mean 'rare'?"],
    [{ rare: 0, usual: 0 }, 'classWeights: expected some class that counts'],
  ])('refuses %j before any work', async (classWeights, message) => {
    await expect(fitTable(rows, { ...quick, classWeights } as never)).rejects.toThrow(message);
  });

  it('are refused of numbers', async () => {
    const options = { ...quick, target: 'a', classWeights: 'balanced' } as const;
    await expect(fitTable(rows, options)).rejects.toThrow(
      'fitTable: classWeights: expected classes, got a target of numbers',
    );
  });
});

describe('--class-weights', () => {
  const folder = new Folder();
  afterAll(() => folder.remove());
  folder.write('t.csv', `a,b,kind\n${rows.map(({ a, b, kind }) => `${a},${b},${kind}`).join('\n')}\n`);
  const train = (...more: string[]) =>
    folder.run('train', 't.csv', '--target', 'kind', '--epochs', '3', '--hidden', '8', ...more);

  it('train with them', async () => {
    const [plain, weighed] = [await train('--json'), await train('--json', '--class-weights', 'rare=9')];
    expect([plain.code, weighed.code]).toEqual([0, 0]);
    expect(weighed.out).not.toEqual(plain.out);
  });

  it.each([
    ['rare', '--class-weights: expected balanced or CLASS=NUMBER, got'],
    ['rare=-2', "--class-weights: 'rare': expected a finite number >= 0, got -2"],
    ['rare=much', "got 'rare=much'"],
    ['rar=2', "--class-weights: expected names of classes, got 'rar'; did you mean 'rare'?"],
  ])('%s is wrong usage', async (weights, message) => {
    const { code, err } = await train('--class-weights', weights);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });
});
