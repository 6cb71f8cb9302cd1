import { outputActivation, outputShape } from '../architecture.js';
import { checkHeader, readAsShown } from '../data/csv.js';
import type { Wishes } from '../data/evidence.js';
import type { Table } from '../data/table.js';
import { Model } from '../entries/node.js';
import { TableModel } from '../entries/tabular.node.js';
import { describe, placed, shorten, wrongKind, wrongValue } from '../errors.js';
import { readBytes } from '../files/save.js';
import { size } from '../shape.js';
import { FORECAST, PREPROCESSING, type Preprocessing } from '../tabular/preprocessing.js';
import { tableOf, widthsOf } from '../tabular/tableModel.js';
import { checkWidths } from '../tabular/tablePredictor.js';
import { readAsTrained, readCsv, wishesFor } from './csv.js';
import { columnMeant } from './names.js';

/** How many numbers a model has learned. */
export function parameterCount(model: Model): number {
  return model.parameters.reduce((sum, { shape }) => sum + size(shape), 0);
}

/** A model read from a file; a model that the library saved has no preprocessing. */
export interface LoadedModel {
  path: string;
  bytes: number;
  model: Model;
  preprocessing: Preprocessing | undefined;
}

export async function loadModel(path: string): Promise<LoadedModel> {
  const file = await readBytes(path);
  checkBinary(path, file);
  try {
    const model = await Model.fromBytes(file);
    // What is given to it here is encoded already.
    // Of a series it says alone in which unit costs are.
    if (FORECAST in model.metadata) delete model.metadata[PREPROCESSING];
    const table = PREPROCESSING in model.metadata ? tableOf(TableModel, model) : undefined;
    return { path, bytes: file.length, model, preprocessing: table?.preprocessing };
  } catch (cause) {
    throw placed(shorten(path), cause);
  }
}

/** Refuses text, such as a CSV file in the model's place: a model file begins with a number whose last bytes are 0. */
function checkBinary(path: string, file: Uint8Array): void {
  const start = file.subarray(0, 8);
  if (start.length === 0 || !start.every(byte => byte >= 32 || byte === 9 || byte === 10 || byte === 13)) return;
  const [line = ''] = new TextDecoder().decode(file.subarray(0, 40)).split(/[\r\n]/);
  throw wrongValue(
    path,
    'a model file',
    `text that begins with ${describe(line)}`,
    'name the model first, then the CSV file',
  );
}

/**
 * The table in a file, read as the model's training file was, and how it becomes inputs. `target` is what the user
 * typed, if anything.
 */
export async function readFor(
  loaded: LoadedModel,
  path: string,
  options: Wishes,
  target?: string,
): Promise<{ table: Table; preprocessing: Preprocessing }> {
  const own = loaded.preprocessing;
  const { inputShape, outputs } = loaded.model.architecture;
  if (own === undefined && (!Array.isArray(inputShape) || typeof outputs === 'object')) {
    const expected = 'a model with one input and one output, both without a name';
    throw wrongKind(loaded.path, expected, 'one whose inputs or outputs have names', 'predict with the library');
  }
  const wishes = own === undefined ? options : wishesFor(options, own);
  const file = await readCsv(path, options, wishes);
  const name = target === undefined ? undefined : (columnMeant(file.table, target) ?? target);
  if (own === undefined) {
    checkHeader(file, wishes);
    return {
      table: readAsShown(file, wishes, other => other !== name),
      preprocessing: plainPreprocessing(loaded, file.table, name),
    };
  }
  const preprocessing = name === undefined ? own : { ...own, target: { ...own.target, name } };
  return { table: readAsTrained(file, wishes, preprocessing), preprocessing };
}

/**
 * What a model without preprocessing is given: the table's columns but the target as they are, in their order, and
 * classes called 0, 1, 2 … where the outputs are probabilities.
 */
function plainPreprocessing({ path, model }: LoadedModel, table: Table, target = ''): Preprocessing {
  const columns = table.header
    .filter(name => name !== target)
    .map(name => ({ name, kind: 'number' as const, mean: 0, scale: 1 }));
  const outputs = size(outputShape(model.architecture));
  if (outputs > 1 && outputActivation(model.architecture).kind !== 'softmax') {
    const expected = 'a model made by «myelin train», or one that ends in softmax or in a single output';
    throw wrongValue(path, expected, `${outputs} outputs without a meaning`, 'predict with the library');
  }
  const plain: Preprocessing = {
    columns,
    target:
      outputs > 1
        ? { name: target, kind: 'classes', values: Array.from({ length: outputs }, (_, index) => String(index)) }
        : { name: target, kind: 'number', mean: 0, scale: 1 },
  };
  checkWidths(path, widthsOf(model), plain);
  return plain;
}
