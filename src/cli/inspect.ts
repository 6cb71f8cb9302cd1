import { describeReading } from '../data/evidence.js';
import type { InputColumn, Preprocessing } from '../data/preprocessing.js';
import { printable } from '../data/table.js';
import { loadModel, parameterCount } from './modelFile.js';
import { counted, createOutput, fileSize } from './output.js';

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
  output.say(model.summary());
  if (preprocessing !== undefined) output.say(`\n${describe(preprocessing)}`);
  for (const [key, value] of metadata) output.say(`${printable(key)}: ${printable(value)}`);
}

function describe({ columns, target, reading }: Preprocessing): string {
  const lines =
    target.kind === 'classes'
      ? [`predicts ${printable(target.name)}, one of ${target.values.length} classes: ${list(target.values)}`]
      : [
          `predicts ${printable(target.name)}, a number (mean ${short(target.mean)}, standard deviation ${short(target.scale)})`,
        ];
  lines.push(`from ${counted(columns.length, 'column')}:`);
  const names = columns.map(({ name }) => printable(name));
  const width = Math.max(...names.map(name => name.length));
  columns.forEach((column, index) => {
    lines.push(`  ${names[index]?.padEnd(width)}  ${describeColumn(column)}`);
  });
  if (reading !== undefined) lines.push(...describeReading(reading));
  return lines.join('\n');
}

function describeColumn(column: InputColumn): string {
  if (column.kind === 'category') return `one of ${column.values.length}: ${list(column.values)}`;
  if (column.scale === 0) return `always ${column.mean} in training: ignored`;
  return `mean ${short(column.mean)}, standard deviation ${short(column.scale)}`;
}

function list(values: readonly string[]): string {
  return values.map(printable).join(', ');
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
