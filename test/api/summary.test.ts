import { expect, it } from 'vitest';
import {
  batchNormalization,
  conv2d,
  conv2dTranspose,
  dense,
  depthwiseConv2d,
  lstm,
  Model,
  maxPool2d,
  reshape,
  sequential,
} from '../../src/entries/node.js';

const layers = [
  conv2d(6, 3, { padding: 'same', activation: 'relu' }),
  batchNormalization(),
  maxPool2d(2),
  depthwiseConv2d(3),
  conv2dTranspose(4, 3, { strides: 2, padding: 'same' }),
  reshape([4, 16]),
  lstm(5),
  dense(2),
];

it('says what a row takes: multiply-adds of products by their definitions, and memory in panels of 16 columns', async () => {
  const model = await Model.create(sequential([8, 8, 3], layers));
  for (const each of [model, await model.quantize({ weights: 'int8' })]) {
    const lines = each.summary().split('\n');
    const cells = (name: string) =>
      lines
        .find(line => line.startsWith(name))
        ?.split(/ {2,}/)
        .slice(-3);
    expect(lines[0]?.split(/ {2,}/)).toEqual(['layer', 'kind', 'output', 'parameters', 'multiply-adds', 'memory']);
    // Positions × taps × channels × filters; its values are 64 positions of one panel, 64 bytes each.
    expect(cells('0.conv2d')).toEqual([String(9 * 3 * 6 + 6), (64 * 9 * 3 * 6).toLocaleString('en-US'), '4.0 KiB']);
    expect(cells('1.batch')).toEqual(['24', '0', '4.0 KiB']);
    expect(cells('2.max')).toEqual(['0', '0', '1.0 KiB']);
    expect(cells('3.depthwise')).toEqual(['60', String(4 * 9 * 6), '256 B']);
    // Positions of what it reads.
    expect(cells('4.conv2dTranspose')?.slice(0, 2)).toEqual(['220', String(4 * 9 * 6 * 4)]);
    // Of each step with its inputs and with the state before it.
    expect(cells('6.lstm')?.[1]).toBe((4 * (16 + 5) * 4 * 5).toLocaleString('en-US'));
    expect(cells('7.dense')).toEqual(['12', '10', '64 B']);
    expect(lines.at(-1)).toMatch(/^924 parameters, .*; a row takes 13,138 multiply-adds, 1\d\.\d KiB$/);
  }
});
