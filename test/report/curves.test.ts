/** Curves of the report; expected points are those in scikit-learn's documentation, or counted by hand. */
import { describe, expect, it } from 'vitest';
import { calibrationBins, histogram, precisionRecallCurve, rocCurve } from '../../src/report/curves.js';
import { pictureAddress, pictureShape, squareOf } from '../../src/report/picture.js';

const scores = [0.1, 0.4, 0.35, 0.8];
const isPositive = [false, false, true, true];

describe('curves', () => {
  it('have the points of sklearn.metrics.roc_curve and precision_recall_curve', () => {
    expect(rocCurve(scores, isPositive)).toEqual([
      [0, 0],
      [0, 0.5],
      [0.5, 0.5],
      [0.5, 1],
      [1, 1],
    ]);
    expect(precisionRecallCurve(scores, isPositive)).toEqual([
      [0.5, 1],
      [0.5, 0.5],
      [1, 2 / 3],
      [1, 0.5],
    ]);
  });

  it('take equal scores in one step, and have no points where a class has no rows', () => {
    expect(rocCurve([0.5, 0.5, 0.5], [true, false, true])).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect(rocCurve([0.1, 0.2], [true, true])).toEqual([]);
    expect(precisionRecallCurve([0.1, 0.2], [false, false])).toEqual([]);
  });

  it('are thinned out to what is seen, with both ends', () => {
    const many = Array.from({ length: 5000 }, (_, i) => i / 5000);
    const curve = rocCurve(
      many,
      many.map((_, i) => i % 3 === 0),
    );
    expect(curve.length).toBeLessThanOrEqual(202);
    expect([curve[0], curve.at(-1)]).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });
});

it('calibration bins are open below and closed above', () => {
  expect(calibrationBins([0.5, 0.5, 0.75, 1], [true, false, true, true], 2)).toEqual([
    { confidence: 0.5, right: 0.5, rows: 2 },
    { confidence: 0.875, right: 1, rows: 2 },
  ]);
});

it('a histogram counts every value once', () => {
  const bins = histogram([0, 1, 2, 3, 4], 2);
  expect(bins).toEqual([
    { from: 0, to: 2, count: 2 },
    { from: 2, to: 4, count: 3 },
  ]);
  expect(histogram([5, 5], 3).map(({ count }) => count)).toEqual([2, 0, 0]);
});

describe('pictures', () => {
  it('are rows of two or three dimensions, and columns that are numbered pixels', () => {
    expect([pictureShape([28, 28]), pictureShape([8, 6, 3]), pictureShape([784]), pictureShape([8, 8, 2])]).toEqual([
      [28, 28, 1],
      [8, 6, 3],
      undefined,
      undefined,
    ]);
    const pixels = Array.from({ length: 16 }, (_, i) => `pixel${i}`);
    expect(squareOf(pixels)).toEqual([4, 4, 1]);
    expect(squareOf([...pixels.slice(1), 'age'])).toBeUndefined();
    expect(squareOf(pixels.slice(1))).toBeUndefined();
  });

  it('are bitmaps from black to white, from the bottom up', () => {
    const bytes = Buffer.from(pictureAddress([0, 1, 2, 4], [2, 2, 1], 0, 4).split(',')[1] ?? '', 'base64');
    expect(bytes.toString('latin1', 0, 2)).toBe('BM');
    expect([bytes.readInt32LE(18), bytes.readInt32LE(22), bytes.readUInt16LE(28), bytes.length]).toEqual([
      2, 2, 24, 70,
    ]);
    expect([...bytes.subarray(54)]).toEqual([128, 128, 128, 255, 255, 255, 0, 0, 0, 0, 0, 64, 64, 64, 0, 0]);
  });
});
