import type { InputColumn, Preprocessing } from '../data/preprocessing.js';
import { loadModel, PREPROCESSING, parameterCount } from './modelFile.js';
import { createOutput, fileSize, grouped } from './output.js';

/** `myelin inspect`: what is in a model file. */
export async function inspect(path: string, options: { json?: boolean }): Promise<void> {
  const { bytes, model, preprocessing } = await loadModel(path);
  const output = createOutput(options.json);
  const parameters = parameterCount(model);
  const metadata = Object.entries(model.metadata).filter(([key]) => key !== PREPROCESSING);
  output.event('inspect', {
    model: path,
    bytes,
    parameters,
    architecture: model.architecture,
    ...(preprocessing === undefined ? {} : { preprocessing }),
    metadata: Object.fromEntries(metadata),
  });
  output.say(`${path}: ${fileSize(bytes)}, ${grouped(parameters)} parameters\n`);
  output.say(model.summary());
  if (preprocessing !== undefined) output.say(`\n${describe(preprocessing)}`);
  for (const [key, value] of metadata) output.say(`${key}: ${value}`);
}

function describe({ columns, target }: Preprocessing): string {
  const lines =
    target.kind === 'classes'
      ? [`predicts ${target.name}, one of ${target.values.length} classes: ${target.values.join(', ')}`]
      : [`predicts ${target.name}, a number (mean ${short(target.mean)}, standard deviation ${short(target.scale)})`];
  lines.push(`from ${columns.length} columns:`);
  const width = Math.max(...columns.map(({ name }) => name.length));
  for (const column of columns) lines.push(`  ${column.name.padEnd(width)}  ${describeColumn(column)}`);
  return lines.join('\n');
}

function describeColumn(column: InputColumn): string {
  if (column.kind === 'category') return `one of ${column.values.length}: ${column.values.join(', ')}`;
  if (column.scale === 0) return `always ${short(column.mean)} in training: ignored`;
  return `mean ${short(column.mean)}, standard deviation ${short(column.scale)}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
