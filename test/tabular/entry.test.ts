/** What fitTable takes besides rows and plain options: schemas, searches; and the program of docs/tables.md. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transformSync } from 'esbuild';
import { expect, expectTypeOf, it } from 'vitest';
import { fitTable, TableModel } from '../../src/entries/tabular.node.js';
import type { RowSchema } from '../../src/tabular/index.js';

interface Customer {
  readonly plan: string;
  readonly age: number;
  readonly churned: string;
}

/** As Zod's or Valibot's: ages come as texts. */
const schema: RowSchema<Customer> = {
  '~standard': {
    version: 1,
    vendor: 'a test',
    async validate(value) {
      const row = value as Customer;
      const age = Number(row.age);
      if (Number.isNaN(age)) return { issues: [{ message: 'Expected a number', path: [{ key: 'age' }] }] };
      return { value: { ...row, age } };
    },
  },
};
const given = Array.from({ length: 60 }, (_, i) => ({
  plan: i % 3 === 0 ? 'basic' : 'pro',
  age: String(20 + i),
  churned: i % 3 === 0 ? 'yes' : 'no',
}));
const quick = { target: 'churned', epochs: 5, seed: 3 } as const;

it('takes rows as a schema makes them, with its type', async () => {
  const model = await fitTable(given, { ...quick, schema });
  expectTypeOf(model.predict).parameter(0).toExtend<{ plan: string; age: number } | Iterable<unknown>>();
  // @ts-expect-error: the schema says that ages are numbers
  expect(model.predict({ plan: 'basic', age: '30' })).toHaveProperty('prediction');
  const plain = given.map(row => ({ ...row, age: Number(row.age) }));
  expect(model.toBytes()).toEqual((await fitTable(plain, quick)).toBytes());
  expect(model).toBeInstanceOf(TableModel);
});

it('tells of all rows that a schema refuses, and of what is no schema', async () => {
  const wrong = [...given, { plan: 'pro', age: 'old', churned: 'no' }, { plan: 'pro', age: 'older', churned: 'no' }];
  const error = await fitTable(wrong, { ...quick, schema }).catch(error => error);
  expect(error.problems).toEqual([
    "fitTable: row 60, column 'age': Expected a number",
    "fitTable: row 61, column 'age': Expected a number",
  ]);
  await expect(fitTable(given, { ...quick, schema: {} as never })).rejects.toThrow(
    'fitTable: schema: expected a Standard Schema, such as z.object({ … }), got an object',
  );
  await expect(fitTable({ a: [1] } as never, { ...quick, schema })).rejects.toThrow('fitTable: expected rows');
});

it('searches for what is not told, and its figures are of rows that chose nothing', async () => {
  const model = await fitTable(given, { ...quick, hidden: [4], search: { trials: 3 } });
  const { trials = [], figures, scoredOn } = model.training ?? {};
  expect(trials).toHaveLength(3);
  expect(trials.every(({ settings }) => settings.hidden.join() === '4')).toBe(true);
  expect(trials.map(({ score }) => score)).toEqual(trials.map(({ score }) => score).sort((a, b) => a - b));
  expect(new Set(trials.map(({ settings }) => settings.learningRate)).size).toBe(3);
  expect({ scoredOn, rows: figures?.rows }).toEqual({ scoredOn: 'held-out', rows: 12 });
  await expect(fitTable(given, { ...quick, search: { trials: 0 } })).rejects.toThrow('fitTable: search: trials');
  await expect(fitTable(given, { ...quick, search: {}, validation: 0 })).rejects.toThrow('rows held out to choose by');
});

it('runs the program of docs/tables.md as it stands, on the built package', () => {
  const [, code = ''] = /^```ts\n(.*?)^```$/ms.exec(readFileSync('docs/tables.md', 'utf8')) ?? [];
  const entry = pathToFileURL(resolve('dist/entries/tabular.node.js'));
  const { code: script } = transformSync(code.replace("'myelin/tabular'", `'${entry}'`), {
    loader: 'ts',
    format: 'esm',
  });
  const out = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
  expect(out).toMatch(/accuracy: 1,[\s\S]*column: 'plan'[\s\S]*prediction: 'yes'/);
});
