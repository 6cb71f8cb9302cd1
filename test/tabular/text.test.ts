/**
 * Free text, where a column is said to be that: the mean of what is learned for its words, the same answers everywhere.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { parseTable } from '../../src/data/csv.js';
import { textVectorizer } from '../../src/data/textVectorizer.js';
import { fitAnomalies, fitTable, TableModel } from '../../src/entries/tabular.node.js';
import { TableModel as Small } from '../../src/entries/tabular.predict.js';
import { prepare } from '../../src/tabular/prepare.js';
import { Folder } from '../cli/runCli.js';

const folder = new Folder();
afterAll(() => folder.remove());

const good = ['lovely', 'Great', 'délicieux', '好'];
const bad = ['awful', 'broken', 'stale', '坏'];
const others = ['the', 'food', 'was', 'really', 'and', 'staff', "didn't", 'smile'];
const pick = (words: readonly string[], seed: number) => words[(seed * 7919) % words.length] ?? '';
const rows = Array.from({ length: 240 }, (_, row) => {
  const mood = pick(row % 2 === 0 ? good : bad, row >> 1);
  const review = [0, 1, 2, 3].map(i => pick(others, row * 5 + i * 3 + (row >> 3))).join(' ');
  return { review: `${review}, ${mood}! once${row}`, size: (row * 31) % 17, liked: row % 2 === 0 ? 'yes' : 'no' };
});
const options = { target: 'liked', columns: { review: 'text' }, epochs: 30, hidden: [8], learningRate: 0.02 } as const;

describe('a column of free text', async () => {
  const model = await fitTable(rows, options);

  it('is a bag of its words, of which those that stand there once are unknown ones', () => {
    const [column] = model.columns;
    expect(column).toMatchObject({ name: 'review', kind: 'text', inputs: 6 });
    expect(column?.about).toMatch(/^at most 6 words, each as 16 numbers: .* and \d+ more$/);
    const { tokens = [] } = model.preprocessing.columns[0] as { tokens?: string[] };
    expect([...tokens].sort()).toEqual([...good, ...bad, ...others].map(word => word.toLowerCase()).sort());
    expect(tokens).toEqual(textVectorizer({ vocabulary: 18, length: 6 }).fit(rows.map(row => row.review)).tokens);
    const bag = model.model.architecture.layers.find(({ kind }) => kind === 'embeddingBag');
    expect(bag).toMatchObject({ vocabulary: 18, units: 16, mode: 'mean', pad: 0 });
  });

  it('is learned, and matters', () => {
    const figures = model.training?.figures;
    expect(figures && 'accuracy' in figures ? figures.accuracy : 0).toBeGreaterThan(0.9);
    expect(model.predict({ review: 'great food', size: 3 }).prediction).toBe('yes');
    expect(model.importance(rows, { repeats: 1 })[0]?.column).toBe('review');
  });

  it('takes words that it does not know, and texts without any, for one unknown word', () => {
    const [first, ...same] = model.predict(['zzz', 'qqq xxx', '?!'].map(review => ({ review, size: 3 })));
    for (const { probabilities } of same) expect(probabilities?.yes).toBeCloseTo(first?.probabilities?.yes ?? 0, 6);
    expect(() => model.predict({ review: '', size: 3 })).toThrow(
      /row 0, column 'review': expected a value, got an empty/,
    );
    expect(model.predict({ review: null, size: 3 } as never, { impute: true })).toEqual(first);
  });

  it('answers the same from its file, without WebAssembly, and on the command line', async () => {
    const asked = [...rows.slice(0, 20), { review: 'never seen words', size: 3, liked: 'no' }];
    const own = model.predict(asked);
    const bytes = model.toBytes();
    expect((await TableModel.fromBytes(bytes)).predict(asked)).toEqual(own);
    const small = (await Small.fromBytes(bytes)).predict(asked);
    await model.save(`${folder.path}/m.safetensors`);
    folder.write('rows.csv', `review,size\n${asked.map(({ review, size }) => `"${review}",${size}`).join('\n')}\n`);
    const { out } = await folder.run('predict', 'm.safetensors', 'rows.csv');
    const lines = out.trim().split('\n').slice(1);
    expect(lines).toHaveLength(asked.length);
    for (const [row, line] of lines.entries()) {
      const { yes = 0 } = own[row]?.probabilities ?? {};
      expect(small[row]?.probabilities?.yes).toBeCloseTo(yes, 5);
      expect(Number(line.split(',')[2])).toBeCloseTo(yes, 5);
    }
  });
});

const csv = `review,size,liked\n${rows.map(row => `"${row.review}",${row.size},${row.liked}`).join('\n')}\n`;

it('is left out unless it is asked for, and the command line says how', async () => {
  folder.write('t.csv', csv);
  const left = await folder.run('train', 't.csv', '--target', 'liked', '--epochs', '1');
  expect(left.out + left.err).toMatch(/left out: 'review' \(text: .*; --columns NAME=text takes it\)/);
  const asked = ['train', 't.csv', '--target', 'liked', '--columns', 'review=text', '--epochs', '2', '--hidden', '4'];
  const { code, out, err } = await folder.run(...asked);
  expect(code).toBe(0);
  expect(out + err).toMatch(/free text: review \(\d+ words → 16\)/);
});

it('is judged fold by fold and searched with, with the same figures for any number of workers', async () => {
  folder.write('f.csv', csv);
  const asked = ['f.csv', '--target', 'liked', '--columns', 'review=text', '--learning-rate', '0.02', '--epochs', '20'];
  const [one, two] = await Promise.all(
    ['1', '2'].map(async workers => {
      const { out } = await folder.run('cross-validate', ...asked, '--folds', '3', '--json', '--workers', workers);
      return JSON.parse(out.trim().split('\n').at(-1) ?? '{}');
    }),
  );
  expect(one.mean.accuracy).toBeGreaterThan(0.8);
  expect(two).toEqual(one);
  const found = await fitTable(rows, { ...options, epochs: 2, search: { trials: 2 } });
  expect(found.columns[0]).toMatchObject({ name: 'review', kind: 'text' });
});

it('knows the words of the rows that train, and of no others', () => {
  const texts = rows.map((_, row) => `same words, word${row >> 1}`);
  const table = parseTable(
    `review,y\n${texts.map((text, row) => `"${text}",${row % 2 ? 'a' : 'b'}`).join('\n')}\n`,
    'f.csv',
  );
  const asked = {
    target: 'y',
    validation: 0.3,
    seed: 1,
    keep: 'best',
    refit: true,
    columns: { review: 'text' },
  } as const;
  const { preprocessing, whole, training, unknown } = prepare(table, asked);
  const tokensOf = ({ columns }: typeof preprocessing) => (columns[0] as { tokens?: string[] }).tokens ?? [];
  const words = Array.from({ length: training.cells.rows }, (_, row) => training.cells.cell(row, 0).split(' ')[2]);
  const twice = words.filter((word, i) => words.indexOf(word) < i).sort();
  expect(
    tokensOf(preprocessing)
      .filter(token => token.startsWith('word'))
      .sort(),
  ).toEqual([...twice, 'words'].sort());
  expect(whole && tokensOf(whole.preprocessing)).toHaveLength(122);
  expect(unknown.get('review')).toBeUndefined();
});

it('refuses texts without a word, and models of anomalies', async () => {
  const silent = rows.map((row, i) => ({ ...row, review: i % 2 === 0 ? '?!' : '...' }));
  await expect(fitTable(silent, options)).rejects.toThrow(
    /^column 'review': expected texts with words, got none; leave it out with columns: \{ review: 'drop' \}$/,
  );
  const anomalies = fitAnomalies(rows, { columns: { review: 'text', liked: 'drop' } });
  await expect(anomalies).rejects.toThrow(
    /^column 'review': expected what anomalies are learned of, got free text; leave/,
  );
});
