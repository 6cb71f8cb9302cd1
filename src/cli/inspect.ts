import { describeReading } from '../data/evidence.js';
import { printable } from '../data/table.js';
import type { Preprocessing } from '../tabular/preprocessing.js';
import { aboutColumn } from '../tabular/tablePredictor.js';
import { counted, grouped } from '../tabular/words.js';
import { loadModel, parameterCount } from './modelFile.js';
import { createOutput, fileSize } from './output.js';
import { terminalWidth } from './wrap.js';

/** `myelin inspect`: what is in a model file. */
export async function inspect(path: string, options: { json?: boolean }): Promise<void> {
  const { bytes, model, preprocessing } = await loadModel(path);
  const output = createOutput(options.json);
  const parameters = parameterCount(model);
  const metadata = Object.entries(model.metadata);
  output.event('inspect', {
    model: path,
    bytes,
    parameters,
    architecture: model.architecture,
    ...(preprocessing === undefined ? {} : { preprocessing }),
    metadata: Object.fromEntries(metadata),
  });
  output.say(`${path}: ${fileSize(bytes)}, ${counted(parameters, 'parameter')}\n`);
  output.say(narrowed(model.summary(), process.stdout.isTTY ? terminalWidth(process.stdout) : Infinity));
  if (preprocessing !== undefined) output.say(`\n${describe(preprocessing)}`);
  for (const [key, value] of metadata) output.say(`${printable(key)}: ${printable(value)}`);
}

/** What a summary goes without where a terminal is narrower, the first of these first. */
const DISPENSABLE = ['memory', 'multiply-adds', 'output'];

/** A network's summary without columns that a terminal has no room for; its last line is no row of the table. */
export function narrowed(summary: string, width: number): string {
  const lines = summary.split('\n');
  const last = lines.pop() ?? '';
  let rows = lines;
  for (const name of DISPENSABLE) {
    if (rows.every(row => row.length <= width)) break;
    const [head = ''] = rows;
    const start = head.indexOf(`${name} `);
    const end = start + (/^\S+ */.exec(head.slice(start))?.[0].length ?? 0);
    if (start >= 0) rows = rows.map(row => `${row.slice(0, start)}${row.slice(end)}`.trimEnd());
  }
  return [...rows, last].join('\n');
}

function describe(preprocessing: Preprocessing): string {
  const { columns, target, reading, dropped = [], impute, threshold, anomaly } = preprocessing;
  const lines = anomaly
    ? [
        `tells anomalies: rows whose score is at least ${short(anomaly.threshold)}, as ${short(100 * (1 - anomaly.quantile))} % were`,
      ]
    : target.kind === 'classes'
      ? [`predicts ${printable(target.name)}, one of ${target.values.length} classes: ${list(target.values)}`]
      : [
          `predicts ${printable(target.name)}, a number (mean ${short(target.mean)}, standard deviation ${short(target.scale)})`,
        ];
  lines.push(`from ${counted(columns.length, 'column')}:`);
  lines.push(...columnLines(preprocessing));
  if (dropped.length > 0)
    lines.push(`left out: ${dropped.map(({ name, kind }) => `${printable(name)} (${kind})`).join(', ')}`);
  if (impute) lines.push('missing values are filled in');
  if (threshold !== undefined)
    lines.push(
      `${target.kind === 'classes' ? printable(target.values[1] ?? '') : ''} from a probability of ${short(threshold)} on`,
    );
  if (reading !== undefined) lines.push(...describeReading(reading));
  return lines.join('\n');
}

/** Columns that are shown before a training. */
export const MOST_SHOWN = 100;

/** A line for each column, which fits a terminal; of more than `most` those are counted that follow. */
export function columnLines({ columns }: Preprocessing, most = columns.length): string[] {
  const screen = (process.stdout.isTTY && process.stdout.columns) || 100;
  const shown = columns.slice(0, most);
  const names = shown.map(({ name }) => cut(printable(name), screen / 2));
  const width = names.reduce((longest, { length }) => Math.max(longest, length), 0);
  const lines = shown.map((column, index) => {
    return cut(`  ${names[index]?.padEnd(width)}  ${printable(aboutColumn(column))}`, screen);
  });
  const others = columns.slice(most).map(({ kind }) => kind);
  if (others.length === 0) return lines;
  const kinds = [...new Set(others)].map(kind => `${grouped(others.filter(other => other === kind).length)} ${kind}`);
  return [...lines, `  … and ${counted(others.length, 'more column')}: ${kinds.join(', ')}; myelin inspect shows all`];
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

function list(values: readonly string[]): string {
  return values.map(printable).join(', ');
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
