/** What is drawn of a run: curves where cases lie on an axis, bars where they do not. */
import { type Case, isOwn, labelOf, type Run, type SuiteResult, type Unit } from './result.js';

/** A line of a chart. */
export interface Series {
  readonly name: string;
  /** `own` lines are drawn thick, limits dashed. */
  readonly kind: 'own' | 'peer' | 'limit';
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Chart {
  /** For files and anchors. */
  readonly id: string;
  readonly title: string;
  /** Of a curve; bars have none. */
  readonly x?: string;
  readonly y: string;
  readonly series: readonly Series[];
}

/** Figures as they are drawn, where more is better. */
const axes: Readonly<Record<Unit, { title: string; scale: number }>> = {
  samples: { title: 'samples a second', scale: 1 },
  multiplyAdds: { title: 'GFLOP/s', scale: 2e-9 },
  numbers: { title: 'million numbers a second', scale: 1e-6 },
  steps: { title: 'steps a second', scale: 1 },
  starts: { title: 'first predictions a second', scale: 1 },
};

/** The chart of a suite whose cases lie on an axis. */
export function curveOf({ suite, axis, cases }: SuiteResult): Chart | undefined {
  const placed = cases.filter(one => one.at !== undefined);
  const [first] = placed;
  if (axis === undefined || !first || placed.length < 2) return undefined;
  const { title, scale } = axes[first.unit];
  const labels = [...new Set(placed.flatMap(({ rows }) => rows.map(seriesName)))];
  const series = labels.map((name): Series => {
    const points = placed.flatMap(({ at = 0, rows }) => {
      const row = rows.find(each => seriesName(each) === name && each.wrong === undefined);
      return row && row.rate.median > 0 ? [[at, row.rate.median * scale] as const] : [];
    });
    return { name, kind: name.startsWith('myelin') ? 'own' : 'peer', points };
  });
  const limits: Series[] = [
    { name: 'limit: multiply-adds', kind: 'limit', points: limitOf(placed, 'multiplyAdds', scale) },
    { name: 'limit: copying', kind: 'limit', points: limitOf(placed, 'bytes', scale) },
  ];
  const drawn = [...series, ...limits].filter(({ points }) => points.length > 0);
  return { id: suite, title: `${suite}: ${title} against ${axis}`, x: axis, y: title, series: drawn };
}

/** Along an axis of threads one series has all of them. */
function seriesName(row: Case['rows'][number]): string {
  return labelOf({ ...row, threads: 1 });
}

function limitOf(cases: readonly Case[], key: 'multiplyAdds' | 'bytes', scale: number): [number, number][] {
  return cases.flatMap(({ at = 0, limit }) => {
    const value = limit?.[key];
    return value === undefined ? [] : [[at, value * scale] as [number, number]];
  });
}

/** Bars of one case: everyone's rate, on a logarithmic axis. */
export function barsOf(suite: string, { name, unit, rows, limit }: Case): Chart | undefined {
  const { title, scale } = axes[unit];
  const able = rows.filter(row => row.wrong === undefined && row.rate.median > 0);
  if (able.length < 2) return undefined;
  const series = able.map((row): Series => {
    return { name: labelOf(row), kind: isOwn(row) ? 'own' : 'peer', points: [[1, row.rate.median * scale]] };
  });
  const most = limit?.multiplyAdds;
  const limits: Series[] =
    most === undefined ? [] : [{ name: 'limit: multiply-adds', kind: 'limit', points: [[1, most * scale]] }];
  const id = `${suite}-${name}`.replace(/[^\w]+/g, '-');
  return { id, title: `${suite}: ${name}`, y: title, series: [...series, ...limits] };
}

/** All charts of a run: a curve a suite, or bars a case. */
export function chartsOf({ suites }: Pick<Run, 'suites'>): readonly Chart[] {
  return suites.flatMap(suite => {
    const curve = curveOf(suite);
    const others = suite.axis === undefined ? suite.cases : [];
    return [...(curve ? [curve] : []), ...others.flatMap(one => barsOf(suite.suite, one) ?? [])];
  });
}
