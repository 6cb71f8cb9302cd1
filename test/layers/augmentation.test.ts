/** Layers that change images while training, against plain float64 code and the generator's own words. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Architecture,
  adam,
  conv2d,
  cutout,
  dense,
  flatten,
  Model,
  randomBrightness,
  randomCrop,
  randomFlip,
  randomRotation,
  randomTranslation,
  sequential,
  sgd,
} from '../../src/entries/node.js';
import type { AugmentationLayer } from '../../src/layers/augmentation.js';
import { Purpose, philox } from '../../src/random.js';
import { augmented } from '../reference/augmentation.js';
import { numbers } from '../reference/data.js';

const SEED = 5;

/** What row `row` of a first step draws where the layer stands at `index`. */
function wordsOf(row: number, index = 0): [number, number] {
  const [lines, columns] = philox([0, row, 1, index * 256 + Purpose.augment], [SEED, 0]);
  return [lines, columns];
}

/** The changed images of a training step, and those of the reference. */
async function both(layer: AugmentationLayer, shape: [number, number, number], rows: number, deterministic = true) {
  const model = await Model.create(sequential(shape, [layer]), { deterministic });
  const length = shape[0] * shape[1] * shape[2];
  const x = numbers(rows * length, 1);
  const { output } = model.forward(x, { training: true, seed: SEED });
  const want = Array.from({ length: rows }, (_, row) => {
    return [...augmented(layer, x.subarray(row * length, (row + 1) * length), shape, wordsOf(row))];
  });
  return { output, want: want.flat() };
}

/** Numbers that differ by more than rounding does, where the reference says what they are. */
const wrong = ({ output, want }: { output: Float32Array; want: number[] }, most = 2e-5) =>
  want.flatMap((value, i) => (Math.abs((output[i] ?? Number.NaN) - value) <= most || Number.isNaN(value) ? [] : [i]));

const side = fc.integer({ min: 1, max: 9 });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const move = fc.record({
  fillMode: fc.constantFrom('reflect', 'constant', 'nearest', 'wrap'),
  interpolation: fc.constantFrom('bilinear', 'nearest'),
} as const);
const layers: Record<string, fc.Arbitrary<AugmentationLayer>> = {
  randomFlip: fc.constantFrom('horizontal', 'vertical', 'horizontalAndVertical').map(mode => randomFlip(mode)),
  randomTranslation: fc.tuple(share, share, move).map(given => randomTranslation(...given)),
  randomRotation: fc.tuple(share, move).map(given => randomRotation(...given)),
  randomBrightness: share.map(factor => randomBrightness(factor, { valueRange: [-1, 1] })),
  cutout: side.map(size => cutout(size)),
};

describe.each(Object.entries(layers))('%s', (_, layer) => {
  it('gives what plain float64 code gives, of any size and channels, in both binaries', async () => {
    await fc.assert(
      fc.asyncProperty(layer, side, side, fc.constantFrom(1, 3, 16, 17), fc.boolean(), async (given, ...more) => {
        const [height, width, channels, deterministic] = more;
        const pair = await both(given, [height, width, channels], 5, deterministic);
        expect(pair.output).toHaveLength(pair.want.length);
        expect(wrong(pair)).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  it('does nothing while predicting, judging and evaluating', async () => {
    const [sample] = fc.sample(layer, 1);
    const model = await Model.create(sequential([4, 5, 2], [sample ?? cutout(1)]));
    const x = numbers(3 * 40, 2);
    expect(model.predict(x)).toEqual(x);
    expect(model.cost(x, x, { loss: 'meanSquaredError' })).toBe(0);
    expect(model.evaluate({ x, y: x }, { loss: 'meanSquaredError' }).loss).toBe(0);
    const { gradients } = model.gradients(
      x,
      x.map(v => v - 1),
      { loss: 'meanSquaredError', inputs: true },
    );
    expect(gradients.input?.every(slope => slope > 0)).toBe(true);
  });
});

describe('randomCrop', () => {
  it('takes any part while training, and the one in the middle while predicting', async () => {
    const shape = [6, 5, 3] as [number, number, number];
    const pair = await both(randomCrop(3, 2), shape, 40);
    expect(Array.from(pair.output)).toEqual(pair.want);
    const model = await Model.create(sequential(shape, [randomCrop(3, 2)]));
    const x = numbers(90, 1);
    const middle = [1, 2, 3].flatMap(line =>
      [1, 2].flatMap(column => [...x.subarray((line * 5 + column) * 3).slice(0, 3)]),
    );
    expect([...model.predict(x)]).toEqual(middle);
    const { gradients } = model.gradients(x, new Float32Array(18), { loss: 'meanSquaredError', inputs: true });
    const touched = gradients.input?.map(slope => Number(slope !== 0)) ?? [];
    expect([...touched].reduce((sum, one) => sum + one, 0)).toBe(18);
  });

  it('refuses images that are smaller', () => {
    expect(() => sequential([4, 5, 1], [randomCrop(5, 5)])).toThrow(/^randomCrop: expected at most 4 × 5, got 5 × 5$/);
  });
});

it('changes each image by itself, anew in each step and the same in each run', async () => {
  const model = await Model.create(sequential([3, 3, 1], [randomTranslation(0.5, 0.5)]));
  const x = new Float32Array(20 * 9).map((_, i) => i % 9);
  const seeded = (seed: number) => model.forward(x, { training: true, seed }).output;
  const images = Array.from({ length: 20 }, (_, row) =>
    seeded(1)
      .subarray(row * 9, row * 9 + 9)
      .join(),
  );
  expect(new Set(images).size).toBe(20);
  expect(seeded(1)).toEqual(seeded(1));
  expect(seeded(2)).not.toEqual(seeded(1));
  const costs = async () => {
    const layers = [randomTranslation(0.5, 0.5), flatten(), dense(1)];
    const fresh = await Model.create(sequential([3, 3, 1], layers), { seed: 3 });
    const trainer = await fresh.trainer({ loss: 'meanSquaredError', optimizer: sgd({ learningRate: 1e-9 }) });
    return [1, 2, 3].map(() => trainer.stepSync(numbers(90, 1), numbers(10, 2)));
  };
  const first = await costs();
  expect(await costs()).toEqual(first);
  expect(new Set(first).size).toBe(3);
});

it('draws what it says, as often as it says', async () => {
  const rows = 4000;
  const drawn = async (layer: AugmentationLayer, image: number[], shape: [number, number, number]) => {
    const model = await Model.create(sequential(shape, [layer]));
    const x = Float32Array.from({ length: rows * image.length }, (_, i) => image[i % image.length] ?? 0);
    const { output } = model.forward(x, { training: true, seed: 9 });
    return Array.from({ length: rows }, (_, row) => [...output.subarray(row * image.length, (row + 1) * image.length)]);
  };
  const count = (all: number[][], wanted: number[]) => all.filter(image => image.join() === wanted.join()).length;
  const flips = await drawn(randomFlip(), [1, 2, 3, 4], [2, 2, 1]);
  for (const way of [
    [1, 2, 3, 4],
    [2, 1, 4, 3],
    [3, 4, 1, 2],
    [4, 3, 2, 1],
  ]) {
    expect(Math.abs(count(flips, way) / rows - 0.25)).toBeLessThan(0.03);
  }
  const shades = (await drawn(randomBrightness(0.5), [0.5], [1, 1, 1])).flat().sort((a, b) => a - b);
  for (const part of [0, 0.25, 0.5, 0.75, 0.999]) {
    expect(Math.abs((shades[Math.floor(part * rows)] ?? 0) - part)).toBeLessThan(0.03);
  }
  const holes = await drawn(cutout(1), [1, 1, 1, 1], [2, 2, 1]);
  for (const hole of [0, 1, 2, 3]) {
    expect(Math.abs(holes.filter(image => image[hole] === 0).length / rows - 0.25)).toBeLessThan(0.03);
  }
});

it('takes bytes with their scale as the same numbers, one layer behind another', async () => {
  const layers = [randomFlip('horizontal'), randomRotation(0.1), randomBrightness(0.2), randomCrop(5, 5), cutout(2)];
  const model = await Model.create(sequential([7, 6, 3], layers), { deterministic: true });
  const bytes = Uint8Array.from({ length: 4 * 126 }, (_, i) => (i * 37) % 256);
  const floats = Float32Array.from(bytes, byte => byte * Math.fround(1 / 255));
  const asked = { training: true, seed: 4 } as const;
  const { output } = model.forward({ x: bytes, scale: 1 / 255 }, asked);
  expect(output).toEqual(model.forward(floats, asked).output);
  expect(output.every(value => value >= 0 && value <= 1)).toBe(true);
});

it('trains, is the same from JSON, and stands in the summary', async () => {
  const layers = [randomTranslation(0.1, 0.2), randomFlip(), conv2d(4, 3), flatten(), dense(2)];
  const architecture = sequential([6, 6, 1], layers);
  expect(Architecture.fromJSON(JSON.stringify(architecture))).toEqual(architecture);
  const model = await Model.create(architecture, { seed: 1 });
  expect(model.summary()).toMatch(/randomTranslation\(0\.1, 0\.2\)[\s\S]*randomFlip\(horizontalAndVertical\)/);
  const data = { x: numbers(36 * 60, 1), y: numbers(120, 2) };
  const { loss } = await model.fit(data, { loss: 'meanSquaredError', optimizer: adam(), epochs: 15 });
  expect(loss.at(-1)).toBeLessThan(loss[0] ?? 0);
  const copy = await Model.fromBytes(model.toBytes());
  expect(copy.predict(data.x)).toEqual(model.predict(data.x));
});

it('refuses what it cannot take, before any work', async () => {
  expect(() => randomFlip('sideways' as never)).toThrow(/^randomFlip: mode: expected a known name, got 'sideways'/);
  expect(() => randomTranslation(0.1, 1.5)).toThrow(
    /^randomTranslation: widthFactor: expected a finite number >= 0 and/,
  );
  expect(() => randomTranslation(0.1, undefined as never)).toThrow(TypeError);
  expect(() => randomRotation(0.1, { fillMode: 'mirror' as never })).toThrow(/^randomRotation: fillMode: .*'mirror'/);
  expect(() => randomRotation(0.1, { angle: 3 } as never)).toThrow(/'angle'/);
  expect(() => randomCrop(0, 3)).toThrow(RangeError);
  expect(() => randomBrightness(0.1, { valueRange: [1, 1] })).toThrow(
    /^randomBrightness: valueRange\[1\]: .* > 1, got 1$/,
  );
  expect(() => randomBrightness(0.1, { valueRange: 255 as never })).toThrow(TypeError);
  expect(() => cutout(2.5)).toThrow(RangeError);
  expect(() => sequential([9], [randomFlip()])).toThrow(
    /^randomFlip: expected input \[rows, height, width, channels\]/,
  );
  const late = await Model.create(sequential([4, 4, 1], [conv2d(2, 3), randomFlip(), flatten(), dense(1)]));
  const refusal = /^layer '1.randomFlip': expected nothing that learns before it.*; put it first$/;
  await expect(late.trainer({ loss: 'meanSquaredError', optimizer: 'adam' })).rejects.toThrow(refusal);
  const first = await Model.create(sequential([4, 4, 1], [randomFlip(), flatten(), dense(1)]));
  const asked = { loss: 'meanSquaredError', inputs: true, training: true } as const;
  expect(() => first.gradients(numbers(16, 1), [1], asked)).toThrow(/^layer '0.randomFlip'/);
  const searched = first.fit({ x: numbers(16, 1), y: [1] }, { loss: 'meanSquaredError', optimizer: 'lbfgs' });
  await expect(searched).rejects.toThrow(/expected none with augmentation where lbfgs trains/);
});
