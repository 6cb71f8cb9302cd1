/**
 * Charts as SVG, on logarithmic axes. They carry their own colours for light and dark, and every series has a mark of
 * its own beside its colour.
 */
import { escapeText, LIGHT, palette } from '../drawing/theme.js';
import type { Chart, Series } from './charts.js';

const MARKS = ['circle', 'square', 'diamond', 'triangle', 'cross', 'plus'] as const;

const WIDTH = 720;
const HEIGHT = 440;
const LEFT = 76;
const TOP = 44;
const RIGHT = 214;
const BOTTOM = 52;

function style(): string {
  return [
    `.chart{${palette('light')};font:13px system-ui,sans-serif}`,
    `@media(prefers-color-scheme:dark){.chart{${palette('dark')}}}`,
    '.chart text{fill:var(--ink)}.chart .grid{stroke:var(--faint)}.chart .paper{fill:var(--paper)}',
  ].join('');
}

const STYLE = style();

/** A logarithmic scale from numbers to places, and its ticks. */
function logarithmic(values: readonly number[], from: number, to: number, whole: boolean) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const base = whole ? 2 : 10;
  const low = Math.floor(Math.log(least) / Math.log(base) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log(most) / Math.log(base) - 1e-9));
  const place = (value: number) => from + ((Math.log(value) / Math.log(base) - low) / (high - low)) * (to - from);
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => base ** (low + i));
  // Within one power of ten there are others between.
  const between = whole || high - low > 2 ? [] : ticks.slice(0, -1).flatMap(tick => [2 * tick, 5 * tick]);
  return { place, ticks: [...ticks, ...between] };
}

const SIZES: readonly (readonly [number, string])[] = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
];

const tickText = (value: number): string => {
  const [size, name] = SIZES.find(([size]) => value >= size) ?? [1, ''];
  return `${Number((value / size).toPrecision(6))}${name}`;
};

/** A chart's body and how high it is. */
interface Drawing {
  readonly height: number;
  readonly body: string;
}

const drawingOf = (chart: Chart): Drawing => (chart.x === undefined ? barsOf(chart) : curveOf(chart));

/** Charts as one document, one below the other. */
export function svgOf(charts: readonly Chart[]): string {
  let height = 0;
  const parts = charts.map(chart => {
    const drawing = drawingOf(chart);
    const part = `<g transform="translate(0 ${height})">${drawing.body}</g>`;
    height += drawing.height;
    return part;
  });
  const label = escapeText(charts.map(({ title }) => title).join('; '));
  const size = `viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"`;
  const open = `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-label="${label}" class="chart">`;
  return `${open}<style>${STYLE}</style>${parts.join('')}</svg>\n`;
}

function curveOf({ title, x = '', y, series }: Chart): Drawing {
  const points = series.flatMap(each => each.points);
  const across = logarithmic(
    points.map(([at]) => at),
    LEFT,
    WIDTH - RIGHT,
    true,
  );
  const up = logarithmic(
    points.map(([, value]) => value),
    HEIGHT - BOTTOM,
    TOP,
    false,
  );
  const [right, bottom] = [WIDTH - RIGHT, HEIGHT - BOTTOM];
  const parts = [
    `<rect class="paper" width="${WIDTH}" height="${HEIGHT}"/>`,
    `<text x="${LEFT}" y="24" font-size="15" font-weight="600">${escapeText(title)}</text>`,
  ];
  for (const tick of up.ticks) {
    const at = up.place(tick).toFixed(1);
    parts.push(`<line class="grid" x1="${LEFT}" x2="${right}" y1="${at}" y2="${at}"/>`);
    parts.push(`<text x="${LEFT - 8}" y="${at}" dy="4" text-anchor="end">${tickText(tick)}</text>`);
  }
  for (const tick of across.ticks) {
    const at = across.place(tick).toFixed(1);
    parts.push(`<line class="grid" x1="${at}" x2="${at}" y1="${TOP}" y2="${bottom}"/>`);
    parts.push(`<text x="${at}" y="${bottom + 18}" text-anchor="middle">${tick}</text>`);
  }
  parts.push(`<text x="${(LEFT + right) / 2}" y="${HEIGHT - 12}" text-anchor="middle">${escapeText(x)}</text>`);
  const middle = (TOP + bottom) / 2;
  parts.push(
    `<text x="18" y="${middle}" text-anchor="middle" transform="rotate(-90 18 ${middle})">${escapeText(y)}</text>`,
  );
  const lines = series.map((each, i) => lineOf(each, i, across.place, up.place));
  return { height: HEIGHT, body: [...parts, ...lines, ...labelsOf(series, up.place)].join('') };
}

function lineOf(
  { name, kind, points }: Series,
  i: number,
  across: (x: number) => number,
  up: (y: number) => number,
): string {
  const colour = kind === 'limit' ? 'var(--ink)' : `var(--c${i % LIGHT.length})`;
  const path = points
    .map(([x, y], place) => `${place === 0 ? 'M' : 'L'}${across(x).toFixed(1)} ${up(y).toFixed(1)}`)
    .join('');
  const line = tag('path', { d: path, fill: 'none', stroke: colour, ...strokeOf(kind, name) });
  const marks = kind === 'limit' ? '' : points.map(([x, y]) => markOf(i, across(x), up(y), colour)).join('');
  const inside = `${tag('title', {}, escapeText(name))}${line}${marks}`;
  return tag('g', { 'data-series': escapeText(name), 'data-points': points.length }, inside);
}

/** An element of the drawing; attributes that are undefined are left out. */
function tag(name: string, attributes: Readonly<Record<string, string | number | undefined>>, inside?: string): string {
  const given = Object.entries(attributes).map(([key, value]) => (value === undefined ? '' : ` ${key}="${value}"`));
  const start = `<${name}${given.join('')}`;
  return inside === undefined ? `${start}/>` : `${start}>${inside}</${name}>`;
}

/** How the line of a series is drawn: our own wider than others, and bounds in dashes. */
function strokeOf(kind: Series['kind'], name: string) {
  const dashes = name.includes('copying') ? '2 4' : '7 4';
  return { 'stroke-width': kind === 'own' ? 3 : 1.6, 'stroke-dasharray': kind === 'limit' ? dashes : undefined };
}

/** Our own are written bold. */
const weightOf = (kind: Series['kind']) => ({ 'font-weight': kind === 'own' ? 600 : undefined });

function markOf(i: number, x: number, y: number, colour: string): string {
  const mark = MARKS[i % MARKS.length];
  const at = (dx: number, dy: number) => `${(x + dx).toFixed(1)} ${(y + dy).toFixed(1)}`;
  const shape = (d: string) => `<path d="${d}" fill="${colour}"/>`;
  const stroke = (d: string) => `<path d="${d}" stroke="${colour}" stroke-width="2"/>`;
  if (mark === 'circle') return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3.6" fill="${colour}"/>`;
  if (mark === 'square') return shape(`M${at(-3.2, -3.2)}L${at(3.2, -3.2)}L${at(3.2, 3.2)}L${at(-3.2, 3.2)}Z`);
  if (mark === 'diamond') return shape(`M${at(0, -4.6)}L${at(4.6, 0)}L${at(0, 4.6)}L${at(-4.6, 0)}Z`);
  if (mark === 'triangle') return shape(`M${at(0, -4.4)}L${at(4.2, 3.4)}L${at(-4.2, 3.4)}Z`);
  if (mark === 'cross') return stroke(`M${at(-3.4, -3.4)}L${at(3.4, 3.4)}M${at(-3.4, 3.4)}L${at(3.4, -3.4)}`);
  return stroke(`M${at(-4.2, 0)}L${at(4.2, 0)}M${at(0, -4.2)}L${at(0, 4.2)}`);
}

/** Names beside where their lines end, moved apart where they would meet. */
function labelsOf(series: readonly Series[], up: (y: number) => number): string[] {
  const STEP = 17;
  const wanted = series
    .map(({ name, kind, points }, i) => ({ name, kind, i, y: up(points.at(-1)?.[1] ?? 1) }))
    .sort((a, b) => a.y - b.y);
  const lowest = HEIGHT - BOTTOM;
  let above = TOP - STEP;
  for (const label of wanted) {
    label.y = Math.max(label.y, above + STEP);
    above = label.y;
  }
  // Those that were pushed out below come up again.
  let below = lowest + STEP;
  for (const label of [...wanted].reverse()) {
    label.y = Math.min(label.y, below - STEP);
    below = label.y;
  }
  const x = WIDTH - RIGHT + 14;
  return wanted.map(({ name, kind, i, y }) => {
    const colour = kind === 'limit' ? 'var(--ink)' : `var(--c${i % LIGHT.length})`;
    const line = tag('line', { x1: x, x2: x + 16, y1: y, y2: y, stroke: colour, ...strokeOf(kind, name) });
    const mark = kind === 'limit' ? '' : markOf(i, x + 8, y, colour);
    return `${line}${mark}${tag('text', { x: x + 22, y, dy: 4, ...weightOf(kind) }, escapeText(name))}`;
  });
}

/** Bars, as wide as their rate's logarithm, with the rate behind them. */
function barsOf({ title, y, series }: Chart): Drawing {
  const row = 24;
  const height = 70 + series.length * row;
  const [left, right] = [200, WIDTH - 90];
  const scale = logarithmic(
    series.map(({ points }) => points[0]?.[1] ?? 1),
    left,
    right,
    false,
  );
  const start = scale.place(scale.ticks[0] ?? 1);
  const bottom = 40 + series.length * row;
  const parts = [
    `<rect class="paper" width="${WIDTH}" height="${height}"/>`,
    `<text x="12" y="24" font-size="15" font-weight="600">${escapeText(`${title} — ${y}`)}</text>`,
    ...scale.ticks.map(tick => {
      const at = scale.place(tick).toFixed(1);
      const line = tag('line', { class: 'grid', x1: at, x2: at, y1: 36, y2: bottom });
      return `${line}${tag('text', { x: at, y: bottom + 18, 'text-anchor': 'middle' }, tickText(tick))}`;
    }),
    ...series.map(({ name, kind, points }, i) => {
      const value = points[0]?.[1] ?? 1;
      const [top, end] = [40 + i * row, scale.place(value)];
      const fill = kind === 'limit' ? 'var(--faint)' : `var(--c${i % LIGHT.length})`;
      const width = Math.max(1, end - start).toFixed(1);
      const bar = tag('rect', { x: start.toFixed(1), y: top + 3, width, height: row - 7, fill });
      const place = { x: left - 8, y: top + 16, 'text-anchor': 'end' };
      const label = tag('text', { ...place, ...weightOf(kind) }, escapeText(name));
      const written = Number(value.toPrecision(3)).toLocaleString('en');
      const figure = tag('text', { x: (end + 6).toFixed(1), y: top + 16 }, written);
      return `<g data-series="${escapeText(name)}" data-points="1">${bar}${label}${figure}</g>`;
    }),
  ];
  return { height, body: parts.join('') };
}
