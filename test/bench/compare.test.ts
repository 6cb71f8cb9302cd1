/** Runs that nobody measured: what counts as a change, and what does not. */
import { describe, expect, it } from 'vitest';
import { compare, parseRun, textOfComparison, worseOf } from '../../src/bench/compare.js';
import type { Row, Run } from '../../src/bench/result.js';
import { caseOf, figure, rowOf, runOf } from './made.js';

/** A run in which myelin does so much, of the limit, and so many times what a peer does. */
function run(rate: number, share: number, ratio: number, spread = 0.01): Run {
  const more: Partial<Row> = { shareOfMultiplyAdds: figure(share, share * spread), rate: figure(rate, rate * spread) };
  const peer = rowOf('plain TypeScript', rate / ratio, { ratios: { myelin: figure(ratio, ratio * spread) } });
  return runOf([caseOf('a network', [rowOf('myelin', rate, more), peer])]);
}

const verdicts = (a: Run, b: Run, threshold = 0.1) => compare(a, b, threshold).changes.map(({ verdict }) => verdict);

describe('a change', () => {
  it('is none between a run and itself', () => {
    const comparison = compare(run(1000, 0.8, 25), run(1000, 0.8, 25), 0.1);
    expect(comparison.changes.map(({ what }) => what)).toEqual(['speed', 'of multiply-adds', 'times plain TypeScript']);
    expect(comparison.changes.every(({ verdict, ratio }) => verdict === 'same' && ratio === 1)).toBe(true);
    expect(worseOf(comparison)).toEqual([]);
    expect(textOfComparison(comparison, 0.1)).toContain('Nothing changed beyond noise.');
  });

  it('is more than the threshold, in either direction', () => {
    expect(verdicts(run(1000, 0.8, 25), run(950, 0.76, 24))).toEqual(['same', 'same', 'same']);
    expect(verdicts(run(1000, 0.8, 25), run(800, 0.64, 20))).toEqual(['slower', 'slower', 'slower']);
    expect(verdicts(run(1000, 0.8, 25), run(1300, 1, 32))).toEqual(['faster', 'faster', 'faster']);
    expect(verdicts(run(1000, 0.8, 25), run(950, 0.76, 24), 0.02)).toEqual(['slower', 'slower', 'slower']);
  });

  it('is none where noise is as large, and cannot be told where there is too much', () => {
    // ±14 % over 15 rounds: the medians are within 20 % of the truth, at most.
    expect(verdicts(run(1000, 0.8, 25, 0.14), run(870, 0.7, 21.8, 0.14))).toEqual(['same', 'same', 'same']);
    const noisy = compare(run(1000, 0.8, 25), run(500, 0.4, 12, 0.4), 0.1);
    expect(noisy.changes.every(({ verdict }) => verdict === 'too noisy')).toBe(true);
    expect(worseOf(noisy)).toEqual([]);
    expect(textOfComparison(noisy, 0.1)).toContain('could not be told, because the machine was too noisy');
  });
});

describe('on another machine, or in another runtime', () => {
  const elsewhere = (one: Run): Run => ({ ...one, machine: { ...one.machine, cpu: 'Another' } });

  it('speeds are shown and do not count', () => {
    const comparison = compare(run(1000, 0.8, 25), elsewhere(run(500, 0.8, 25)), 0.1);
    expect(comparison.changes.map(({ verdict }) => verdict)).toEqual(['slower', 'same', 'same']);
    expect(worseOf(comparison)).toEqual([]);
    expect(textOfComparison(comparison, 0.1)).toContain('only ratios count');
  });

  it('shares and ratios count as ever', () => {
    const comparison = compare(run(1000, 0.8, 25), elsewhere(run(2000, 0.4, 12)), 0.1);
    expect(worseOf(comparison).map(({ what }) => what)).toEqual(['of multiply-adds', 'times plain TypeScript']);
  });
});

it('what threads gain is a ratio too', () => {
  const of = (speedUp: number, cpu: string): Run => {
    const two = rowOf('myelin', 1600, { threads: 2, speedUp: figure(speedUp, 0.01) });
    const one = runOf([caseOf('a network', [rowOf('myelin', 1000), two])]);
    return { ...one, machine: { ...one.machine, cpu } };
  };
  expect(worseOf(compare(of(1.6, 'A'), of(1.2, 'B'), 0.1))).toMatchObject([
    { where: 'training: a network, myelin, 2 threads', what: 'speed-up', verdict: 'slower' },
  ]);
});

it('says what one of the two does not have', () => {
  const [a, b] = [run(1000, 0.8, 25), runOf([caseOf('another', [rowOf('myelin', 10)])])];
  expect(compare(a, b, 0.1).missing).toHaveLength(4);
});

describe('a file', () => {
  it('is what --json printed', () => {
    const one = run(1000, 0.8, 25);
    expect(parseRun('a.json', JSON.stringify(one))).toEqual(one);
  });

  it.each([
    ['', 'a.json'],
    ['{"event":"epoch"}', 'run myelin bench --json > file'],
    ['{"event":"benchmark","format":2,"suites":[]}', 'measure anew'],
    ['null', 'run myelin bench --json > file'],
    ['{"event":"benchmark","format":1,"machine":{},"suites":[{"cases":[{}]}]}', 'parts are missing; measure anew'],
    ['{"event":"benchmark","format":1,"suites":[]}', 'parts are missing'],
  ])('is refused where it is %j', (text, says) => {
    expect(() => parseRun('a.json', text)).toThrow(says);
  });
});
