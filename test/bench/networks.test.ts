import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { chainOf, lossFor, networkOf, parseNetwork } from '../../src/bench/networks.js';
import { workOf } from '../../src/bench/work.js';
import { dense, dropout, flatten, Model, sequential } from '../../src/entries/node.js';

const folder = mkdtempSync(join(tmpdir(), 'networks-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('--network', () => {
  it('takes widths: relu in between, softmax at the end, sigmoid where that is one output', async () => {
    const { name, architecture } = await parseNetwork('784-128-10');
    expect(name).toBe('784-128-10');
    expect(chainOf(architecture)).toEqual({ widths: [784, 128, 10], activations: ['relu', 'softmax'] });
    expect(chainOf((await parseNetwork('4-8-1')).architecture)?.activations).toEqual(['relu', 'sigmoid']);
  });

  it('takes networks of images and sequences by their names', async () => {
    // The parameters of LeNet-5 with padding in front, as Keras counts them, and of ResNet-8, as MLPerf Tiny has them.
    const counts = { 'lenet-5': 61_706, 'resnet-8': 78_666 };
    for (const [known, count] of Object.entries(counts)) {
      const { name, architecture } = await parseNetwork(known);
      expect(name).toBe(known);
      const sizes = (await Model.create(architecture)).parameters.map(({ data }) => data.length);
      expect(sizes.reduce((sum, length) => sum + length, 0)).toBe(count);
      expect(chainOf(architecture)).toBeUndefined();
    }
  });

  it("takes an architecture's JSON, itself or in a file, and a model file with its parameters", async () => {
    const architecture = sequential([2, 2], [flatten(), dense(3, { activation: 'tanh' }), dense(2)]);
    expect((await parseNetwork(JSON.stringify(architecture))).architecture).toEqual(architecture);
    const [json, file] = [join(folder, 'network.json'), join(folder, 'model.safetensors')];
    writeFileSync(json, JSON.stringify(architecture));
    expect((await parseNetwork(json)).architecture).toEqual(architecture);
    const model = await Model.create(architecture, { seed: 3 });
    writeFileSync(file, model.toBytes());
    const parsed = await parseNetwork(file);
    expect(parsed.architecture).toEqual(architecture);
    expect(parsed.model?.parameters).toEqual(model.parameters);
  });

  it.each([
    ['784x128x10', "did you mean '784-128-10'?"],
    ['784-0-10', "got '784-0-10'"],
    ['nothing.safetensors', 'there is no such file'],
    ['lenet5', "did you mean 'lenet-5'?"],
    ['{"inputShape":[4]}', 'layers'],
  ])('refuses %s, and says what it takes', async (text, says) => {
    await expect(parseNetwork(text)).rejects.toThrow(says);
  });

  it('refuses a file that is neither', async () => {
    const path = join(folder, 'table.csv');
    writeFileSync(path, 'a,b\n1,2\n');
    await expect(parseNetwork(path)).rejects.toThrow('--network: expected widths such as 784-128-10');
  });
});

describe('what a network is to others', () => {
  it('is a chain only where all layers are fully connected', () => {
    expect(chainOf(sequential(4, [dense(3), dropout(0.5), dense(2)]))).toBeUndefined();
    expect(chainOf(sequential(4, [dense(3, { useBias: false })]))).toBeUndefined();
  });

  it('has the cost that fits its end', () => {
    expect(lossFor(networkOf([4, 8, 3]).architecture)).toBe('sparseCategoricalCrossEntropy');
    expect(lossFor(networkOf([4, 8, 1]).architecture)).toBe('binaryCrossEntropy');
    expect(lossFor(sequential(4, [dense(2)]))).toBe('meanSquaredError');
  });
});

describe('the work of a row', () => {
  const task = { loss: 'sparseCategoricalCrossEntropy', optimizer: 'adam', batchSize: 32 } as const;
  const { architecture } = networkOf([784, 128, 10]);

  it('is the multiply-adds of its products: forward, dW, and dX where anything is below', () => {
    const forward = 784 * 128 + 128 * 10;
    expect(workOf(architecture, { ...task, kind: 'inference' }).multiplyAdds).toBe(forward);
    expect(workOf(architecture, { ...task, kind: 'training' }).multiplyAdds).toBe(2 * forward + 128 * 10);
  });

  it('moves at least the weights, and with Adam them, their gradients and two moments', () => {
    const weights = 4 * (784 * 128 + 128 * 10);
    const predicting = workOf(architecture, { ...task, kind: 'inference' });
    const training = workOf(architecture, { ...task, kind: 'training' });
    expect(predicting.bytes * 32).toBeGreaterThan(weights);
    // Forward 1, dW 1, update 7; the second layer's dX reads its weights once more.
    expect(training.bytes * 32).toBeGreaterThan(9 * weights);
    expect(training.bytes * 32).toBeLessThan(12 * weights);
    expect(training.footprint).toBeGreaterThan(4 * weights);
  });
});
