import { describe, expect, it } from 'vitest';
import { dense, Model, sequential } from '../../src/entries/node.js';
import { fitTable, TableModel } from '../../src/entries/tabular.node.js';
import { TableModel as Predicting } from '../../src/entries/tabular.predict.js';
import { readSafetensors } from '../../src/files/safetensors.js';
import { activationNames } from '../../src/layers/activations.js';
import { Random } from '../../src/random.js';

const random = new Random(5, 0, 0);
/** The columns that a file tells of. */
function readPreprocessing(file: Uint8Array): string {
  return Object.entries(readSafetensors(file).metadata).find(([key]) => key.endsWith('preprocessing'))?.[1] ?? '';
}

const below = (most: number) => random.below(most);

/** Rows whose answer hangs on their plan and how long ago they signed up. */
const rows = Array.from({ length: 240 }, (_, i) => {
  const plan = ['basic', 'plus', 'pro'][below(3)] ?? '';
  const month = 1 + below(12);
  const isGone = plan === 'basic' || month > 9;
  return {
    plan,
    signup: `2024-${String(month).padStart(2, '0')}-15`,
    age: 20 + below(50),
    active: i % 2 === 0,
    gone: isGone ? 'yes' : 'no',
  };
});
const quick = { epochs: 60, learningRate: 0.01, seed: 3 } as const;

describe('fitTable', () => {
  it('learns of columns of every kind, predicts by their names, and judges itself', async () => {
    const model = await fitTable(rows, { target: 'gone', ...quick });
    expect(model.columns.map(({ name, kind, inputs }) => [name, kind, inputs])).toEqual([
      ['plan', 'category', 3],
      // The year never varies, and there are no hours.
      ['signup', 'date', 3],
      ['age', 'number', 1],
      ['active', 'boolean', 1],
    ]);
    expect(model.target).toEqual({ name: 'gone', classes: ['no', 'yes'] });
    const row = { plan: 'basic', signup: '2024-03-15', age: 33, active: true };
    const one = model.predict(row);
    expect(one.prediction).toBe('yes');
    expect(Object.keys(one.probabilities ?? {})).toEqual(['no', 'yes']);
    expect(model.predict([row, { ...row, plan: 'pro' }]).map(({ prediction }) => prediction)).toEqual(['yes', 'no']);
    expect(model.evaluate(rows)).toMatchObject({ rows: 240, accuracy: expect.closeTo(1, 1) });
    expect(model.training).toMatchObject({ scoredOn: 'held-out', stopped: false });
    const matters = model.importance(rows, { repeats: 3 });
    expect(
      matters
        .map(({ column }) => column)
        .slice(0, 2)
        .sort(),
    ).toEqual(['plan', 'signup']);
    expect(matters).toEqual(model.importance(rows, { repeats: 3 }));
    expect(matters[0]?.deviation).toBeGreaterThan(0);
  });

  it('takes columns in place of rows, and gives the same model', async () => {
    const columns = {
      plan: rows.map(({ plan }) => plan),
      signup: rows.map(({ signup }) => signup),
      age: Float64Array.from(rows, ({ age }) => age),
      active: rows.map(({ active }) => active),
      gone: rows.map(({ gone }) => gone),
    };
    const options = { target: 'gone', epochs: 2 } as const;
    const [a, b] = [await fitTable(rows, options), await fitTable(columns, options)];
    expect(a.toBytes()).toEqual(b.toBytes());
  });

  it('gives numbers in their own unit, with an interval that holds as many rows as asked for', async () => {
    const houses = Array.from({ length: 400 }, (_, i) => ({
      size: i,
      price: 5e5 + 1000 * i + 2e4 * (random.uniform() - 0.5),
    }));
    const model = await fitTable(houses, { target: 'price', epochs: 100, learningRate: 0.01 });
    expect(model.model.summary()).toContain('normalization(invert)');
    const { prediction } = model.predict({ size: 200 });
    expect(Math.abs(Number(prediction) - 7e5)).toBeLessThan(4e4);
    const within = model.predict(houses, { interval: 0.8 }).filter(({ interval = [0, 0] }, row) => {
      const price = houses[row]?.price ?? 0;
      return interval[0] <= price && price <= interval[1];
    });
    expect(within.length / houses.length).toBeGreaterThan(0.7);
    expect(within.length / houses.length).toBeLessThan(0.95);
  });

  it('imputes here and later where it is to, and otherwise refuses what is missing', async () => {
    const holes = rows.map((row, i) => (i % 5 === 0 ? { ...row, age: null } : row));
    await expect(fitTable(holes, { target: 'gone' })).rejects.toThrow(
      "missing values: expected none, got 'age' 48; fill them in, or impute with impute: true",
    );
    const model = await fitTable(holes, { target: 'gone', impute: true, epochs: 2 });
    expect(model.columns.find(({ name }) => name === 'age')).toMatchObject({ inputs: 2 });
    const { age: _, ...row } = rows[0] ?? { age: 0 };
    expect(model.predict([{ ...row, age: null }, rows[1] ?? {}] as never)).toHaveLength(2);
    expect(() => model.predict([{ ...row, age: null }] as never, { impute: false })).toThrow("column 'age'");
  });

  it('chooses a threshold by the validation rows, and keeps it', async () => {
    const model = await fitTable(rows, { target: 'gone', ...quick, epochs: 5, threshold: { recall: 1 } });
    expect(model.threshold).toBeGreaterThan(0);
    const loaded = await TableModel.fromBytes(model.toBytes());
    expect(loaded.threshold).toBe(model.threshold);
    for (const { prediction, probabilities } of loaded.predict(rows)) {
      expect(prediction).toBe((probabilities?.yes ?? 0) >= (model.threshold ?? 1) ? 'yes' : 'no');
    }
    await expect(fitTable(rows, { target: 'plan', threshold: 'f1' })).rejects.toThrow(
      'fitTable: threshold: expected two classes, got 3 classes',
    );
  });

  it('refuses columns that are unknown, missing or misspelt by their names', async () => {
    const model = await fitTable(rows, { target: 'gone', epochs: 1 });
    const row = { plan: 'basic', signup: '2024-03-15', age: 33, active: true };
    const refusal = (given: object) => {
      try {
        model.predict(given as typeof row);
      } catch (error) {
        return (error as Error).message;
      }
      return 'nothing';
    };
    const { plan, ...rest } = row;
    expect(refusal({ ...rest, paln: plan })).toBe(
      "predict: expected columns 'plan', got rows without; 'paln' is none of its columns: is it misspelt?",
    );
    expect(refusal({ ...row, height: 3 })).toContain("columns that the model knows, got 'height'");
    expect(refusal({ ...row, gone: 'yes' })).toBe('nothing');
    expect(refusal({ ...row, signup: 'yesterday' })).toContain("row 0, column 'signup': expected a date such as");
    expect(refusal({ ...row, age: 'old' })).toContain("row 0, column 'age': expected a number");
    expect(refusal({ ...row, age: [3] })).toContain("row 0, column 'age'");
    await expect(fitTable(rows, { target: 'gone', columns: { plan: 'categry' as never } })).rejects.toThrow('category');
    await expect(fitTable([], { target: 'x' as never })).rejects.toThrow('fitTable: expected at least one row');
  });

  it('tells all problems of a table together', async () => {
    const broken = rows.map((row, i) => ({ ...row, age: i === 7 ? 'old' : row.age, gone: i === 9 ? null : row.gone }));
    const error = await fitTable(broken, { target: 'gone' }).catch((error: unknown) => error);
    const { problems } = error as { problems: string[] };
    expect(problems).toHaveLength(2);
    expect(problems.join('\n')).toMatch(
      /row 9, column 'gone': expected a target.*\n.*row 7, column 'age': expected a number/,
    );
    expect(problems.join('\n')).toContain("count it as missing with missing: ['…'], or leave it out with columns: {");
    const kinds = rows.map((row, i) => ({ ...row, ...(i === 3 && { age: [1], plan: {}, signup: new Date('soon') }) }));
    const nested = await fitTable(kinds as unknown as typeof rows, { target: 'gone' }).catch(thrown => thrown);
    expect(nested.message).toMatch(/^3 problems: .*'plan'.* · .*'signup'.* · .*'age'/);
  });
});

describe('files', () => {
  it('are carried out without WebAssembly as with it, whatever lies between, quantised or not', async () => {
    const wide = rows.map((row, i) => ({ ...row, town: `town ${i % 60}` }));
    for (const activation of activationNames) {
      const settings = { target: 'gone', epochs: 1, activation, hidden: [8], dropout: 0.1 } as const;
      const model = await fitTable(wide, settings);
      const small = await model.model.quantize({ weights: 'int8' });
      small.metadata.preprocessing = readPreprocessing(model.toBytes());
      for (const file of [model.toBytes(), small.toBytes()]) {
        const [a, b] = [await TableModel.fromBytes(file), await Predicting.fromBytes(file)];
        const [expected, got] = [a.predict(wide.slice(0, 20)), b.predict(wide.slice(0, 20))];
        got.forEach(({ probabilities }, row) => {
          expect(probabilities?.yes).toBeCloseTo(expected[row]?.probabilities?.yes ?? -1, 5);
        });
      }
    }
  });

  it('predict the same in every entry; of numbers alone also as a plain Model, from raw rows', async () => {
    const numbers = rows.map(({ age, signup }) => ({ age, month: Number(signup.slice(5, 7)), cost: age * 3 + 1000 }));
    const model = await fitTable(numbers, { target: 'cost', epochs: 5 });
    const file = model.toBytes();
    const expected = model.predict(numbers).map(({ prediction }) => prediction);
    const { length } = (await Predicting.fromBytes(file)).predict(numbers).filter(({ prediction }, row) => {
      return Math.abs(Number(prediction) - Number(expected[row])) < 1e-4 * Number(expected[row]);
    });
    expect(length).toBe(numbers.length);
    const plain = await Model.fromBytes(file);
    const x = numbers.map(({ age, month }) => [age, month]);
    expect([...plain.predict(x)]).toEqual(expected);
    const y = numbers.map(({ cost }) => cost);
    // The cost is of targets whose deviation is 1.
    const { loss } = await plain.fit({ x, y }, { loss: 'meanSquaredError', optimizer: 'adam', epochs: 1 });
    expect(loss[0]).toBeLessThan(2);
    const scores = plain.evaluate({ x, y }, { loss: 'meanSquaredError', metrics: ['meanSquaredError'] });
    expect(scores.meanSquaredError).toBeCloseTo(scores.loss * 42.9 ** 2, -3);
  });

  it('with other columns than numbers are TableModel’s, as a plain Model says', async () => {
    const file = (await fitTable(rows, { target: 'gone', epochs: 1 })).toBytes();
    const plain = await Model.fromBytes(file);
    expect(() => plain.predict([[1, 2, 3, 4, 5, 6, 7, 8]])).toThrow(
      /got 3 of others: .*TableModel of 'myelin\/tabular'/,
    );
    const bare = (await Model.create(sequential(2, [dense(1)]))).toBytes();
    await expect(TableModel.fromBytes(bare)).rejects.toThrow('expected a model of a table');
  });

  it('of version 0.1.0 are right: their numbers are scaled before the network', async () => {
    const old = await Model.create(sequential(3, [dense(1)]));
    old.setParameters({ '0.dense.weight': [2, 10, 20], '0.dense.bias': [1] });
    old.metadata.preprocessing = JSON.stringify({
      columns: [
        { name: 'size', kind: 'number', mean: 100, scale: 50 },
        { name: 'side', kind: 'category', values: ['left', 'right'], fill: 'left' },
      ],
      target: { name: 'price', kind: 'number', mean: 1000, scale: 100 },
    });
    for (const table of [await TableModel.fromBytes(old.toBytes()), await Predicting.fromBytes(old.toBytes())]) {
      // 2 · (200 − 100) / 50 + 20 + 1 = 25, and that in the price's unit.
      expect(table.predict({ size: 200, side: 'right' })).toEqual({ prediction: 3500 });
      expect(() => table.predict({ size: 200, side: 'up' })).toThrow("expected one of 'left', 'right', got 'up'");
    }
  });
});
