import { describe, expect, it } from 'vitest';
import { reportOf } from '../../src/bench/report.js';
import type { Case, Row, Run } from '../../src/bench/result.js';
import { tableOf, textOf, warningsOf, writeRate, writeRatio } from '../../src/bench/table.js';
import { caseOf, figure, rowOf, runOf } from './made.js';

describe('a verdict', () => {
  it('is a ratio where rounds agree', () => {
    expect(writeRatio(figure(3.456, 0.05))).toBe('3.46 ×');
    expect(writeRatio(figure(52.4, 12))).toBe('about 52 ×');
  });

  it('is none where they do not, and «as fast» within the uncertainty', () => {
    expect(writeRatio(figure(1.2, 0.4))).toBe('too noisy');
    expect(writeRatio(figure(1.5, 0.01, 2))).toBe('too noisy');
    expect(writeRatio(figure(1.01, 0.05))).toBe('as fast');
  });
});

describe('figures', () => {
  it.each([
    ['samples', 96019, '96,020 ±2%'],
    ['multiplyAdds', 29.3e9, '58.6 ±2%'],
    ['numbers', 1e9 / 0.604, '0.604 ±2%'],
    ['steps', 1e6 / 1460, '1,460 ±2%'],
    ['starts', 1e3 / 42, '42 ±2%'],
  ] as const)('of %s are in the unit that people use', (unit, rate, text) => {
    expect(writeRate(unit, figure(rate, rate * 0.02))).toBe(text);
  });

  it('stand in columns that all rows share; who is wrong or not comparable says so', () => {
    const rows: Row[] = [
      rowOf('myelin', 1000, { shareOfMultiplyAdds: figure(0.75, 0.01) }),
      rowOf('slow', 100, { ratios: { myelin: figure(10, 0.1) }, cost: 0.5 }),
      rowOf('wrong', 5000, { wrong: 'cost 2 where others have 0.5' }),
      rowOf('other', 5000, { notComparable: 'it begins elsewhere' }),
    ];
    const { head, lines } = tableOf({ unit: 'samples', rows });
    expect(head).toEqual(['samples/s', 'of multiply-adds', 'cost', 'myelin is']);
    expect(lines.every(({ cells }) => cells.length === head.length)).toBe(true);
    expect(lines[1]?.cells).toEqual(['100 ±1%', '', '0.5000', '10 ×']);
    expect(lines[2]?.remark).toBe('WRONG: cost 2 where others have 0.5');
    expect(lines[3]?.remark).toBe('not comparable: it begins elsewhere');
  });
});

it('what threads gain stands beside them: in the middle, and of the best rounds', () => {
  const rows = [
    rowOf('myelin', 1000),
    rowOf('myelin', 1500, { threads: 2, speedUp: figure(1.52, 0.03), rate: { ...figure(1500, 9), best: 1620 } }),
    rowOf('peer', 10, { threads: 2 }),
  ];
  const { head, lines } = tableOf({ unit: 'samples', rows });
  expect(head.at(-1)).toBe('speed-up');
  expect(lines.map(({ cells }) => cells.at(-1))).toEqual(['', '1.52 ±0.03, best 1.62', '']);
});

describe('the text of a run', () => {
  const cases: Case[] = [caseOf('a network', [rowOf('myelin', 1000), rowOf('peer', 10)])];

  it('begins with the machine: processor, cores, caches, runtime, binary, threads, commit', () => {
    const text = textOf(runOf(cases));
    for (const part of [
      'A processor × 4',
      'L1d 32 KiB',
      'L2 1 MiB',
      'Node 24.0.0',
      'relaxed',
      'threads: 4',
      'abc1234',
    ]) {
      expect(text).toContain(part);
    }
  });

  it('warns of noise, and of nothing else', () => {
    expect(warningsOf(runOf(cases))).toEqual([]);
    const [noisy] = cases.map(one => ({
      ...one,
      quiet: 0.2,
      rows: [rowOf('myelin', 1000, { rate: figure(1000, 400) })],
    }));
    const warnings = warningsOf(runOf(noisy ? [noisy] : []));
    expect(warnings[0]).toContain('1 of 1 cases');
    expect(warnings[1]).toContain('no verdict');
  });

  it('names who is not installed, with how, and says when it was interrupted', () => {
    const run: Run = { ...runOf(cases), absent: { 'brain.js': 'npm install brain.js' }, interrupted: true };
    expect(textOf(run)).toContain('brain.js: npm install brain.js');
    expect(textOf(run)).toContain('Interrupted');
  });

  it('names what others have published as from another machine', () => {
    const published = [{ who: 'Someone, 18 cores', rate: 2e6, source: 'example.org/table' }];
    const text = textOf(runOf([caseOf('a network', [rowOf('myelin', 1e6)], { published })]));
    expect(text).toContain(
      'published, from another machine: 2,000,000 samples/s, Someone, 18 cores (example.org/table)',
    );
  });

  it('is a line a case where there are many', () => {
    const many = Array.from({ length: 5 }, (_, i) => {
      const rows = [rowOf('myelin', 1000), rowOf('peer', 10, { ratios: { myelin: figure(100, 1) } })];
      return caseOf(`case ${i}`, rows);
    });
    const lines = textOf(runOf(many))
      .split('\n')
      .filter(line => line.startsWith('case '));
    expect(lines).toHaveLength(5);
    expect(lines[0]).toContain('100 ×');
  });

  it('says there too who is no verdict or missing, on the page as well', () => {
    const rows = [rowOf('myelin', 1000), rowOf('other', 5000, { notComparable: 'it begins elsewhere' })];
    const run = runOf(
      Array.from({ length: 5 }, (_, i) => caseOf(`case ${i}`, rows, { without: { slow: 'no <layers>' } })),
    );
    for (const note of ['other: not comparable: it begins elsewhere', 'without slow: no <layers>']) {
      expect(textOf(run).split(`  ${note}`), note).toHaveLength(2);
      expect(reportOf(run), note).toContain(`<p>${note.replace('<', '&lt;').replace('>', '&gt;')}</p>`);
    }
    const one = runOf([caseOf('a network', rows, { without: { slow: 'no layers' } })]);
    expect(reportOf(one)).toContain('<p>without slow: no layers</p>');
  });
});
