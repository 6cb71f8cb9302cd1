import { afterAll, describe, expect, it } from 'vitest';
import { eventsOf, Folder } from './runCli.js';

const folder = new Folder();
afterAll(() => folder.remove());

const plans = ['basic', 'plus', 'pro'];
const rows = Array.from({ length: 120 }, (_, i) => ({
  id: 1000 + i,
  plan: plans[(i * 7) % 3] ?? '',
  price: `$${(5 + ((i * 11) % 40)).toFixed(2)}`,
  since: `2024-${String(1 + ((i * 5) % 12)).padStart(2, '0')}-01`,
  gone: (i * 7) % 3 === 0 ? 'yes' : 'no',
}));
const header = 'id,plan,price,since,gone';
const csv = `${header}\n${rows.map(row => Object.values(row).join(',')).join('\n')}\n`;
const quick = ['--target', 'gone', '--epochs', '4', '--hidden', '8'];

describe('columns', () => {
  it('are found and shown, and are what the user says', async () => {
    folder.write('rows.csv', csv);
    const { code, out } = await folder.run('train', 'rows.csv', ...quick, '--threshold', 'recall 0.9');
    expect(code).toBe(0);
    expect(out).toMatch(/^ {2}price +mean [\d.]+, standard deviation [\d.]+, in \$$/m);
    expect(out).toMatch(/^ {2}since +month, weekday, days$/m);
    expect(out).toContain("left out: 'id' (identifier: 120 different whole numbers in 120 rows");
    expect(out).toMatch(/'yes' from a probability of 0\.\d+ on/);
    const { out: asked } = await folder.run('train', 'rows.csv', ...quick, '--columns', 'since=drop,id=number');
    expect(asked).toMatch(/^ {2}id +mean/m);
    expect(asked).not.toMatch(/^ {2}since /m);
    const wrong = await folder.run('train', 'rows.csv', ...quick, '--columns', 'plan=categry');
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining("did you mean 'category'?") });
  });
});

describe('what is wrong with a file', () => {
  it('is told together: rows, numbers, names, cells and classes, in the order of the rows', async () => {
    const line = (i: number) => `${i % 7},2026-01-0${1 + (i % 9)},"${1 + (i % 5)},${i % 3}00",${i % 2 ? 'a' : 'b'}`;
    const lines = Array.from({ length: 40 }, (_, i) => line(i));
    lines[4] = '1,2';
    lines[6] = ',2026-01-01,"1,000",a';
    lines[8] = '5,soon,"1,000",b';
    lines[9] = '6,2026-01-01,"1,000",c';
    folder.write('wrong.csv', `n,day,fee,gone\n${lines.join('\n')}\n`);
    const { code, err, out } = await folder.run('train', 'wrong.csv', ...quick);
    expect(code).toBe(1);
    expect(out).toBe('');
    expect(err.trim().split('\n')).toEqual([
      'myelin: 5 problems',
      expect.stringContaining("got '1,000' in row 1 (line 2), column 'fee', whose comma may stand for decimals"),
      expect.stringContaining("target 'gone': expected two rows of every class, got one of 'c'"),
      expect.stringContaining('wrong.csv, row 5 (line 6): expected 4 cells, as in the header, got 2'),
      expect.stringContaining("row 7 (line 8), column 'n': expected a value"),
      expect.stringContaining("row 9 (line 10), column 'day': expected a date"),
    ]);
    folder.write('unclear.csv', `n;fee;gone\n1;1.000;a\n;2.000;b\n3\n${'5;4.000;a\n6;5.000;b\n'.repeat(9)}`);
    const unclear = await folder.run('train', 'unclear.csv', ...quick, '--json');
    const message = expect.stringMatching(/^3 problems: .* · .* · .*$/);
    expect(eventsOf(unclear.out)).toEqual([
      {
        event: 'error',
        message,
        problems: [
          expect.stringContaining("got '1.000' in row 1 (line 2), column 'fee', whose point may stand for decimals"),
          expect.stringContaining("row 2 (line 3), column 'n': expected a value, got an empty cell"),
          expect.stringContaining('row 3 (line 4): expected 3 cells'),
        ],
      },
    ]);
    const target = await folder.run('train', 'unclear.csv', '--target', 'fee');
    expect(target.err).toMatch(/^myelin: 3 problems\n/);
    const absent = await folder.run('train', 'unclear.csv', '--target', 'gon');
    expect(absent.err).toMatch(/^myelin: 2 problems\n.*did you mean 'gone'\?\n.*row 3 \(line 4\)/);
  });

  it('is told together where a model predicts or judges, which suggest their own options alone', async () => {
    folder.write('rows.csv', csv);
    await folder.run('train', 'rows.csv', ...quick, '--out', 'plain.st', '--columns', 'plan=drop,since=date');
    folder.write('other.csv', 'price,since,gone\n$5,soon,yes\n$6\nx,2024-01-01,no\n');
    for (const command of ['predict', 'evaluate']) {
      const { code, err, out } = await folder.run(command, 'plain.st', 'other.csv');
      expect([code, out]).toEqual([1, '']);
      expect(err.trim().split('\n')).toEqual([
        'myelin: 3 problems',
        expect.stringMatching(
          /row 1 \(line 2\), column 'since': .*; correct it, or count it as missing with --missing$/,
        ),
        expect.stringContaining('row 2 (line 3): expected 3 cells'),
        expect.stringMatching(
          /row 3 \(line 4\), column 'price': .*; correct it, or count it as missing with --missing$/,
        ),
      ]);
    }
  });
});

describe('what is asked for', () => {
  it('is refused before any work where it cannot be, in words that say what can', async () => {
    folder.write('rows.csv', csv);
    for (const wish of ['f2', 'cost 5', 'often']) {
      const { code, err } = await folder.run('train', 'rows.csv', ...quick, '--threshold', wish);
      expect([code, err]).toEqual([
        2,
        expect.stringContaining(`expected f1, 'cost 5:1', 'recall 0.8' or a probability such as 0.3, got '${wish}'`),
      ]);
    }
    const kinds = await folder.run('train', 'rows.csv', ...quick, '--columns', 'price=date,plan=number');
    expect([kinds.code, kinds.err.trim().split('\n')]).toEqual([
      1,
      [
        'myelin: 2 problems',
        expect.stringMatching(
          /^column 'plan': expected numbers, got 'basic' and none at all; .*--columns 'plan=category'$/,
        ),
        expect.stringMatching(/^column 'price': expected dates, got '\$5\.00' and none at all/),
      ],
    ]);
    // Where nobody may write, whatever permissions say.
    const { code, out, err } = await folder.run(
      'train',
      'rows.csv',
      ...quick,
      '--out',
      'kept.st',
      '--report',
      '/proc/r.html',
    );
    expect([code, out, err]).toEqual([1, '', expect.stringContaining('--report /proc/r.html: expected a f')]);
    expect((await folder.run('inspect', 'kept.st')).code).toBe(1);
  });
});

describe('wide tables', () => {
  it('show some columns and count the others', async () => {
    const names = Array.from({ length: 130 }, (_, column) => `c${column}`);
    const line = (row: number) => `${names.map((_, column) => (row * (column + 3)) % 139)},${row % 2 ? 'a' : 'b'}`;
    const lines = Array.from({ length: 30 }, (_, row) => line(row));
    folder.write('wide.csv', `${names},gone\n${lines.join('\n')}\n`);
    const { out } = await folder.run('train', 'wide.csv', ...quick, '--out', 'wide.st');
    expect(out.match(/^ {2}c\d+ /gm)).toHaveLength(100);
    expect(out).toContain('  … and 30 more columns: 30 number; myelin inspect shows all\n');
    const { out: whole } = await folder.run('inspect', 'wide.st');
    expect(whole.match(/^ {2}c\d+ /gm)).toHaveLength(130);
  });
});

describe('files', () => {
  it('of JSON lines train as CSV does', async () => {
    folder.write('rows.csv', csv);
    folder.write('rows.jsonl', `${rows.map(row => JSON.stringify(row)).join('\n')}\n`);
    const ends = await Promise.all(
      ['rows.csv', 'rows.jsonl'].map(async name => {
        const { out } = await folder.run('train', name, ...quick, '--json', '--out', `${name}.safetensors`);
        const { out: _, bytes: __, ...end } = eventsOf(out).at(-1) ?? {};
        return end;
      }),
    );
    expect(ends[0]).toMatchObject({ event: 'end', rows: 24 });
    expect(ends[1]).toEqual(ends[0]);
  });
});

describe('predict --interval', () => {
  it('prints bounds around numbers, and none around classes', async () => {
    folder.write('rows.csv', csv);
    await Promise.all([
      folder.run('train', 'rows.csv', '--target', 'price', '--epochs', '2', '--out', 'price.st'),
      folder.run('train', 'rows.csv', ...quick, '--out', 'gone.st'),
    ]);
    const [bounds, json, classes] = await Promise.all([
      folder.run('predict', 'price.st', 'rows.csv', '--interval', '0.9'),
      folder.run('predict', 'price.st', 'rows.csv', '--interval', '0.9', '--json'),
      folder.run('predict', 'gone.st', 'rows.csv', '--interval', '0.9'),
    ]);
    const [head, ...lines] = bounds.out.trim().split('\n');
    expect(head).toBe('prediction,lower,upper');
    const events = eventsOf(json.out);
    for (const [i, line] of lines.entries()) {
      const [prediction = 0, lower = 0, upper = 0] = line.split(',').map(Number);
      expect(upper - prediction).toBeGreaterThan(0);
      expect(upper - prediction).toBeCloseTo(prediction - lower, 4);
      expect(events[i]).toMatchObject({ prediction, interval: [lower, upper] });
    }
    expect(classes).toMatchObject({ code: 1, err: expect.stringContaining('--interval: expected a regression') });
  });
});

describe('cross-validate and search', () => {
  it('judge by rows that were not seen, and save the best', async () => {
    folder.write('rows.csv', csv);
    const folds = await folder.run('cross-validate', 'rows.csv', ...quick, '--folds', '3', '--json');
    const events = eventsOf(folds.out);
    expect(events.map(({ event }) => event)).toEqual(['fold', 'fold', 'fold', 'end']);
    expect(events[0]).toMatchObject({ rows: 40, fold: 0, accuracy: expect.any(Number) });
    expect(events[3]).toMatchObject({ mean: { accuracy: expect.any(Number) } });
    const args = ['search', 'rows.csv', ...quick, '--trials', '3', '--json', '--out'];
    const [first, second] = [await folder.run(...args, 'a.st'), await folder.run(...args, 'a.st')];
    expect(first).toEqual(second);
    const end = eventsOf(first.out).at(-1) as { trials: { score: number }[]; rows: number };
    expect(end.rows).toBe(24);
    expect(end.trials.map(({ score }) => score)).toEqual(end.trials.map(({ score }) => score).sort((a, b) => a - b));
    expect((await folder.run('inspect', 'a.st')).out).toContain('predicts gone');
  });
});

describe('what is wrong', () => {
  it.each<[number, string, string, ...string[]]>([
    [1, '--folds: expected at least 60 rows of every class', 'cross-validate', '--folds', '60'],
    [2, '--threshold: expected two classes, got 3', 'cross-validate', '--target', 'plan', '--threshold', 'f1'],
    [2, '--class-weights: expected names of classes', 'search', '--class-weights', 'yse=2'],
    [2, '--calibrate: expected classes', 'train', '--target', 'price', '--calibrate'],
    [2, '--validation: expected a finite number > 0', 'train', '--task', 'anomaly', '--validation', '0'],
  ])('is told by the names of flags: %i, %s', async (code, message, command, ...args) => {
    folder.write('rows.csv', csv);
    const outcome = await folder.run(command, 'rows.csv', ...quick, ...args);
    expect(outcome).toMatchObject({ code, err: expect.stringContaining(`myelin: ${message}`) });
  });
});
