/** The figures of a run as people read them. */
import { headerOf } from './machine.js';
import { type Case, isOwn, labelOf, onOneThread, type Row, type Run, type Unit } from './result.js';
import { type Figure, isClear, isNoisy, noiseOf, uncertaintyOf } from './statistics.js';

/** The share of rounds below which the machine had something else to do. */
const QUIET = 0.5;

const units: Readonly<Record<Unit, { title: string; write(rate: number): string }>> = {
  samples: { title: 'samples/s', write: rate => grouped(rate) },
  multiplyAdds: { title: 'GFLOP/s', write: rate => grouped((2 * rate) / 1e9) },
  numbers: { title: 'ns a number', write: rate => grouped(1e9 / rate) },
  steps: { title: 'µs a step', write: rate => grouped(1e6 / rate) },
  starts: { title: 'ms', write: rate => grouped(1e3 / rate) },
};

/** Three digits, or four before the point: `0.105`, `96,020`. */
function grouped(rate: number): string {
  const digits = rate >= 1000 ? 4 : 3;
  return Number(rate.toPrecision(digits)).toLocaleString('en', { maximumSignificantDigits: digits });
}

/** `96,019 ±2%`; as time where the unit is one. */
export function writeRate(unit: Unit, rate: Figure): string {
  return `${units[unit].write(rate.median)} ±${Math.round(100 * noiseOf(rate))}%`;
}

/** `3.4 ×`, or what keeps it from being said. */
export function writeRatio(ratio: Figure): string {
  if (!isClear(ratio)) return 'too noisy';
  if (Math.abs(ratio.median - 1) < uncertaintyOf(ratio)) return 'as fast';
  return isNoisy(ratio) ? `about ${grouped(Number(ratio.median.toPrecision(2)))} ×` : `${grouped(ratio.median)} ×`;
}

export function writeShare(share: Figure | undefined): string {
  return share === undefined ? '' : `${share.median.toFixed(2)} ±${share.spread.toFixed(2)}`;
}

/** `1.62 ±0.03, best 1.71`: the middle of all rounds, and the best one to the best one on one thread. */
function writeSpeedUp(row: Row, rows: readonly Row[]): string {
  const alone = onOneThread(row, rows);
  if (!row.speedUp || !alone) return '';
  return `${writeShare(row.speedUp)}, best ${(row.rate.best / alone.rate.best).toFixed(2)}`;
}

/** The label with the version behind its name. */
export function titleOf(row: Row): string {
  const label = labelOf(row);
  return row.version === '' ? label : label.replace(row.contestant, `${row.contestant} ${row.version}`);
}

export function titleOfUnit(unit: Unit): string {
  return units[unit].title;
}

/** Why a row's figures are no verdict. */
export function remarkOf(row: Row): string {
  if (row.wrong !== undefined) return `WRONG: ${row.wrong}`;
  return row.notComparable === undefined ? '' : `not comparable: ${row.notComparable}`;
}

/** The names of the rows that others are compared with. */
export function ratioKeys(rows: readonly Row[]): string[] {
  return [...new Set(rows.flatMap(({ ratios }) => Object.keys(ratios)))];
}

/** One line a case and contestant. */
export interface Line {
  readonly cells: readonly string[];
  readonly remark: string;
}

/** A case's table: the head, then its lines. */
export function tableOf({ unit, rows }: Pick<Case, 'unit' | 'rows'>): {
  head: readonly string[];
  lines: readonly Line[];
} {
  const keys = ratioKeys(rows);
  const shares = rows.some(row => row.shareOfMultiplyAdds);
  const moved = rows.some(row => row.shareOfBytes);
  const costs = rows.some(row => row.cost !== undefined);
  const threads = rows.some(row => row.speedUp);
  const head = [
    titleOfUnit(unit),
    ...(shares ? ['of multiply-adds'] : []),
    ...(moved ? ['of copying'] : []),
    ...(costs ? ['cost'] : []),
    ...(threads ? ['speed-up'] : []),
    ...keys.map(key => `${key} is`),
  ];
  const lines = rows.map(row => ({
    cells: [
      writeRate(unit, row.rate),
      ...(shares ? [writeShare(row.shareOfMultiplyAdds)] : []),
      ...(moved ? [writeShare(row.shareOfBytes)] : []),
      ...(costs ? [row.cost?.toPrecision(4) ?? ''] : []),
      ...(threads ? [writeSpeedUp(row, rows)] : []),
      ...keys.map(key => (row.ratios[key] ? writeRatio(row.ratios[key]) : '')),
    ],
    remark: remarkOf(row),
  }));
  return { head, lines };
}

/** What is to be said where the machine was not quiet; nothing where it was. */
export function warningsOf({ suites }: Pick<Run, 'suites'>): string[] {
  const cases = suites.flatMap(({ cases }) => cases);
  const noisy = cases.filter(({ quiet }) => quiet < QUIET);
  const unsure = cases.filter(({ rows }) => rows.some(({ rate }) => isNoisy(rate)));
  const warnings: string[] = [];
  if (noisy.length > 0) {
    warnings.push(
      `${noisy.length} of ${cases.length} cases: something else ran on the core in more than half of the rounds.`,
    );
  }
  if (unsure.length > 0) {
    warnings.push(
      `${unsure.length} of ${cases.length} cases: figures vary by more than 15 %; where ratios do, there is no verdict.`,
    );
  }
  return warnings;
}

/** The whole run as text. */
export function textOf(run: Run): string {
  const parts = [headerOf(run.machine)];
  for (const { suite, cases } of run.suites) {
    for (const group of groupsOf(cases)) parts.push(`== ${suite}: ${group.title}\n${group.text}`);
  }
  const absent = Object.entries(run.absent);
  if (absent.length > 0) {
    parts.push(`Not here:\n${absent.map(([name, reason]) => `  ${name}: ${reason}`).join('\n')}`);
  }
  for (const warning of warningsOf(run)) parts.push(`Noise: ${warning}`);
  if (run.interrupted) parts.push('Interrupted: this is what was measured until then.');
  return parts.join('\n\n');
}

/** More cases than this are lines of one table; fewer are a table each. */
const FEW = 3;

function groupsOf(cases: readonly Case[]): { title: string; text: string }[] {
  if (cases.length <= FEW) return cases.map(one => ({ title: one.name, text: textOfCase(one) }));
  const { names, head, lines } = overview(cases);
  const notes = notesOf(cases).map(note => `  ${note}`);
  return [{ title: `${cases.length} cases`, text: [layOut(head, lines, names), ...notes].join('\n') }];
}

/** Whose figures in an overview are no verdict, and who is missing in some of its cases, each with why. */
export function notesOf(cases: readonly Pick<Case, 'rows' | 'without'>[]): string[] {
  const remarks = cases.flatMap(({ rows }) => {
    return rows.filter(row => remarkOf(row) !== '').map(row => [labelOf(row), remarkOf(row)] as const);
  });
  return [...byReason(remarks), ...missingOf(cases)];
}

/** Who is missing in these cases, and why. */
export function missingOf(cases: readonly Pick<Case, 'without'>[]): string[] {
  return byReason(cases.flatMap(({ without }) => Object.entries(without))).map(line => `without ${line}`);
}

/** A line for each reason, with the names of all that it is of. */
function byReason(reasons: readonly (readonly [name: string, reason: string])[]): string[] {
  const names = new Map<string, Set<string>>();
  for (const [name, reason] of reasons) names.set(reason, (names.get(reason) ?? new Set()).add(name));
  return [...names].map(([reason, of]) => `${[...of].join('; ')}: ${reason}`);
}

/** A line a case: everyone's rate, and how far myelin is from the limits and before the fastest of the others. */
export function overview(cases: readonly Case[]) {
  const unit = cases[0]?.unit ?? 'samples';
  const labels = [...new Set(cases.flatMap(({ rows }) => rows.map(labelOf)))];
  const own = labels.filter(label => cases.some(({ rows }) => rows.some(row => isOwn(row) && labelOf(row) === label)));
  const limits = (['shareOfMultiplyAdds', 'shareOfBytes'] as const).filter(key =>
    cases.some(({ rows }) => rows.some(row => isOwn(row) && row[key])),
  );
  const titles = { shareOfMultiplyAdds: 'of multiply-adds', shareOfBytes: 'of copying' };
  const shares = own.flatMap(label => limits.map(key => ({ label, key, title: `${label}: ${titles[key]}` })));
  const peers = labels.length > own.length;
  const head = [
    ...labels.map(label => `${label}, ${titleOfUnit(unit)}`),
    ...shares.map(({ title }) => title),
    ...(peers ? own.map(label => `${label} is, to the fastest peer`) : []),
  ];
  const lines = cases.map(({ rows }): Line => {
    const rowOf = (label: string) => rows.find(row => labelOf(row) === label);
    const verdicts = own.map(label => {
      const ratios = rows.filter(row => !isOwn(row)).flatMap(row => row.ratios[label] ?? []);
      const [least] = ratios.sort((a, b) => a.median - b.median);
      return least ? writeRatio(least) : '';
    });
    const rates = labels.map(label => {
      const row = rowOf(label);
      return row ? `${writeRate(unit, row.rate)}${row.wrong === undefined ? '' : ' WRONG'}` : '';
    });
    const cells = [...rates, ...shares.map(({ label, key }) => writeShare(rowOf(label)?.[key]))];
    return { cells: [...cells, ...(peers ? verdicts : [])], remark: '' };
  });
  return { names: cases.map(({ name }) => name), head, lines };
}

/** Lines that name figures from elsewhere as such. */
export function publishedLines({ published = [], unit }: Pick<Case, 'published' | 'unit'>): string[] {
  return published.map(({ who, rate, source }) => {
    const figure = rate === undefined ? '' : `${units[unit].write(rate)} ${titleOfUnit(unit)}, `;
    return `published, from another machine: ${figure}${who} (${source})`;
  });
}

function textOfCase(one: Case): string {
  const { rows, limit, unit } = one;
  const { head, lines } = tableOf({ unit, rows });
  const limits = [
    limit?.multiplyAdds && `${units[unit].write(limit.multiplyAdds)} by multiply-adds of one core in 128 bits`,
    limit?.bytes && `${units[unit].write(limit.bytes)} by copying as many bytes`,
  ].filter(Boolean);
  const notes = missingOf([one]).map(line => `  ${line}`);
  const limited = limits.length > 0 ? [`  the limit (${units[unit].title}): ${limits.join('; ')}`] : [];
  const published = publishedLines(one).map(line => `  ${line}`);
  return [layOut(head, lines, rows.map(titleOf)), ...limited, ...published, ...notes].join('\n');
}

/** Columns, each as wide as its widest cell. */
function layOut(head: readonly string[], lines: readonly Line[], names: readonly string[]): string {
  const all = [['', ...head], ...lines.map(({ cells }, i) => [names[i] ?? '', ...cells])];
  const widths = [...head, ''].map((_, column) => Math.max(...all.map(cells => cells[column]?.length ?? 0)));
  return all
    .map((cells, i) => {
      const text = cells.map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      );
      const remark = i === 0 ? '' : (lines[i - 1]?.remark ?? '');
      return `${text.join('  ')}${remark === '' ? '' : `  ${remark}`}`.trimEnd();
    })
    .join('\n');
}
