/** A report as one page that needs nothing else: no script, no other file, no address. */
import { escapeText, palette } from '../drawing/theme.js';
import type { ClassFigures, NumberFigures } from '../tabular/figures.js';
import { counted } from '../tabular/words.js';
import {
  calibrationChart,
  epochChart,
  histogramChart,
  importanceChart,
  predictionChart,
  squareChart,
} from './charts.js';
import { type AnomalyFigures, type Contents, type Mistake, shortNumber } from './contents.js';

const STYLE = `
:root{color-scheme:light dark;${palette('light')}}
@media(prefers-color-scheme:dark){:root{${palette('dark')}}}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:1200px;margin:0 auto;
padding:1em}
h1{font-size:1.5em;line-height:1.25;margin:.4em 0;overflow-wrap:anywhere}h2{font-size:1.15em;margin:1.6em 0 .6em}
code{font:13px/1.5 ui-monospace,monospace;overflow-wrap:anywhere}
.command{display:block;background:var(--card);border:1px solid var(--faint);border-radius:6px;padding:.6em .8em}
.tiles,.charts,.mistakes{display:grid;gap:12px}
.tiles{grid-template-columns:repeat(auto-fill,minmax(150px,1fr))}
.charts{grid-template-columns:repeat(auto-fill,minmax(min(340px,100%),1fr))}
.mistakes{grid-template-columns:repeat(auto-fill,minmax(min(220px,100%),1fr))}
.mistakes.pictures{grid-template-columns:repeat(auto-fill,minmax(104px,1fr))}
.card,.tile,.mistake{margin:0;border:1px solid var(--faint);border-radius:8px;background:var(--card);padding:10px 12px}
.tile b{display:block;font-size:1.5em;font-weight:600;font-variant-numeric:tabular-nums}
.tile span,.mistake span,small{color:var(--soft);font-size:13px}
figcaption{font-weight:600;margin-bottom:4px}
.card svg{width:100%;height:auto;display:block;font:12px system-ui,sans-serif}
.card svg text{fill:var(--soft)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:2px 14px;margin:6px 0 0;padding:0;font-size:13px}
.legend li{display:flex;align-items:center;gap:5px}.legend svg{width:22px;height:10px}
.line{fill:none;stroke-width:2}.grid{stroke:var(--faint)}.chance,.kept{fill:none;stroke:var(--soft);stroke-dasharray:3 3}
.bar{fill:var(--c0)}.dot,.point{fill:var(--c0);fill-opacity:.75}.point{fill-opacity:.5}
.spread{stroke:var(--ink);stroke-width:1.5}
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:14px}
td,th{padding:.3em .7em;border-bottom:1px solid var(--faint);text-align:right;font-weight:400}
th:first-child,td.text,#columns th,#settings th{text-align:left}td.text{min-width:9em}pre{margin:0;font:12px/1.4 ui-monospace,monospace}
#settings th{vertical-align:top;color:var(--soft)}thead th{font-weight:600}
.confusion td{min-width:2.8em;background:color-mix(in srgb,var(--c0) calc(var(--share)*65%),transparent)}
.confusion td.right{font-weight:600}
.mistake img{width:100%;aspect-ratio:1;image-rendering:pixelated;display:block;border-radius:4px;margin-bottom:4px}
.mistake{overflow-wrap:anywhere}.mistake dl{display:grid;grid-template-columns:1fr auto;gap:0 10px;margin:.4em 0 0;
font-size:13px}.mistake dt{color:var(--soft)}.mistake dd{margin:0;text-align:right;max-width:9em}`;

export function pageOf(contents: Contents): string {
  const { title, rows, figures, settings, columns, command } = contents;
  const parts = [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    `<title>${escapeText(title)}</title><style>${STYLE}</style></head><body>`,
    `<h1>${escapeText(title)}</h1><p>${escapeText(rows)}</p>`,
    `<div class="tiles">${tiles(figures)}</div>`,
    ...(command === undefined ? [] : [`<h2>The same again</h2><code class="command">${escapeText(command)}</code>`]),
    section('Training', learning(contents)),
    section('How well it does', quality(contents)),
    ...('confusion' in figures ? classTables(figures) : []),
    ...mistakeCards(contents),
    ...(columns.length > 0 ? [`<h2>Columns, and what became of them</h2>${columnTable(contents)}`] : []),
    `<h2>Settings</h2>${settingTable(settings)}`,
    '</body></html>\n',
  ];
  return parts.filter(part => part !== '').join('\n');
}

function section(title: string, charts: readonly string[]): string {
  return charts.length === 0 ? '' : `<h2>${title}</h2><div class="charts">${charts.join('\n')}</div>`;
}

const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;
const figureText = (value: number): string => (Number.isNaN(value) ? '–' : value.toFixed(4));

function tiles(figures: Contents['figures']): string {
  return tilesOf(figures)
    .map(([name, value, note]) => `<div class="tile"><span>${name}</span><b>${value}</b>${noteOf(note)}</div>`)
    .join('');
}

function tilesOf(figures: Contents['figures']): Tile[] {
  if ('anomalous' in figures) return anomalyTiles(figures);
  return 'confusion' in figures ? classTiles(figures) : numberTiles(figures);
}

const noteOf = (note = ''): string => (note === '' ? '' : `<small>${escapeText(note)}</small>`);

type Tile = readonly [name: string, value: string, note?: string];

function classTiles(figures: ClassFigures): Tile[] {
  const { accuracy, baseline, logLoss, rocAuc, averagePrecision, calibrationError, rows, threshold, classes } = figures;
  const always = `always “${baseline.prediction}”: ${percent(baseline.accuracy)}`;
  const from = threshold === undefined ? [] : [['Threshold', shortNumber(threshold), `of “${classes[1]}”`] as const];
  return [
    ['Accuracy', percent(accuracy), always],
    ['Log loss', figureText(logLoss)],
    ['ROC AUC', figureText(rocAuc)],
    ['Average precision', figureText(averagePrecision)],
    ['Calibration error', figureText(calibrationError)],
    ...from,
    ['Rows judged', rows.toLocaleString('en')],
  ];
}

function numberTiles({ r2, meanAbsoluteError, rootMeanSquaredError, baseline, rows }: NumberFigures): Tile[] {
  const always = `always the mean, ${shortNumber(baseline.prediction)}`;
  return [
    ['R²', r2.toFixed(3), `${always}: 0`],
    ['Mean absolute error', shortNumber(meanAbsoluteError), `${always}: ${shortNumber(baseline.meanAbsoluteError)}`],
    [
      'Root mean squared error',
      shortNumber(rootMeanSquaredError),
      `${always}: ${shortNumber(baseline.rootMeanSquaredError)}`,
    ],
    ['Rows judged', rows.toLocaleString('en')],
  ];
}

function anomalyTiles({ rows, threshold, quantile, anomalous, median, highest }: AnomalyFigures): Tile[] {
  return [
    ['Anomalies', percent(anomalous), `of rows like those of training: ${percent(1 - quantile)}`],
    ['Threshold', shortNumber(threshold), 'a row’s mean squared error'],
    ['Median score', shortNumber(median)],
    ['Highest score', shortNumber(highest)],
    ['Rows judged', rows.toLocaleString('en')],
  ];
}

/** A chart for every figure of the history, beside the same of other rows. */
function learning({ history, keptEpoch, otherRows }: Contents): string[] {
  if (history === undefined || history.loss.length === 0) return [];
  const lists = Object.entries(history).filter((entry): entry is [string, number[]] => Array.isArray(entry[1]));
  const own = lists.filter(([name]) => name !== 'seconds' && name !== 'samplesPerSecond' && !/^val[A-Z]/.test(name));
  return own.map(([name, values]) => {
    const other = lists.find(([key]) => key === `val${name.charAt(0).toUpperCase()}${name.slice(1)}`);
    const both = [{ name: 'training', values }, ...(other ? [{ name: otherRows, values: other[1] }] : [])];
    const title = name.charAt(0).toUpperCase() + name.slice(1);
    return epochChart(`${title} by epoch`, `learning-${name}`, both, keptEpoch);
  });
}

function quality(contents: Contents): string[] {
  const { roc, precisionRecall, calibration, predictions, residuals, scores, importance, figures } = contents;
  const chance = [
    [0, 0],
    [1, 1],
  ] as const;
  const axes = ['false alarms', 'found'] as const;
  const classes = 'classes' in figures ? figures.classes.length : 0;
  const some = ({ length }: readonly unknown[]) =>
    length > 1 && length < classes ? `: the ${length} lowest of ${classes} classes` : '';
  const precision = `Precision and recall${some(precisionRecall)}`;
  return [
    ...(roc.length > 0 ? [squareChart(`ROC curve${some(roc)}`, 'roc', roc, axes, chance)] : []),
    ...(precisionRecall.length > 0
      ? [squareChart(precision, 'precision-recall', precisionRecall, ['recall', 'precision'])]
      : []),
    ...(calibration.length > 0 ? [calibrationChart('Calibration', calibration)] : []),
    ...(predictions.length > 0 ? [predictionChart('Predicted and true', predictions)] : []),
    ...(residuals.length > 0 ? [histogramChart('Residuals', 'residuals', residuals, 'prediction less truth', 0)] : []),
    ...(scores && 'anomalous' in figures
      ? [
          histogramChart(
            'Scores, and the threshold',
            'scores',
            scores,
            'log₁₀ of the score',
            Math.log10(figures.threshold),
          ),
        ]
      : []),
    ...(importance.length > 0 ? [importanceChart('Importance of columns', importance)] : []),
  ];
}

/** Classes beyond which a matrix is no more read. */
const MOST_CLASSES = 25;

function classTables({ confusion, classes, byClass }: ClassFigures): string[] {
  const head = (names: readonly string[]) => `<thead><tr>${names.map(name => cell('th', name)).join('')}</tr></thead>`;
  const scores = byClass.map(({ precision, recall, f1, rows }, c) => {
    const numbers = [precision, recall, f1].map(value => cell('td', rows === 0 ? '–' : value.toFixed(3)));
    return `<tr>${cell('th', classes[c] ?? '')}${numbers.join('')}${cell('td', String(rows))}</tr>`;
  });
  const byClassTable = table('by-class', `${head(['class', 'precision', 'recall', 'F1', 'rows'])}${body(scores)}`);
  if (classes.length > MOST_CLASSES) return [`<h2>Classes</h2>${byClassTable}`];
  const lines = confusion.map((counts, truth) => {
    const all = Math.max(
      counts.reduce((sum, count) => sum + count, 0),
      1,
    );
    const cells = counts.map((count, c) => {
      const kind = c === truth ? ' class="right"' : '';
      return `<td${kind} style="--share:${(count / all).toFixed(3)}">${count === 0 ? '·' : count}</td>`;
    });
    return `<tr>${cell('th', classes[truth] ?? '')}${cells.join('')}</tr>`;
  });
  const matrix = table('confusion', `${head(['true \\ predicted', ...classes])}${body(lines)}`);
  return [`<h2>Confusion matrix</h2>${matrix}`, `<h2>Classes</h2>${byClassTable}`];
}

function mistakeCards({ mistakes, figures }: Contents): string[] {
  if (mistakes.length === 0) return [];
  const isPictures = mistakes.some(({ picture }) => picture !== undefined);
  const cards = mistakes.map(mistakeCard).join('');
  const heading = 'anomalous' in figures ? 'Rows least like the others' : 'Worst mistakes';
  return [`<h2>${heading}</h2><div class="mistakes${isPictures ? ' pictures' : ''}">${cards}</div>`];
}

function mistakeCard({ row, truth, predicted, how, picture, cells = [] }: Mistake): string {
  const alt = escapeText(truth === undefined ? `${row}: ${predicted}` : `${row}: ${truth}, taken for ${predicted}`);
  const image = picture === undefined ? '' : `<img src="${picture}" alt="${alt}">`;
  const list = cells.map(([name, text]) => `<dt>${escapeText(name)}</dt><dd>${escapeText(text)}</dd>`).join('');
  const truly = truth === undefined ? '' : `, truly <b>${escapeText(truth)}</b>`;
  const words = `<b>${escapeText(predicted)}</b>${truly}`;
  const details = list === '' ? '' : `<dl>${list}</dl>`;
  return `<div class="mistake">${image}${words}<br><span>${escapeText(`${row}, ${how}`)}</span>${details}</div>`;
}

/** Columns of which the page tells; of more it says how many they are. */
const MOST_COLUMNS = 500;

function columnTable({ columns }: Contents): string {
  const head = ['column', 'taken as', 'inputs', 'what training saw'].map(name => cell('th', name)).join('');
  const lines = columns.slice(0, MOST_COLUMNS).map(({ name, kind, inputs, about }) => {
    const became = inputs === 0 ? `left out (${kind})` : kind;
    return `<tr>${cell('th', name)}${cell('td', became)}${cell('td', String(inputs))}${textCell(about)}</tr>`;
  });
  const total = columns.reduce((sum, { inputs }) => sum + inputs, 0);
  const cut = columns.length > MOST_COLUMNS ? `; the first ${MOST_COLUMNS} are shown` : '';
  const summary = `<p>${counted(columns.length, 'column')}, ${counted(total, 'input')} of the network${cut}.</p>`;
  return `${summary}${table('columns', `<thead><tr>${head}</tr></thead>${body(lines)}`)}`;
}

function settingTable(settings: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(settings).map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const shown = text.includes('\n') ? `<td class="text"><pre>${escapeText(text)}</pre></td>` : textCell(text);
    return `<tr>${cell('th', name)}${shown}</tr>`;
  });
  return table('settings', body(lines));
}

function table(id: string, rows: string): string {
  return `<div class="wide"><table id="${id}" class="${id}">${rows}</table></div>`;
}

const body = (rows: readonly string[]): string => `<tbody>${rows.join('')}</tbody>`;
const cell = (tag: 'td' | 'th', text: string): string => `<${tag}>${escapeText(text)}</${tag}>`;
const textCell = (text: string): string => `<td class="text">${escapeText(text)}</td>`;
