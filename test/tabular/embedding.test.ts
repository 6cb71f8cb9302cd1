/** Categories of many values: a row of a table for each, which is looked up, the same answers everywhere. */
import { afterAll, describe, expect, it } from 'vitest';
import { Model } from '../../src/entries/node.js';
import { fitTable, TableModel } from '../../src/entries/tabular.node.js';
import { TableModel as Small } from '../../src/entries/tabular.predict.js';
import { Folder } from '../cli/runCli.js';

const folder = new Folder();
afterAll(() => folder.remove());

const CITIES = 2000;
const cityOf = (row: number) => (row * 7919) % CITIES;
const rows = Array.from({ length: 9 * CITIES }, (_, row) => ({
  city: `city ${cityOf(row)}`,
  size: (row * 31) % 17,
  far: Math.floor(cityOf(row) / 3) % 2 === 0 ? 'near' : 'far',
}));
const options = { target: 'far', epochs: 4, hidden: [8], batchSize: 64, learningRate: 0.03 } as const;

const wordOf = (row: number) => (row % 7 === 0 ? `rare ${row}` : `word ${row % 60}`);

it('values that training grouped as rare are learned, and those that it did not see go with them', async () => {
  const rows = Array.from({ length: 1200 }, (_, row) => ({ word: wordOf(row), is: row % 7 === 0 ? 'rare' : 'known' }));
  const model = await fitTable(rows, { target: 'is', epochs: 10, hidden: [4], learningRate: 0.03 });
  expect(model.model.architecture.layers.map(({ kind }) => kind)).toContain('embedding');
  expect(model.predict({ word: 'never seen' }).prediction).toBe('rare');
});

describe('a category of thousands of values', async () => {
  const model = await fitTable(rows, options);

  it('is one input, and a row of an embedding for each value and one for all others', () => {
    const [city] = model.columns;
    expect(city).toMatchObject({ name: 'city', kind: 'category', inputs: 1 });
    expect(city?.about).toMatch(/^one of 2000 as 16 numbers: city 0, /);
    const { parameters } = model.model;
    expect(parameters.find(({ name }) => name.endsWith('embedding.weight'))?.shape).toEqual([CITIES + 1, 16]);
    expect(model.model.architecture.layers.map(({ kind }) => kind)).toContain('embedding');
  });

  it('is learned: nothing but the value tells the classes apart', () => {
    // Some cities are too rare among the rows of training to have a row of their own.
    const figures = model.training?.figures;
    expect(figures && 'accuracy' in figures ? figures.accuracy : 0).toBeGreaterThan(0.75);
    const [first] = model.importance(rows.slice(0, 500), { repeats: 1 });
    expect(first?.column).toBe('city');
  });

  it('takes values that training did not see for the mean of those that it did', () => {
    const { data = new Float32Array() } =
      model.model.parameters.find(({ name }) => name.endsWith('embedding.weight')) ?? {};
    for (let unit = 0; unit < 16; unit++) {
      const own = Array.from({ length: CITIES }, (_, city) => data[16 * city + unit] ?? 0);
      expect(data[16 * CITIES + unit]).toBeCloseTo(
        own.reduce((sum, value) => sum + value / CITIES, 0),
        6,
      );
    }
  });

  it('answers the same in Node, without WebAssembly, and on the command line; others share a place', async () => {
    const asked = [
      ...rows.slice(0, 40),
      { city: 'nowhere', size: 3, far: 'far' },
      { city: 'else', size: 3, far: 'far' },
    ];
    const own = model.predict(asked);
    expect(own[40]?.probabilities).toEqual(own[41]?.probabilities);
    const bytes = model.toBytes();
    expect((await TableModel.fromBytes(bytes)).predict(asked)).toEqual(own);
    const small = (await Small.fromBytes(bytes)).predict(asked);
    await model.save(`${folder.path}/m.safetensors`);
    folder.write('rows.csv', `city,size\n${asked.map(({ city, size }) => `${city},${size}`).join('\n')}\n`);
    const { out, err } = await folder.run('predict', 'm.safetensors', 'rows.csv');
    expect(err).not.toContain('expected');
    const lines = out.trim().split('\n').slice(1);
    expect(lines).toHaveLength(asked.length);
    for (const [row, line] of lines.entries()) {
      const { far = 0 } = own[row]?.probabilities ?? {};
      expect(small[row]?.probabilities?.far).toBeCloseTo(far, 5);
      expect(Number(line.split(',')[1])).toBeCloseTo(far, 5);
    }
  });

  it('is a TableModel to read: a plain Model names it', async () => {
    const plain = await Model.fromBytes(model.toBytes());
    expect(() => plain.predict([[1, 2]])).toThrow('TableModel');
    const inputs = { numbers: [[2]], column0: [[1]] };
    expect(() => plain.predict(inputs)).toThrow('TableModel');
  });
});
