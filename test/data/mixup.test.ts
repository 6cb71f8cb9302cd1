/** Rows mixed with others: what they are made of is told apart by rows that are all different. */
import { expect, it } from 'vitest';
import { mixup } from '../../src/entries/data.js';
import { adam, dense, Model, sequential, Trainer } from '../../src/entries/node.js';
import { numbers } from '../reference/data.js';

const ROWS = 3000;
/** A row for each, of its number and 1. */
const x = Float32Array.from({ length: 2 * ROWS }, (_, i) => (i % 2 ? 1 : i / 2));

/** All of an epoch's rows. */
function epochOf(mixed: ReturnType<typeof mixup>, epoch?: number) {
  const chunks = [...mixed.chunks(epoch)];
  return { x: chunks.flatMap(chunk => [...chunk.x]), y: chunks.flatMap(chunk => [...chunk.y]) };
}

it('mixes x and y alike, and every row once as the first and once as the second', () => {
  const mixed = mixup({ x, y: Float32Array.from({ length: ROWS }, (_, i) => 3 * i + 1) }, { alpha: 0.4 });
  expect(mixed.rows).toBe(ROWS);
  const { x: rows, y } = epochOf(mixed);
  expect(y).toHaveLength(ROWS);
  const off = y.map((target, i) => {
    const [number = Number.NaN, one = Number.NaN] = rows.slice(2 * i, 2 * i + 2);
    return Math.max(Math.abs(one - 1), Math.abs(target / (3 * number + 1) - 1));
  });
  expect(Math.max(...off)).toBeLessThan(1e-6);
  // λ and 1 − λ have the same mean, so that each row counts as much as another.
  const mean = y.reduce((sum, value) => sum + value, 0) / ROWS;
  expect(mean / (1.5 * ROWS)).toBeGreaterThan(0.97);
  expect(mean / (1.5 * ROWS)).toBeLessThan(1.03);
});

it.each([0.2, 1, 2])('draws shares of Beta(%d, %d)', alpha => {
  const y = Int32Array.from({ length: ROWS }, (_, i) => i);
  // Of two rows one has λ and the other 1 − λ, either of which is of the distribution.
  const { y: soft } = epochOf(mixup({ x, y: y.map(i => i % 2) }, { alpha, classes: 2 }));
  const shares = soft.filter((share, i) => i % 2 === 0 && share > 0 && share < 1);
  // Half of the pairs are of one class, and have no share to tell.
  expect(shares.length).toBeGreaterThan(ROWS * 0.35);
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.03);
  // Of Beta(a, a) it is 1 / (4 (2a + 1)).
  expect(Math.abs(variance * 4 * (2 * alpha + 1) - 1)).toBeLessThan(0.08);
});

it('makes soft rows of class indices, and multiplies bytes', () => {
  const bytes = Uint8Array.from([10, 20, 30, 40, 50, 60]);
  const { x: rows, y } = epochOf(mixup({ x: bytes, y: [0, 1, 1], scale: 0.5 }, { classes: 3 }));
  expect([rows.length, y.length]).toEqual([6, 9]);
  for (let row = 0; row < 3; row++) {
    const [zero = 0, one = 0, two] = y.slice(3 * row);
    expect(zero + one).toBeCloseTo(1, 6);
    expect(two).toBe(0);
    expect((rows[2 * row + 1] ?? 0) - (rows[2 * row] ?? 0)).toBeCloseTo(5, 5);
  }
  expect(
    epochOf(
      mixup({
        x: [[1], [2]],
        y: [
          [0, 1],
          [1, 0],
        ],
      }),
    ).y,
  ).toHaveLength(4);
});

it('draws anew for every epoch, and the same for the same seed', () => {
  const data = { x, y: x.filter((_, i) => i % 2 === 0) };
  const [mixed, again, other] = [mixup(data), mixup(data), mixup(data, { seed: 1 })];
  const first = epochOf(mixed);
  expect(epochOf(again)).toEqual(first);
  expect(epochOf(mixed, 0)).toEqual(first);
  expect(epochOf(mixed, 1)).not.toEqual(first);
  expect(epochOf(other)).not.toEqual(first);
});

it('trains with the same bits for any number of threads', async () => {
  const rows = numbers(8 * 256, 3);
  const y = Int32Array.from({ length: 256 }, (_, i) => Number((rows[8 * i] ?? 0) > 0));
  const train = async (threads: number) => {
    const model = await Model.create(
      sequential(8, [dense(16, { activation: 'relu' }), dense(2, { activation: 'softmax' })]),
    );
    const options = { loss: 'categoricalCrossEntropy', optimizer: adam(), epochs: 4, threads } as const;
    const { loss } = await model.fit(mixup({ x: rows, y }), options);
    model.dispose();
    return { loss, parameters: model.parameters };
  };
  const one = await train(1);
  expect(one.loss.at(-1)).toBeLessThan(one.loss[0] ?? 0);
  expect(await train(2)).toEqual(one);
});

it('goes on with the mixtures that would have come, in another process too', async () => {
  const rows = numbers(8 * 64, 3);
  const y = Int32Array.from({ length: 64 }, (_, i) => Number((rows[8 * i] ?? 0) > 0));
  const create = async () => {
    const model = await Model.create(sequential(8, [dense(2, { activation: 'softmax' })]), { seed: 2 });
    return model.trainer({ loss: 'categoricalCrossEntropy', optimizer: adam(), batchSize: 16 });
  };
  const whole = await create();
  await whole.fit(mixup({ x: rows, y }), { epochs: 5 });
  const half = await create();
  await half.fit(mixup({ x: rows, y }), { epochs: 2 });
  const resumed = await Trainer.fromBytes(half.toBytes());
  await resumed.fit(mixup({ x: rows, y }), { epochs: 3 });
  expect(resumed.model.parameters).toEqual(whole.model.parameters);
});

it('refuses what cannot be mixed, before any work', () => {
  const y = [0, 1, 0];
  const given =
    (data: object, options = {}) =>
    () =>
      mixup(data as never, options);
  const three = new Float32Array(6);
  expect(given({ x: three, y }, { alpha: 0 })).toThrow(/^mixup: alpha: expected a finite number > 0 and <= 2, got 0/);
  expect(given({ x: three, y }, { beta: 1 })).toThrow(/^mixup: expected known options only, got 'beta'/);
  expect(given({ x: three, y }, { classes: 1 })).toThrow(/^mixup: y: .*from 0 to 0.*got label 1 in row 1/);
  expect(given({ x: three, y: [0, 0.5, 1] })).toThrow(/^mixup: y: .*got label 0\.5 in row 1/);
  expect(given({ x: new Float32Array(7), y })).toThrow(
    /^mixup: expected x with as many rows as y has, got 7 numbers for 3/,
  );
  expect(given({ x: [[1], [2]], y })).toThrow(/^mixup: y: /);
  expect(given({ x: new Int32Array(6), y })).toThrow(/^mixup: x: expected a Float32Array/);
  expect(given({ x: three, y, lengths: [1, 1, 1] })).toThrow(
    /^mixup: data: expected known options only, got 'lengths'/,
  );
  const soft = [
    [0, 1],
    [1, 0],
  ];
  expect(given({ x: [[1], [2]], y: soft }, { classes: 3 })).toThrow(
    /^mixup: classes: expected 2, as a row of y has numbers, got 3/,
  );
  expect(given({ x: three, y: new Float32Array(7) }, { classes: 3 })).toThrow(
    /^mixup: y: expected rows of 3 numbers, as classes says, got 7 numbers/,
  );
  const holed = Float32Array.of(1, 2, 3, 4, Number.NaN, 6);
  const nan = /^mixup: x: expected finite float32 numbers, got NaN in row 2, column 0/;
  expect(given({ x: holed, y })).toThrow(nan);
  expect(given({ x: Float64Array.from(holed), y })).toThrow(nan);
  expect(given({ x: [[1], [2], [Number.NaN]], y })).toThrow(nan);
  expect(given({ x: three, y: 'cats' })).toThrow(/^mixup: y: expected class indices, or rows of numbers, got /);
  expect(given({ y })).toThrow(/^mixup: x: expected /);
});
