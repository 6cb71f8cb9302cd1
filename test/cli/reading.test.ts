import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { Model } from '../../src/entries/node.js';
import { Model as Predictor } from '../../src/entries/predict.node.js';
import { eventsOf, Folder } from './runCli.js';

const folder = new Folder();
afterAll(() => folder.remove());
const quick = ['--epochs', '1', '--hidden', '4', '--out', 'm.safetensors'];

/** Trains on a file of a header and rows made from their numbers. */
function train(header: string, row: (i: number) => string, ...args: string[]) {
  const rows = Array.from({ length: 60 }, (_, i) => row(i));
  folder.write('a.csv', [...(header === '' ? [] : [header]), ...rows, ''].join('\n'));
  return folder.run('train', 'a.csv', '--target', 't', ...quick, ...args);
}

describe('train reads data as it stands', () => {
  it('tells identifiers of 20 digits apart', async () => {
    const ids = ['11898508762506083287', '11898508762506083288', '9104209908849226329'];
    const { code, out } = await train('x,t', i => `${i},${ids[i % 3]}`);
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('classification into 3 classes') });
    const { out: event } = await folder.run('evaluate', 'm.safetensors', 'a.csv', '--json');
    const { classes, confusion } = eventsOf(event)[0] as { classes: string[]; confusion: number[][] };
    expect(classes).toEqual(ids);
    expect(confusion.map(row => row.reduce((sum, count) => sum + count))).toEqual([20, 20, 20]);
  });

  it('refuses 1,000 where it may be two numbers, and reads it as it is told', async () => {
    const row = (i: number) => `${i < 30 ? 970 + i : `1,0${i}`}\t${1000 * i}`;
    const { code, err } = await train('x\tt', row);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('say --decimal , or --thousands ,') });
    const { out } = await train('x\tt', row, '--thousands', ',');
    expect(out).toContain("decimals '.' and thousands ','");
    const [event] = eventsOf((await folder.run('inspect', 'm.safetensors', '--json')).out);
    const preprocessing = event?.preprocessing as { columns: { mean: number }[] } | undefined;
    expect(preprocessing?.columns[0]?.mean).toBeGreaterThan(900);
  });

  it('keeps none for a category, and lets words be missing', async () => {
    const row = (i: number) => `${i},${['none', 'None', '?'][i % 3]},${'ab'[i % 2]}`;
    expect((await train('x,c,t', row)).out).toContain('one-hot: c (3 texts)');
    const { err } = await train('x,c,t', row, '--missing', 'NA,?');
    expect(err).toBe("myelin: missing values: expected none, got 'c' 20; fill them in, or impute with --impute\n");
    const { out } = await train('x,c,t', row, '--missing', 'NA,?', '--impute');
    expect(out).toContain('one-hot: c (2 texts)');
    expect(out).toContain('20 missing values filled in');
    expect((await train('x,t', i => `${i},${['NA', 'None'][i % 2]}`, '--missing', '')).out).toContain('2 classes');
  });

  it.each(['Name, full', 'the "name"', "it's, so", ' - ', 'two\nlines', '', 'a', '-x'])(
    'says how to leave out %j, as a shell takes it',
    async name => {
      const rows = Array.from({ length: 150 }, (_, i) => `Person ${i},${i},${'ab'[i % 2]}`);
      folder.write('a.csv', `"${name.replaceAll('"', '""')}",x,t\n${rows.join('\n')}\n`);
      const args = ['train', 'a.csv', '--target', 't', ...quick];
      const { err } = await folder.run(...args);
      const [mend = ''] = /--ignore .*/.exec(err) ?? [];
      const command = [process.execPath, resolve('dist/cli/myelin.js'), ...args, mend].join(' ');
      const { stdout } = await promisify(execFile)('sh', ['-c', command], { cwd: folder.path });
      expect(stdout).toContain('1 input column (all numbers)');
    },
  );

  it('takes several --ignore, and lists with quotes', async () => {
    const row = (i: number) => `${i},${i},${i},${'ab'[i % 2]}`;
    for (const args of [
      ['--ignore', '"b, c",d'],
      ['--ignore', 'b, c', '--ignore', 'd'],
    ]) {
      expect((await train('a,"b, c",d,t', row, ...args)).out).toContain('1 input column (all numbers)');
    }
  });

  it('misses a header, and does without', async () => {
    const row = (i: number) => `${i % 9},${(i * 7) % 50}.5,${i % 2}`;
    const { code, err } = await train('', row);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('--no-header') });
    const args = ['--no-header', '--target', 'column3'];
    expect((await train('', row, ...args)).out).toContain('60 rows, 2 input columns');
    folder.write('b.csv', '1,2.5\n3,4.5\n');
    expect((await folder.run('predict', 'm.safetensors', 'b.csv')).out.trim().split('\n')).toHaveLength(3);
    folder.write('b.csv', '1\n3\n');
    expect((await folder.run('predict', 'm.safetensors', 'b.csv')).err).toContain('expected 3 columns as in training');
  });

  it('reads later files by the same grammar, and refuses other ones', async () => {
    await train('x;y;t', i => `${i},5;1.${200 + i};${'ab'[i % 2]}`);
    const predict = (row: string, ...args: string[]) => {
      folder.write('b.csv', `x;y\n${row}\n`);
      return folder.run('predict', 'm.safetensors', 'b.csv', ...args);
    };
    const expected = await predict('1,5;1234');
    expect(expected.code).toBe(0);
    expect((await predict('1,5;1.234')).out).toBe(expected.out);
    const { code, err } = await predict('1.5;1234');
    expect(code).toBe(1);
    expect(err).toContain("expected a number with ',' for decimals and '.' for thousands, got '1.5'");
    expect((await predict('1.5;1,234', '--decimal', '.', '--thousands', ',')).out).toBe(expected.out);
  });

  it('reads UTF-16, UTF-32 and any line ends', async () => {
    const text = `x,y,t\n${Array.from({ length: 60 }, (_, i) => `${i % 7},${i % 5},${'ab'[i % 2]}`).join('\n')}\n`;
    const wide = (method: 'writeUInt32LE' | 'writeUInt32BE') => {
      const bytes = Buffer.alloc(text.length * 4);
      for (const [i, letter] of [...text].entries()) bytes[method](letter.charCodeAt(0), i * 4);
      return bytes;
    };
    const files = [
      Buffer.from(`\ufeff${text}`, 'utf16le'),
      Buffer.from(text, 'utf16le'),
      Buffer.from(text, 'utf16le').swap16(),
      wide('writeUInt32LE'),
      wide('writeUInt32BE'),
      Buffer.from(text.replaceAll('\n', '\r')),
      Buffer.from(text.replace('\n', '\r')),
      Buffer.from(`sep=;\r${text.replaceAll(',', ';').replaceAll('\n', '\r')}`),
    ];
    for (const file of files) {
      writeFileSync(join(folder.path, 'a.csv'), file);
      expect((await folder.run('train', 'a.csv', '--target', 't', ...quick)).out).toContain('a.csv: 60 rows, 2 input');
    }
  }, 60_000);
});

describe('a model of the command line takes raw rows', () => {
  const table = (name: string) => {
    const [, ...lines] = readFileSync(resolve('data', name), 'utf8').trim().split('\n');
    return lines.map(line => line.split(','));
  };
  const predictions = async (name: string): Promise<number[][]> => {
    const { out } = await folder.run('predict', 'raw.safetensors', resolve('data', name), '--json');
    return eventsOf(out).map(({ prediction, probabilities }) =>
      probabilities ? Object.values(probabilities as Record<string, number>) : [Number(prediction)],
    );
  };
  const file = () => new Uint8Array(readFileSync(join(folder.path, 'raw.safetensors')));

  it('of classes: in every way to predict, and while it learns on', async () => {
    await folder.run('train', resolve('data/iris.csv'), '--target', 'species', '--out', 'raw.safetensors');
    const cells = table('iris.csv');
    const rows = cells.map(row => row.slice(0, 4).map(Number));
    const y = cells.map(row => ['setosa', 'versicolor', 'virginica'].indexOf(row[4] ?? ''));
    const expected = (await predictions('iris.csv')).flat().map(Math.fround);
    const model = await Model.fromBytes(file());
    const small = await Predictor.fromBytes(file());
    const answers = [
      model.predict(rows),
      await model.predictAsync(rows),
      model.predictInto(new Float32Array(450), rows),
      model.forward(rows).output,
    ];
    for (const answer of answers) expect([...answer]).toEqual(expected);
    // Multiply and add are fused on the command line where the engine does, and never in the predicting half.
    for (const [i, value] of small.predict(rows).entries()) expect(value).toBeCloseTo(expected[i] ?? 0, 5);
    const flat = model.predict(Float32Array.from(rows.flat()));
    for (const [i, value] of flat.entries()) expect(value).toBeCloseTo(expected[i] ?? 0, 5);
    const loss = 'sparseCategoricalCrossEntropy';
    const before = model.evaluate({ x: rows, y }, { loss, metrics: ['accuracy'] });
    expect(before.accuracy).toBeGreaterThan(0.96);
    await model.fit({ x: rows, y }, { loss, optimizer: 'adam', epochs: 5 });
    const trainer = await model.trainer({ loss, optimizer: 'adam', batchSize: 150 });
    expect(await trainer.step(rows, y)).toBeLessThan(before.loss);
    const again = await Model.fromBytes(model.toBytes());
    expect(again.evaluate({ x: rows, y }, { loss }).loss).toBeLessThan(before.loss);
    expect(() => model.predict([[1, 2, 3]])).toThrow('expected input [rows, 4]');
    expect(() => model.predict([[1, 2, 3, Number.NaN]])).toThrow('got NaN in row 0, column 3');
  });

  it('of numbers: predictions and errors in their own unit', async () => {
    await folder.run('train', resolve('data/diabetes.csv'), '--target', 'progression', '--out', 'raw.safetensors');
    const cells = table('diabetes.csv').map(row => row.map(Number));
    const rows = cells.map(row => row.slice(0, 10));
    const y = cells.map(row => row[10] ?? 0);
    const model = await Model.fromBytes(file());
    const expected = await predictions('diabetes.csv');
    for (const [i, value] of model.predict(rows).entries()) expect(value).toBeCloseTo(expected[i]?.[0] ?? 0, 3);
    const error = y.reduce((sum, value, i) => sum + Math.abs(value - (expected[i]?.[0] ?? 0)), 0) / y.length;
    const scores = model.evaluate({ x: rows, y }, { loss: 'meanSquaredError', metrics: ['meanAbsoluteError'] });
    expect(scores.meanAbsoluteError).toBeCloseTo(error, 2);
    // The cost is counted in standardised units.
    expect(scores.loss).toBeLessThan(1);
  });

  it('of texts: refuses rows of numbers and says what to do', async () => {
    folder.write('c.csv', `c,t\n${Array.from({ length: 40 }, (_, i) => `${'uv'[i % 2]},${'ab'[i % 2]}`).join('\n')}\n`);
    await folder.run('train', 'c.csv', '--target', 't', ...quick, '--out', 'raw.safetensors');
    for (const ModelClass of [Model, Predictor]) {
      const model = await ModelClass.fromBytes(file());
      expect(() => model.predict([[0, 1]])).toThrow(
        /columns are all numbers, got 1 of others: 'c'; load it with TableModel/,
      );
      delete model.metadata.preprocessing;
      expect(model.predict([[0, 1]])).toHaveLength(2);
    }
  });

  it("and leaves alone what is the user's own", async () => {
    await folder.run(
      'train',
      resolve('data/iris.csv'),
      '--target',
      'species',
      '--out',
      'raw.safetensors',
      '--epochs',
      '1',
    );
    const model = await Model.fromBytes(file());
    delete model.metadata.preprocessing;
    const bare = model.predict([[1, 2, 3, 4]]);
    model.metadata.preprocessing = 'pixels / 255';
    expect(model.predict([[1, 2, 3, 4]])).toEqual(bare);
    model.metadata.preprocessing = '{"columns":[]}';
    expect(() => model.predict([[1, 2, 3, 4]])).toThrow("the model's preprocessing: expected columns");
  });
});
