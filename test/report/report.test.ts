/** `myelin/report` and `--report`: what is on the page, and what is refused before any work. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dense, globalAveragePool1d, Model, sequential } from '../../src/entries/node.js';
import { fitTable } from '../../src/entries/tabular.node.js';
import { report } from '../../src/report/index.js';
import { Folder } from '../cli/runCli.js';

const folder = new Folder();
const figuresIn = (page: string) =>
  Object.fromEntries(
    [...page.matchAll(/<figure class="card" id="([\w-]+)" data-marks="(\d+)"/g)].map(([, id, marks]) => [
      id,
      Number(marks),
    ]),
  );
beforeAll(() => {
  const rows = Array.from({ length: 90 }, (_, i) => `${i % 7},${i % 5},${(i % 7) + (i % 5) > 5 ? 'yes' : '<no>'}`);
  folder.write('rows.csv', `a,b & c,answer\n${rows.join('\n')}\n`);
});
afterAll(() => folder.remove());
const quick = ['--target', 'answer', '--hidden', '8', '--epochs', '12', '--out', 'm.safetensors'];

describe('report(model, history, data)', () => {
  it('has curves, figures and mistakes of a classifier, and its rows as pictures where they are such', async () => {
    const architecture = sequential([4, 4], [{ kind: 'flatten' }, dense(3, { activation: 'softmax' })]);
    const model = await Model.create(architecture, { seed: 1 });
    const x = Float32Array.from({ length: 30 * 16 }, (_, i) => (i * 7) % 11);
    const y = Int32Array.from({ length: 30 }, (_, i) => i % 3);
    const history = await model.fit(
      { x, y },
      { loss: 'sparseCategoricalCrossEntropy', optimizer: 'sgd', epochs: 3, metrics: ['accuracy'] },
    );
    const page = report(model, history, { x, y }, { classes: ['left', 'right', 'up'], keptEpoch: 2, title: 'Arrows' });
    expect(page).toContain('<h1>Arrows</h1>');
    expect(page).toContain('data-kept="2"');
    expect(figuresIn(page)).toMatchObject({
      'learning-loss': 3,
      'learning-accuracy': 3,
      calibration: expect.any(Number),
    });
    expect(figuresIn(page).roc).toBeGreaterThan(6);
    expect(page).toContain('src="data:image/bmp;base64,');
    const { accuracy = 0 } = model.evaluate({ x, y }, { loss: 'sparseCategoricalCrossEntropy', metrics: ['accuracy'] });
    expect(page).toContain(`<b>${(accuracy * 100).toFixed(1)}%</b>`);
  });

  it('says which classes it draws where they are many', async () => {
    const model = await Model.create(sequential(2, [dense(12, { activation: 'softmax' })]));
    const x = Array.from({ length: 60 }, (_, i) => [i % 7, i % 5]);
    const page = report(model, undefined, { x, y: x.map((_, i) => i % 12) });
    expect(page).toContain('<figcaption>ROC curve: the 8 lowest of 12 classes</figcaption>');
    const few = report(model, undefined, { x, y: x.map((_, i) => i % 3) });
    expect(few).toContain('<figcaption>ROC curve: the 3 lowest of 12 classes</figcaption>');
  });

  it('tells of the first 500 columns of a wide table', async () => {
    const names = Array.from({ length: 600 }, (_, column) => `c${column}`);
    const rows = Array.from({ length: 20 }, (_, row) => ({
      ...Object.fromEntries(names.map((name, column) => [name, (row * (column + 1)) % 23])),
      answer: 'ab'[row % 2],
    }));
    const model = await fitTable(rows, { target: 'answer', hidden: [], epochs: 1 });
    const page = report(model, undefined, rows);
    expect(page).toContain('<p>600 columns, 600 inputs of the network; the first 500 are shown.</p>');
    expect(page).toContain('<th>c499</th>');
    expect(page).not.toContain('<th>c500</th>');
  });

  it('takes one probability, rows of targets and numbers', async () => {
    const one = await Model.create(sequential(2, [dense(1, { activation: 'sigmoid' })]));
    const two = await Model.create(sequential(2, [dense(2)]));
    const x = [
      [0, 1],
      [1, 0],
      [2, 2],
    ];
    expect(figuresIn(report(one, undefined, { x, y: [0, 1, 1] }))).toHaveProperty('roc');
    const numbers = figuresIn(
      report(two, undefined, {
        x,
        y: [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
      }),
    );
    expect(numbers).toMatchObject({ predictions: 6, residuals: 24 });
  });

  it('takes sequences that end early, and leaves out what follows', async () => {
    const model = await Model.create(
      sequential([4, 1], [globalAveragePool1d(), dense(2, { activation: 'softmax', useBias: false })]),
    );
    model.setParameters({ '1.dense.weight': [-1, 1] });
    const x = Float32Array.from({ length: 80 }, (_, i) => (i % 4 < 2 ? Math.sin(i) : 50));
    const y = Int32Array.from({ length: 20 }, (_, row) => Number((x[4 * row] ?? 0) + (x[4 * row + 1] ?? 0) > 0));
    const lengths = new Int32Array(20).fill(2);
    expect(report(model, undefined, { x, y, lengths })).toContain('<b>100.0%</b>');
    expect(report(model, undefined, { x, y })).not.toContain('<b>100.0%</b>');
  });

  it("takes a table's model and rows with their target", async () => {
    const rows = Array.from({ length: 60 }, (_, i) => ({
      age: i % 9,
      plan: i % 2 ? 'a' : 'b',
      price: (i % 9) * 10 + (i % 2),
    }));
    const model = await fitTable(rows, { target: 'price', epochs: 5, hidden: [8] });
    const page = report(model, undefined, rows);
    expect(figuresIn(page)).toMatchObject({ 'learning-loss': 10, importance: 2, predictions: 60 });
    expect(page).toMatch(/<th>plan<\/th><td>category<\/td>/);
  });

  it('refuses what does not fit before any work', async () => {
    const model = await Model.create(sequential(2, [dense(2, { activation: 'softmax' })]));
    const x = [[0, 1]];
    expect(() => report(model, undefined, [] as object[])).toThrow(/report: data: expected \{ x, y \}/);
    expect(() => report(model, undefined, { x, y: [0, 1, 2] })).toThrow(
      'report: y: expected 2 numbers, as the model gives, got 3',
    );
    expect(() => report(model, undefined, { x, y: [0] }, { classes: ['a'] })).toThrow(
      'report: classes: expected 2 names, got 1',
    );
    expect(() => report(model, undefined, { x, y: [0] }, { titel: 'x' } as object)).toThrow("did you mean 'title'?");
  });
});

describe('--report', () => {
  it('writes one page that needs nothing else, with every part, and what was typed', async () => {
    const { out, code } = await folder.run('train', 'rows.csv', ...quick, '--report', 'my report.html');
    expect(code).toBe(0);
    expect(out).toContain('my report.html written');
    const page = readFileSync(join(folder.path, 'my report.html'), 'utf8');
    const ids = ['learning-loss', 'learning-accuracy', 'roc', 'precision-recall', 'calibration', 'importance'];
    expect(Object.keys(figuresIn(page))).toEqual(ids);
    expect(page).toMatch(/data-kept="\d+"/);
    expect(page).toContain('id="confusion"');
    expect(page).toContain('&lt;no&gt;');
    expect(page).toContain('<th>b &amp; c</th>');
    expect(page).toContain(
      "npx myelin train rows.csv --target answer --hidden 8 --epochs 12 --out m.safetensors --report 'my report.html'",
    );
    expect(page).not.toMatch(/<script|https?:\/\/|src="(?!data:)|<no>/);
    for (const name of ['seed', 'learning rate', 'batch size', 'network']) expect(page).toContain(`<th>${name}</th>`);
  });

  it('says how other rows are judged', async () => {
    await folder.run('train', 'rows.csv', ...quick);
    const { out } = await folder.run('evaluate', 'm.safetensors', 'rows.csv', '--report', 'e.html', '--json');
    expect(out).toContain('{"event":"report","report":"e.html"}');
    const page = readFileSync(join(folder.path, 'e.html'), 'utf8');
    expect(Object.keys(figuresIn(page))).toEqual(['roc', 'precision-recall', 'calibration', 'importance']);
    expect(page).toContain('m.safetensors, judged on 90 rows of rows.csv.');
  });

  it('refuses a place that cannot be written, or that holds what is needed, and leaves nothing behind', async () => {
    mkdirSync(join(folder.path, 'folder'));
    const before = readdirSync(folder.path).sort();
    const cases = [
      ['none/r.html', 1, /--report none\/r\.html: expected a file in a folder that exists/],
      ['folder', 1, /expected a file, or a name that is free, got a folder/],
      ['rows.csv', 2, /--report: expected another file than the input 'rows\.csv'/],
      ['./new.safetensors', 2, /--report: expected another file than the model's/],
    ] as const;
    for (const [path, status, message] of cases) {
      const args = [...quick.slice(0, -1), 'new.safetensors'];
      const { code, out, err } = await folder.run('train', 'rows.csv', ...args, '--report', path);
      expect([code, out]).toEqual([status, '']);
      expect(err).toMatch(message);
    }
    expect(readdirSync(folder.path).sort()).toEqual(before);
    expect(existsSync(join(folder.path, 'new.safetensors'))).toBe(false);
  });
});
