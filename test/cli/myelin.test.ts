import { execFile, spawn } from 'node:child_process';
import { existsSync, openSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventsOf, Folder, runCli } from './runCli.js';

const folder = new Folder();
const data = (name: string) => resolve('data', name);
const iris = readFileSync(data('iris.csv'), 'utf8');

/** Some rows of iris with the header, cells and lines joined as told. */
function irisAs(delimiter: string, lineEnd: string, prefix = ''): string {
  const lines = iris.trim().split(/\r?\n/);
  return prefix + lines.map(line => line.replaceAll(',', delimiter) + lineEnd).join('');
}

/** The model that most tests predict with. */
const model = 'iris.safetensors';
const short = ['--epochs', '3', '--out', 'short.safetensors'];

beforeAll(async () => {
  folder.write('iris.csv', iris);
  const { code, err } = await folder.run('train', 'iris.csv', '--target', 'species', '--out', model);
  if (code !== 0) throw new Error(err);
}, 60_000);

afterAll(() => folder.remove());

describe('train', () => {
  it('says what it decided, what came out, and how to predict with it', async () => {
    const { code, out, err } = await folder.run(
      'train',
      'iris.csv',
      '--target',
      'species',
      '--out',
      'said.safetensors',
    );
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain("classification into 3 classes: 'species' holds texts");
    expect(out).toContain('training on 120 rows, 30 held out');
    expect(out).toMatch(/held-out accuracy \d+\.\d% \(\d+ of 30 rows\)/);
    expect(out).toMatch(/^truth +setosa +versicolor +virginica +recall$/m);
    expect(out).toMatch(/; always 'setosa' is right for 33\.3%\nlog loss 0\.\d+, ROC AUC [01]\.\d+, average precision/);
    expect(out).toMatch(/^versicolor +[01]\.\d{3} +[01]\.\d{3} +[01]\.\d{3} +10$/m);
    expect(out).toContain('npx myelin predict said.safetensors FILE.csv');
    expect(out.split('\n').filter(line => line.startsWith('epoch ')).length).toBeLessThanOrEqual(20);
    expect(out).not.toContain('\u001b');
  });

  it('prints one JSON object per event', async () => {
    const { code, out } = await folder.run('train', 'iris.csv', '--target', 'species', '--json', ...short);
    expect(code).toBe(0);
    const events = eventsOf(out);
    expect(events.map(({ event }) => event)).toEqual(['start', 'epoch', 'epoch', 'epoch', 'end']);
    const [start, first, , , end] = events;
    expect(start).toMatchObject({ rows: 150, trainingRows: 120, heldOutRows: 30, task: 'classification', inputs: 4 });
    expect(start).toMatchObject({ classes: ['setosa', 'versicolor', 'virginica'], epochs: 3, seed: 0 });
    for (const key of ['loss', 'accuracy', 'valLoss', 'valAccuracy', 'seconds', 'samplesPerSecond']) {
      expect(first?.[key]).toEqual(expect.any(Number));
    }
    expect(end).toMatchObject({ out: 'short.safetensors', stopped: false, doneEpochs: 3, rows: 30 });
    expect(end?.accuracy).toBeGreaterThan(0);
  });

  it('gives the same model for the same seed and another for another', async () => {
    for (const [name, seed] of ['7', '7', '8'].entries()) {
      await folder.run('train', 'iris.csv', '--target', 'species', ...short, '--seed', seed, '--out', `seed${name}.st`);
    }
    const [first, second, other] = [0, 1, 2].map(name => readFileSync(join(folder.path, `seed${name}.st`)));
    expect(first?.equals(second ?? Buffer.of())).toBe(true);
    expect(first?.equals(other ?? Buffer.of())).toBe(false);
  });

  it('reads semicolons, tabs, CRLF and a byte order mark into the same model', async () => {
    const reference = readFileSync(join(folder.path, model));
    for (const text of [irisAs(';', '\r\n', '\uFEFF'), irisAs('\t', '\n')]) {
      const file = folder.write('other.csv', text);
      const { code } = await folder.run('train', file, '--target', 'species', '--out', 'other.safetensors');
      expect(code).toBe(0);
      expect(readFileSync(join(folder.path, 'other.safetensors')).equals(reference)).toBe(true);
    }
  });

  it('decides regression, and is told otherwise', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `${i},${(i * 37) % 41}`).join('\n');
    const file = folder.write('numbers.csv', `x,y\n${rows}\n`);
    const regression = await folder.run('train', file, '--target', 'y', ...short);
    expect(regression.out).toContain("regression: 'y' holds 41 different whole numbers in 60 rows");
    expect(regression.out).toMatch(
      /held-out R² -?\d+\.\d+, mean absolute error [\d.]+, root mean squared error [\d.]+.*\nalways their mean, [\d.]+: mean absolute/,
    );
    const classes = await folder.run('train', file, '--target', 'y', ...short, '--task', 'classification');
    expect(classes.out).toContain('classification into 41 classes: as --task says');
  });

  it('takes text columns, columns that never vary and quoted cells', async () => {
    const rows = Array.from(
      { length: 40 },
      (_, i) => `${i % 2 ? '"red, dark"' : 'blue'},1,"${i % 2 ? 'yes ""sir""' : 'no'}"`,
    );
    const file = folder.write('texts.csv', `colour,one,answer\n${rows.join('\n')}\n`);
    const { code, err } = await folder.run('train', file, '--target', 'answer', '--out', 'texts.safetensors');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const { out } = await folder.run('predict', 'texts.safetensors', file);
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toBe('prediction,no,"yes ""sir"""');
    expect(lines[1]).toMatch(/^no,/);
    expect(lines[2]).toMatch(/^"yes ""sir""",/);
  });

  it('refuses missing values unless it is to impute them', async () => {
    const lines = iris.split('\n');
    lines[5] = (lines[5] ?? '').replace(/^[\d.]+/, 'NA');
    const file = folder.write('holes.csv', lines.join('\n'));
    const refused = await folder.run('train', file, '--target', 'species', ...short, '--validation', '0');
    expect(refused).toEqual({
      code: 1,
      out: '',
      err: "myelin: row 5 (line 6), column 'sepal_length': expected a value, got 'NA'; fill it in, or impute with --impute\n",
    });
    const imputed = await folder.run('train', file, '--target', 'species', ...short, '--validation', '0', '--impute');
    expect(imputed.code).toBe(0);
    expect(imputed.out).toContain('1 missing value filled in');
    expect(imputed.out).toContain('training accuracy');
    expect((await folder.run('predict', model, file)).code).toBe(1);
    expect((await folder.run('predict', model, file, '--impute')).out.trimEnd().split('\n')).toHaveLength(151);
  });

  it('stops on Ctrl-C with a model that loads', async () => {
    const out = 'stopped.safetensors';
    const args = ['train', data('digits.csv'), '--target', 'digit', '--epochs', '100000', '--out', out, '--json'];
    const stopped = await runCli(args, { cwd: folder.path, interruptAt: '"event":"epoch"' });
    expect({ code: stopped.code, err: stopped.err }).toEqual({ code: 0, err: '' });
    expect(eventsOf(stopped.out).at(-1)).toMatchObject({ event: 'end', stopped: true });
    const evaluated = await folder.run('evaluate', out, data('digits.csv'), '--json');
    expect(eventsOf(evaluated.out)[0]?.accuracy).toBeGreaterThan(0.3);
  }, 60_000);

  it('keeps the best epoch, or the last', async () => {
    // So large a step that the network soon gets worse.
    const wild = ['train', 'iris.csv', '--target', 'species', '--epochs', '60', '--learning-rate', '0.3', '--json'];
    const end = async (keep: string) => {
      const { out } = await folder.run(...wild, '--keep', keep, '--out', `${keep}.safetensors`);
      const events = eventsOf(out);
      const losses = events.filter(({ event }) => event === 'epoch').map(({ valLoss }) => Number(valLoss));
      return { ...events.at(-1), best: losses.indexOf(Math.min(...losses)) + 1 };
    };
    const best = await end('best');
    expect(best.best).toBeLessThan(50);
    // A tenth of the epochs, but ten at least, may pass without a lower validation loss.
    expect(best).toMatchObject({ keptEpoch: best.best, doneEpochs: best.best + 10, stopped: false, settled: true });
    expect(best).toMatchObject({ rows: 30, refit: { rows: 150, epochs: best.best } });
    expect(await end('last')).toMatchObject({ keptEpoch: 60 });
    const files = ['best', 'last'].map(keep => readFileSync(join(folder.path, `${keep}.safetensors`)));
    expect(files[0]?.equals(files[1] ?? Buffer.of())).toBe(false);
  });

  it('says on which rows its figures are, and trains again on all of them unless it is not to', async () => {
    const args = ['train', 'iris.csv', '--target', 'species', '--epochs', '30', '--patience', '2'];
    const { out } = await folder.run(...args, '--learning-rate', '0.1', '--out', 'all.safetensors');
    expect(out).toContain('of these 24 choose the epoch, as validation rows');
    expect(out).toMatch(/ended after epoch \d+ of 30: the validation loss falls no more/);
    expect(out).toContain('the figures are of rows that neither trained it nor chose the epoch');
    expect(out).toMatch(/training again on all 150 rows for \d+ epochs?, for the model that is saved/);
    const judged = await folder.run(...args, '--learning-rate', '0.1', '--no-refit', '--out', 'judged.safetensors');
    expect(judged.out).not.toContain('training again');
    const files = ['all', 'judged'].map(name => readFileSync(join(folder.path, `${name}.safetensors`)));
    expect(files[0]?.equals(files[1] ?? Buffer.of())).toBe(false);
    const last = await folder.run(...args, '--keep', 'last');
    expect(last.out).toContain('the figures are of rows that did not train it');
    expect(last.out).not.toMatch(/choose the epoch|training again/);
  });

  it('calibrates probabilities, also of the model that is trained again', async () => {
    const args = ['train', 'iris.csv', '--target', 'species', '--epochs', '40', '--json'];
    const plain = eventsOf((await folder.run(...args, '--out', 'plain.safetensors')).out).at(-1);
    const end = eventsOf((await folder.run(...args, '--calibrate', '--out', 'calibrated.safetensors')).out).at(-1);
    expect(end).toMatchObject({ accuracy: plain?.accuracy, temperature: expect.any(Number) });
    const losses = await Promise.all(
      ['plain', 'calibrated'].map(async name => {
        const { out } = await folder.run('evaluate', `${name}.safetensors`, 'iris.csv', '--json');
        return Number(eventsOf(out)[0]?.logLoss);
      }),
    );
    // So short a training leaves it less sure than right.
    expect(end?.temperature).toBeLessThan(1);
    expect(losses[1]).toBeLessThan(losses[0] ?? 0);
    expect((await folder.run(...args, '--calibrate', '--keep', 'last')).code).toBe(2);
  });

  it('reads what gzip has packed, from a file and from standard input', async () => {
    writeFileSync(join(folder.path, 'iris.csv.gz'), gzipSync(iris));
    const { code, out } = await folder.run(
      'train',
      'iris.csv.gz',
      '--target',
      'species',
      '--out',
      'packed.safetensors',
    );
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('iris.csv.gz: 150 rows') });
    const expected = readFileSync(join(folder.path, model));
    expect(readFileSync(join(folder.path, 'packed.safetensors')).equals(expected)).toBe(true);
    writeFileSync(join(folder.path, 'cut.csv.gz'), gzipSync(iris).subarray(0, 500));
    const cut = await folder.run('train', 'cut.csv.gz', '--target', 'species');
    expect(cut).toMatchObject({ code: 1, err: expect.stringMatching(/cut\.csv\.gz: gzip: expected a whole file/) });
  });

  it('trains numbers without rows held out', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i},${(i * 37) % 41}.5`).join('\n');
    const file = folder.write('all.csv', `x,y\n${rows}\n`);
    const { code, out } = await folder.run('train', file, '--target', 'y', ...short, '--validation', '0');
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('training R²') });
  });
});

describe('predict', () => {
  it('writes a header, then the prediction and its probabilities, one line a row in order', async () => {
    const { code, out, err } = await folder.run('predict', model, 'iris.csv');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const lines = out.split('\n');
    expect(lines[0]).toBe('prediction,setosa,versicolor,virginica');
    expect(lines).toHaveLength(152);
    expect(lines.at(-1)).toBe('');
    let right = 0;
    lines.slice(1, -1).forEach((line, r) => {
      const [prediction, ...cells] = line.split(',');
      const probabilities = cells.map(Number);
      expect(probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 6);
      const top = probabilities.indexOf(Math.max(...probabilities));
      expect(prediction).toBe(['setosa', 'versicolor', 'virginica'][top]);
      if (iris.split('\n')[r + 1]?.endsWith(`,${prediction}`)) right++;
    });
    expect(right).toBeGreaterThan(140);
  });

  it('finds columns by name, whatever their order and whatever else there is', async () => {
    const [header = '', first = ''] = iris.split('\n');
    const reversed = [header, first].map(line => ['x', ...line.split(',').slice(0, 4).reverse()].join(';')).join('\n');
    const { out } = await folder.run('predict', model, folder.write('reversed.csv', reversed));
    const { out: expected } = await folder.run('predict', model, 'iris.csv');
    expect(out.split('\n')[1]).toBe(expected.split('\n')[1]);
  });

  it('writes to a file, and as JSON', async () => {
    const { out: printed } = await folder.run('predict', model, 'iris.csv');
    const { out, err } = await folder.run('predict', model, 'iris.csv', '--out', 'predictions.csv');
    expect({ out, err }).toEqual({ out: '', err: 'predictions.csv: 150 predictions written\n' });
    expect(readFileSync(join(folder.path, 'predictions.csv'), 'utf8')).toBe(printed);
    const { out: json } = await folder.run('predict', model, 'iris.csv', '--json');
    const rows = eventsOf(json);
    expect(rows).toHaveLength(150);
    const [prediction, ...probabilities] = printed.split('\n')[1]?.split(',') ?? [];
    expect(rows[0]).toEqual({
      event: 'prediction',
      row: 1,
      prediction,
      probabilities: Object.fromEntries(
        ['setosa', 'versicolor', 'virginica'].map((name, c) => [name, Number(probabilities[c])]),
      ),
    });
  });

  it('predicts numbers in the unit of the target', async () => {
    const rows = Array.from({ length: 200 }, (_, i) => `${i},${5000 + 10 * i}`).join('\n');
    const file = folder.write('line.csv', `x,y\n${rows}\n`);
    await folder.run('train', file, '--target', 'y', '--out', 'line.safetensors', '--epochs', '100');
    const { out } = await folder.run('predict', 'line.safetensors', file);
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toBe('prediction');
    expect(lines).toHaveLength(201);
    expect(Math.abs(Number(lines[101]) - 6000)).toBeLessThan(100);
    const { out: json } = await folder.run('predict', 'line.safetensors', file, '--json');
    expect(eventsOf(json)[100]).toEqual({ event: 'prediction', row: 101, prediction: Number(lines[101]) });
  });

  it('ends quietly when nobody reads on', async () => {
    const rows = '5,3,1,0.2\n'.repeat(50_000);
    const file = folder.write('long.csv', `sepal_length,sepal_width,petal_length,petal_width\n${rows}`);
    const { code, err } = await runCli(['predict', model, file], { cwd: folder.path, closeAt: 'prediction' });
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });
});

describe('a model that the library saved', () => {
  /** Saves a network of two inputs that ends as told, made with the built library. */
  async function saveBare(name: string, last: string, metadata = ''): Promise<void> {
    const script = `
      import { dense, Model, sequential } from ${JSON.stringify(resolve('dist/entries/node.js'))};
      const model = await Model.create(sequential(2, [${last}]));
      model.setParameters({ '0.dense.weight': new Float32Array(model.parameters[0].data.length) });
      ${metadata}
      await model.save(${JSON.stringify(join(folder.path, name))});`;
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  }

  it('predicts from columns in their order, with numbers for class names', async () => {
    await saveBare('bare.safetensors', "dense(3, { activation: 'softmax' })");
    folder.write('pairs.csv', 'a,b\n1,2\n3,4\n');
    const { code, out } = await folder.run('predict', 'bare.safetensors', 'pairs.csv');
    const third = '0.33333334';
    expect(code).toBe(0);
    expect(out).toBe(`prediction,0,1,2\n0,${third},${third},${third}\n0,${third},${third},${third}\n`);
    folder.write('known.csv', 'a,b,class\n1,2,0\n3,4,1\n');
    const evaluated = await folder.run('evaluate', 'bare.safetensors', 'known.csv', '--target', 'class', '--json');
    expect(eventsOf(evaluated.out)[0]).toMatchObject({
      accuracy: 0.5,
      confusion: [
        [1, 0, 0],
        [1, 0, 0],
        [0, 0, 0],
      ],
      baseline: { prediction: '0', accuracy: 0.5 },
      logLoss: expect.closeTo(Math.log(3), 6),
      // Of equal scores none is above another.
      rocAuc: 0.5,
      averagePrecision: 0.5,
      // Rows that are a third sure, of which half are right.
      calibrationError: expect.closeTo(1 / 2 - 1 / 3, 6),
      byClass: [
        { precision: 0.5, recall: 1, f1: expect.closeTo(2 / 3, 12), rows: 1 },
        { precision: 0, recall: 0, f1: 0, rows: 1 },
        { precision: 0, recall: 0, f1: 0, rows: 0 },
      ],
    });
    expect((await folder.run('evaluate', 'bare.safetensors', 'known.csv')).code).toBe(2);
  });

  it('is refused where the columns do not fit, where outputs have no meaning, and where its preprocessing is broken', async () => {
    await saveBare('bare.safetensors', "dense(3, { activation: 'softmax' })");
    await saveBare('many.safetensors', 'dense(3)');
    await saveBare('broken.safetensors', 'dense(1)', "model.metadata.preprocessing = '{}';");
    folder.write('pairs.csv', 'a,b\n1,2\n');
    folder.write('triples.csv', 'a,b,c\n1,2,3\n');
    for (const [name, file, message] of [
      ['bare', 'triples.csv', 'expected 2 inputs, got columns that make 3'],
      ['many', 'pairs.csv', '3 outputs without a meaning'],
      ['broken', 'pairs.csv', "the model's preprocessing: expected columns"],
    ] as const) {
      const { code, err } = await folder.run('predict', `${name}.safetensors`, file);
      expect(code).toBe(1);
      expect(err).toContain(message);
    }
  });
});

describe('evaluate and inspect', () => {
  it('compare predictions with the target', async () => {
    const { code, out } = await folder.run('evaluate', model, 'iris.csv');
    expect(code).toBe(0);
    expect(out).toMatch(/accuracy 9\d\.\d% \(14\d of 150 rows\)/);
    const [event] = eventsOf((await folder.run('evaluate', model, 'iris.csv', '--json')).out);
    expect(event).toMatchObject({ event: 'evaluate', rows: 150, classes: ['setosa', 'versicolor', 'virginica'] });
    const confusion = event?.confusion as number[][];
    expect(confusion.map(row => row.reduce((sum, count) => sum + count, 0))).toEqual([50, 50, 50]);
  });

  it('show what a model is made of', async () => {
    const { code, out } = await folder.run('inspect', model);
    expect(code).toBe(0);
    // Four means and variances among them.
    expect(out).toContain('523 parameters');
    expect(out).toContain('predicts species, one of 3 classes: setosa, versicolor, virginica');
    expect(out).toMatch(/petal_width +mean \d/);
    const [event] = eventsOf((await folder.run('inspect', model, '--json')).out);
    expect(event).toMatchObject({ event: 'inspect', parameters: 523, preprocessing: { target: { name: 'species' } } });
  });
});

describe('bad data ends with 1 and one line', () => {
  it.each<[string, string[], string]>([
    ['a missing file', ['train', 'nowhere.csv', '--target', 'y'], 'nowhere.csv'],
    ['a folder', ['train', '.', '--target', 'y'], 'a folder'],
    ['a missing model', ['predict', 'nowhere.safetensors', 'iris.csv'], 'nowhere.safetensors'],
    ['a file that is no model', ['predict', 'iris.csv', 'iris.csv'], 'expected'],
    ['a missing target column', ['train', 'iris.csv', '--target', 'Species'], "did you mean 'species'?"],
    ['a missing ignored column', ['train', 'iris.csv', '--target', 'species', '--ignore', 'petal'], "column 'petal'"],
    [
      'a missing folder',
      ['train', 'iris.csv', '--target', 'species', '--out', 'no/model.st'],
      'create the folder first',
    ],
    ['texts as numbers', ['train', 'iris.csv', '--target', 'species', '--task', 'regression'], "got 'setosa'"],
    ['a missing input column', ['predict', model, 'few.csv'], "column 'petal_length'"],
    ['a missing target to compare with', ['evaluate', model, 'inputs.csv'], "column 'species'"],
    ['a text among numbers', ['predict', model, 'bad.csv'], "row 2 (line 3), column 'sepal_width': expected a number"],
    ['a text among numbers in training', ['train', 'bad.csv', '--target', 'petal_width'], "got 'wide'"],
    ['a missing target', ['train', 'noTarget.csv', '--target', 'y', '--impute'], "row 2 (line 3), column 'y'"],
    ['one class', ['train', 'oneClass.csv', '--target', 'y'], 'at least two classes'],
    ['a ragged row', ['train', 'ragged.csv', '--target', 'y'], 'row 2 (line 3)'],
    ['an empty file', ['predict', model, 'empty.csv'], 'an empty file'],
    ['bytes that are no text', ['predict', model, model], 'UTF-8'],
  ])('%s', async (_, args, message) => {
    folder.write('few.csv', 'sepal_length,sepal_width,petal_width\n1,2,3\n');
    folder.write('inputs.csv', 'sepal_length,sepal_width,petal_length,petal_width\n1,2,3,4\n');
    folder.write(
      'bad.csv',
      'sepal_length,sepal_width,petal_length,petal_width\n1,2,3,4\n1,wide,3,5\n1,2,3,6\n1,2,3,7\n2,3,4,8\n',
    );
    folder.write('noTarget.csv', 'x,y\n1,a\n2,NaN\n3,b\n');
    folder.write('oneClass.csv', 'x,y\n1,a\n2,a\n3,a\n');
    folder.write('ragged.csv', 'x,y\n1,a\n2\n3,b\n');
    folder.write('empty.csv', '');
    const before = readdirSync(folder.path);
    const { code, out, err } = await folder.run(...args, ...(args[0] === 'train' ? ['--validation', '0'] : []));
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^myelin: [^\n]+\n$/);
    expect(err).toContain(message);
    expect(readdirSync(folder.path)).toEqual(before);
  });
});

describe('bad usage ends with 2 and one line', () => {
  const train = ['train', 'iris.csv', '--target', 'species'];
  it.each<[string, string[], string]>([
    ['an unknown flag', [...train, '--epoch', '3'], '--epochs'],
    ['an unknown command', ['trian', 'iris.csv'], 'train'],
    ['a missing file', ['train', '--target', 'species'], 'file'],
    ['a missing target', ['train', 'iris.csv'], '--target'],
    ['a missing value', [...train, '--epochs'], '--epochs'],
    ['too many arguments', ['predict', model, 'iris.csv', 'iris.csv'], 'too many arguments'],
    [
      'a fractional batch',
      [...train, '--batch-size', '2.5'],
      '--batch-size: expected a whole number from 1 to 1048576, got 2.5',
    ],
    ['no batch', [...train, '--batch-size', '0'], 'got 0'],
    ['no epochs', [...train, '--epochs', '0'], '--epochs: expected a whole number >= 1, got 0'],
    ['an empty layer', [...train, '--hidden', '64,0'], '--hidden'],
    ['a layer of words', [...train, '--hidden', 'big'], '--hidden'],
    ['an unknown task', [...train, '--task', 'clasification'], "did you mean 'classification'?"],
    ['an unknown activation', [...train, '--activation', 'rellu'], "did you mean 'relu'?"],
    ['a learning rate of nothing', [...train, '--learning-rate', '0'], '--learning-rate'],
    ['all rows held out', [...train, '--validation', '1'], '--validation'],
    ['a full dropout', [...train, '--dropout', '1'], '--dropout'],
    ['a negative seed', [...train, '--seed', '-1'], '--seed'],
    ['an unknown epoch to keep', [...train, '--keep', 'first'], '--keep'],
  ])('%s', async (_, args, message) => {
    const { code, out, err } = await folder.run(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^myelin: [^\n]+\n$/);
    expect(err).toContain(message);
  });

  it('shows the help when nothing is asked', async () => {
    const { code, err } = await folder.run();
    expect(code).toBe(2);
    expect(err).toContain('Usage: myelin');
  });
});

describe('help', () => {
  it.each([
    ['--help'],
    ['help'],
    ['train', '--help'],
    ['predict', '--help'],
    ['evaluate', '--help'],
    ['inspect', '--help'],
  ])('has an example: %s %s', async (...args) => {
    const { code, out, err } = await folder.run(...args.filter(arg => arg !== undefined));
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/Examples?:\n {2}myelin /);
  });

  it('tells the version', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(await folder.run('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });
});

describe('the bundle', () => {
  it('names the licence of every package inside', () => {
    const text = readFileSync('dist/cli/THIRD-PARTY-LICENSES.txt', 'utf8');
    for (const name of ['commander', 'picocolors', 'd3-scale']) expect(text).toContain(`${name} `);
    expect(text).toContain('Permission is hereby granted');
  });

  it('holds no second copy of the library', () => {
    const text = readFileSync('dist/cli/myelin.js', 'utf8');
    expect(text).toContain('"../entries/inside.js"');
    expect(text.startsWith('#!/usr/bin/env node\n')).toBe(true);
  });
});

describe('what goes wrong around a run', () => {
  const train = ['train', 'iris.csv', '--target', 'species'];

  it.each<[string, string[], string]>([
    ['the table as output', ['--out', 'iris.csv'], "the input 'iris.csv'"],
    ['a link to the table as output', ['--out', 'link.csv'], "the input 'iris.csv'"],
    ['an output without a name', ['--out', ''], "--out: expected the name of a file, got ''"],
    ['too large a batch', ['--batch-size', '1e12'], 'a whole number from 1 to 1048576'],
    ['a word for a count', ['--epochs', 'abc'], "got 'abc'"],
    ['a share in percent', ['--validation', '20%'], "got '20%'"],
    ['a layer left out', ['--hidden', '64,,32'], "got '64,,32'"],
    ['a wrong epoch to keep', ['--keep', 'first'], "one of best, last, got 'first'"],
    ['the target ignored', ['--ignore', 'species'], "got 'species'"],
    ['a flag of no command', ['--fast'], 'see myelin train --help'],
  ])('%s is refused before any work', async (_, args, message) => {
    symlinkSync('iris.csv', join(folder.path, 'link.csv'));
    const { code, out, err } = await folder.run(...train, ...args);
    rmSync(join(folder.path, 'link.csv'));
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
    expect(readFileSync(join(folder.path, 'iris.csv'), 'utf8')).toBe(iris);
  });

  it('a network too large for memory is one clear line', async () => {
    const { code, err } = await folder.run(...train, '--hidden', '65536,65536');
    expect(code).toBe(1);
    expect(err).toMatch(/^myelin: memory: expected [^\n]+ MiB [^\n]+\n$/);
  });

  it('names the file that is no model, and says where it is a table', async () => {
    const { code, err } = await folder.run('inspect', 'iris.csv');
    expect(code).toBe(1);
    expect(err).toContain('myelin: iris.csv: expected a model file, got text that begins with "sepal_length,');
    folder.write('damaged.safetensors', '\u0001\u0000\u0000\u0000\u0000\u0000\u0000\u0000');
    expect((await folder.run('inspect', 'damaged.safetensors')).err).toMatch(/^myelin: damaged\.safetensors: /);
  });

  it('an error is an event too with --json', async () => {
    const { code, out, err } = await folder.run('inspect', 'nowhere.safetensors', '--json');
    expect(code).toBe(1);
    const [event] = eventsOf(out);
    expect(event).toEqual({ event: 'error', message: expect.stringContaining('nowhere.safetensors') });
    expect(err).toBe(`myelin: ${event?.message}\n`);
    expect(eventsOf((await folder.run(...train, '--fast', '--json')).out)[0]).toMatchObject({ event: 'error' });
  });

  it('SIGTERM stops as Ctrl-C does', async () => {
    const child = spawn(
      process.execPath,
      [resolve('dist/cli/myelin.js'), ...train, '--epochs', '10000000', '--out', 'terminated.safetensors', '--json'],
      { cwd: folder.path, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    child.stdout.on('data', text => {
      // Once: a second signal would end it without a model.
      if (!child.killed && String(text).includes('"event":"epoch"')) child.kill();
    });
    expect(await new Promise(done => child.on('close', done))).toBe(0);
    expect((await folder.run('inspect', 'terminated.safetensors')).code).toBe(0);
  }, 60_000);

  it.runIf(existsSync('/dev/full'))('on a full device it says so in one line, and the model is saved', async () => {
    const child = spawn(
      process.execPath,
      [resolve('dist/cli/myelin.js'), ...train, '--epochs', '2', '--out', 'full.safetensors'],
      { cwd: folder.path, stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'] },
    );
    let err = '';
    child.stderr?.on('data', text => {
      err += text;
    });
    expect(await new Promise(done => child.on('close', done))).toBe(1);
    expect(err).toMatch(/^myelin: standard output: [^\n]+\n$/);
    expect((await folder.run('inspect', 'full.safetensors')).code).toBe(0);
  });
});
