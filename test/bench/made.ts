/** Runs that nobody measured. */
import type { Case, Row, Run, SuiteResult } from '../../src/bench/result.js';
import type { Figure } from '../../src/bench/statistics.js';

export const figure = (median: number, spread: number, rounds = 15): Figure => ({
  median,
  spread,
  best: median,
  rounds,
});

export function rowOf(contestant: string, rate: number, more: Partial<Row> = {}): Row {
  return { contestant, version: '', threads: 1, rate: figure(rate, rate / 100), ratios: {}, ...more };
}

export function caseOf(name: string, rows: readonly Row[], more: Partial<Case> = {}): Case {
  return { name, unit: 'samples', rows, without: {}, quiet: 1, ...more };
}

export function runOf(cases: readonly Case[], suite: Partial<SuiteResult> = {}): Run {
  return {
    event: 'benchmark',
    format: 1,
    machine: {
      cpu: 'A processor',
      cores: 4,
      caches: { L1d: 32768, L2: 2 ** 20 },
      instructions: ['AVX2'],
      platform: 'linux x64',
      runtime: 'Node',
      version: '24.0.0',
      myelin: '0.1.0',
      commit: 'abc1234',
      binary: 'relaxed (why)',
      threads: 4,
      date: '2026-01-02T03:04:05.000Z',
    },
    command: 'myelin bench',
    suites: [{ suite: 'training', cases, ...suite }],
    absent: {},
    interrupted: false,
  };
}
