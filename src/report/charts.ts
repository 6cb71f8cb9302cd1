/**
 * Charts as SVG, as wide as a phone: a page puts as many beside each other as it has room for. Their colours are the
 * page's, of the light theme and of the dark one.
 */
import { type ScaleLinear, type ScaleLogarithmic, scaleBand, scaleLinear, scaleLog } from 'd3-scale';
import { escapeText } from '../drawing/theme.js';
import type { Importance } from '../tabular/tableModel.js';
import type { Curve } from './contents.js';
import type { Bin, CalibrationBin, Point } from './curves.js';

const WIDTH = 360;
const HEIGHT = 250;
const LEFT = 48;
const RIGHT = 16;
const TOP = 22;
const BOTTOM = 42;

type Scale = ScaleLinear<number, number> | ScaleLogarithmic<number, number>;

/** A chart with its heading; `marks` is how many things it shows, `legend` names of its colours. */
interface Drawing {
  readonly id: string;
  readonly title: string;
  readonly body: string;
  readonly marks: number;
  readonly legend?: readonly string[];
  readonly height?: number;
}

/** A figure of the page. */
function figure({ id, title, body, marks, legend = [], height = HEIGHT }: Drawing): string {
  const names = legend.map((name, i) => {
    return `<li><svg width="22" height="10" aria-hidden="true">${stroke(`M1 5H21`, i)}</svg>${escapeText(name)}</li>`;
  });
  const svg = `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeText(title)}">${body}</svg>`;
  const list = names.length > 0 ? `<ul class="legend">${names.join('')}</ul>` : '';
  const heading = `<figcaption>${escapeText(title)}</figcaption>`;
  return `<figure class="card" id="${id}" data-marks="${marks}">${heading}${svg}${list}</figure>`;
}

/** Lines are told apart by their dashes too. */
const DASHES = ['', '6 3', '2 3', '8 3 2 3', '1 2', '10 4', '4 2', '3 5'];

function stroke(path: string, series: number): string {
  const dashes = DASHES[series % DASHES.length];
  const dash = dashes ? ` stroke-dasharray="${dashes}"` : '';
  return `<path d="${path}" class="line" stroke="var(--c${series % 8})"${dash}/>`;
}

function pathOf(points: readonly Point[], x: Scale, y: Scale): string {
  return points
    .filter(point => point.every(Number.isFinite))
    .map(([a, b], i) => `${i === 0 ? 'M' : 'L'}${x(a).toFixed(1)} ${y(b).toFixed(1)}`)
    .join('');
}

/** Both axes with their names, and lines across. */
function axes(x: Scale, y: Scale, xName: string, yName: string): string {
  const [bottom, right] = [HEIGHT - BOTTOM, WIDTH - RIGHT];
  const ticks = (scale: Scale, count: number) => {
    // Of a logarithmic scale the ticks beside powers of ten have no room.
    const format = scale.tickFormat(count, '~r');
    return scale.ticks(count).flatMap(value => (format(value) === '' ? [] : [[scale(value), format(value)] as const]));
  };
  const across = ticks(y, 5).map(([at, text]) => {
    const line = `<line class="grid" x1="${LEFT}" x2="${right}" y1="${at.toFixed(1)}" y2="${at.toFixed(1)}"/>`;
    return `${line}<text x="${LEFT - 6}" y="${at.toFixed(1)}" dy="4" text-anchor="end">${text}</text>`;
  });
  const along = ticks(x, 5).map(([at, text]) => {
    return `<text x="${at.toFixed(1)}" y="${bottom + 16}" text-anchor="middle">${text}</text>`;
  });
  const middle = (LEFT + right) / 2;
  const names = [
    `<text x="${middle}" y="${HEIGHT - 6}" text-anchor="middle">${escapeText(xName)}</text>`,
    `<text transform="translate(11 ${(TOP + bottom) / 2}) rotate(-90)" text-anchor="middle">${escapeText(yName)}</text>`,
  ];
  return [...across, ...along, ...names].join('');
}

const xScale = (least: number, most: number) => scaleLinear([least, most], [LEFT, WIDTH - RIGHT]);
const yScale = (least: number, most: number) => scaleLinear([least, most], [HEIGHT - BOTTOM, TOP]);

/** Values over epochs, with the kept one marked. */
export function epochChart(
  title: string,
  id: string,
  series: readonly { name: string; values: readonly number[] }[],
  keptEpoch: number | undefined,
): string {
  const all = series.flatMap(({ values }) => values.filter(Number.isFinite));
  const least = all.reduce((a, b) => Math.min(a, b), Infinity);
  const most = all.reduce((a, b) => Math.max(a, b), -Infinity);
  const epochs = Math.max(...series.map(({ values }) => values.length));
  const x = xScale(1, Math.max(epochs, 2));
  // Losses over several powers of ten say something on a logarithmic axis alone.
  const isWide = least > 0 && most / least > 30;
  const y = isWide
    ? scaleLog([least, most], [HEIGHT - BOTTOM, TOP])
    : yScale(least, most > least ? most : least + 1).nice();
  const lines = series.map(({ values }, i) => {
    return stroke(
      pathOf(
        values.map((value, epoch) => [epoch + 1, value]),
        x,
        y,
      ),
      i,
    );
  });
  const kept = keptEpoch === undefined ? '' : keptMark(x(keptEpoch), keptEpoch);
  const body = `${axes(x, y, 'epoch', '')}${kept}${lines.join('')}`;
  return figure({ id, title, body, marks: all.length, legend: series.map(({ name }) => name) });
}

function keptMark(at: number, epoch: number): string {
  const isRight = at > WIDTH / 2;
  const anchor = `x="${at}" text-anchor="${isRight ? 'end' : 'start'}"`;
  const line = `<line class="kept" x1="${at}" x2="${at}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>`;
  return `<g data-kept="${epoch}">${line}<text ${anchor} y="${TOP - 8}">epoch ${epoch} kept</text></g>`;
}

/** Curves in the unit square, beside what chance would reach. */
export function squareChart(
  title: string,
  id: string,
  curves: readonly Curve[],
  names: readonly [string, string],
  chance?: readonly [Point, Point],
): string {
  const [x, y] = [xScale(0, 1), yScale(0, 1)];
  const line = chance === undefined ? '' : `<path class="chance" d="${pathOf(chance, x, y)}"/>`;
  const lines = curves.map(({ points }, i) => stroke(pathOf(points, x, y), i));
  const marks = curves.reduce((sum, { points }) => sum + points.length, 0);
  const body = `${axes(x, y, ...names)}${line}${lines.join('')}`;
  return figure({ id, title, body, marks, legend: curves.map(({ name }) => name) });
}

/** How often predictions are right, by how sure they are; larger dots stand for more rows. */
export function calibrationChart(title: string, bins: readonly CalibrationBin[]): string {
  const [x, y] = [xScale(0, 1), yScale(0, 1)];
  const most = Math.max(...bins.map(({ rows }) => rows));
  const dots = bins.map(({ confidence, right, rows }) => {
    const size = 3 + 7 * Math.sqrt(rows / most);
    const place = `cx="${x(confidence).toFixed(1)}" cy="${y(right).toFixed(1)}"`;
    return `<circle class="dot" ${place} r="${size.toFixed(1)}"><title>${rows} rows</title></circle>`;
  });
  const points = bins.map(({ confidence, right }): Point => [confidence, right]);
  const chance = `<path class="chance" d="${pathOf(
    [
      [0, 0],
      [1, 1],
    ],
    x,
    y,
  )}"/>`;
  const names = axes(x, y, 'how sure a prediction is', 'share that is right');
  const body = `${names}${chance}${stroke(pathOf(points, x, y), 0)}${dots.join('')}`;
  return figure({ id: 'calibration', title, body, marks: bins.length });
}

/** Predicted numbers against true ones. */
export function predictionChart(title: string, points: readonly Point[]): string {
  const values = points.flat();
  const [least, most] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  const end = most > least ? most : least + 1;
  const [x, y] = [xScale(least, end).nice(5), yScale(least, end).nice(5)];
  const dots = points.map(([truth, predicted]) => {
    return `<circle class="point" cx="${x(truth).toFixed(1)}" cy="${y(predicted).toFixed(1)}" r="3"/>`;
  });
  const diagonal = pathOf(
    [
      [least, least],
      [end, end],
    ],
    x,
    y,
  );
  const body = `${axes(x, y, 'true', 'predicted')}<path class="chance" d="${diagonal}"/>${dots.join('')}`;
  return figure({ id: 'predictions', title, body, marks: points.length });
}

/** How often which value occurs, with a line at one of them. */
export function histogramChart(title: string, id: string, bins: readonly Bin[], name: string, marked: number): string {
  const x = xScale(bins[0]?.from ?? 0, bins.at(-1)?.to ?? 1);
  const y = yScale(0, Math.max(...bins.map(({ count }) => count))).nice();
  const bars = bins.map(({ from, to, count }) => {
    const [left, top] = [x(from), y(count)];
    const size = `width="${Math.max(x(to) - left - 1, 0.5).toFixed(1)}" height="${(y(0) - top).toFixed(1)}"`;
    return `<rect class="bar" x="${left.toFixed(1)}" y="${top.toFixed(1)}" ${size}/>`;
  });
  const [low, high] = x.domain();
  const isWithin = (low ?? 0) <= marked && (high ?? 0) >= marked;
  const line = isWithin ? `<path class="chance" d="M${x(marked).toFixed(1)} ${TOP}V${y(0)}"/>` : '';
  const body = `${axes(x, y, name, 'rows')}${bars.join('')}${line}`;
  return figure({ id, title, body, marks: bins.length });
}

/** Columns that are shown: the most important ones. */
const MOST_COLUMNS = 20;
const LABELS = 138;

/** How much worse the model is where a column's values are dealt to other rows, with the deviation. */
export function importanceChart(title: string, importance: readonly Importance[]): string {
  const shown = importance.slice(0, MOST_COLUMNS);
  const height = 50 + shown.length * 20;
  const most = Math.max(...shown.map(({ mean, deviation }) => mean + deviation), 1e-9);
  const least = Math.min(...shown.map(({ mean, deviation }) => mean - deviation), 0);
  const x = scaleLinear([least, most], [LABELS, WIDTH - RIGHT]).nice(4);
  const y = scaleBand(
    shown.map(({ column }) => column),
    [TOP, height - BOTTOM + 4],
  ).padding(0.25);
  const bars = shown.map(({ column, mean, deviation }) => {
    const [top, band] = [y(column) ?? 0, y.bandwidth()];
    const middle = top + band / 2;
    const [from, to] = [Math.min(x(0), x(mean)), Math.max(x(0), x(mean))];
    const bar = `<rect class="bar" x="${from.toFixed(1)}" y="${top.toFixed(1)}" width="${(to - from).toFixed(1)}"`;
    const spread = `M${x(mean - deviation).toFixed(1)} ${middle.toFixed(1)}H${x(mean + deviation).toFixed(1)}`;
    const name = column.length > 17 ? `${column.slice(0, 16)}…` : column;
    const label = `<text x="${LABELS - 6}" y="${middle.toFixed(1)}" dy="4" text-anchor="end">${escapeText(name)}</text>`;
    return `${label}${bar} height="${band.toFixed(1)}"/><path class="spread" d="${spread}"/>`;
  });
  const format = x.tickFormat(4);
  const ticks = x.ticks(4).map(value => {
    const at = x(value).toFixed(1);
    const line = `<line class="grid" x1="${at}" x2="${at}" y1="${TOP}" y2="${height - BOTTOM + 4}"/>`;
    return `${line}<text x="${at}" y="${height - 22}" text-anchor="middle">${format(value)}</text>`;
  });
  const name = `<text x="${(LABELS + WIDTH - RIGHT) / 2}" y="${height - 6}" text-anchor="middle">loss added</text>`;
  const body = `${ticks.join('')}${bars.join('')}${name}`;
  return figure({ id: 'importance', title, body, marks: shown.length, height });
}
