/**
 * The network of a table carried out in JavaScript, in float64: such networks are small, so that an entry which only
 * predicts needs no WebAssembly, and none of what lays it out.
 */
import { fileBytes } from '../conversions.js';
import { describe, quote, shorten, wrongKind, wrongValue } from '../errors.js';
import { readSafetensors, type Tensor } from '../files/safetensors.js';
import { parseStrictly } from '../files/strictJson.js';
import { scaleName } from '../plan/formats.js';
import { dequantize } from '../quantize.js';
import { applyActivation } from './forwardActivations.js';

/** A layer as a file's architecture has it; a file may hold anything. */
interface StoredLayer {
  readonly kind?: unknown;
  readonly name?: unknown;
  readonly units?: unknown;
  readonly vocabulary?: unknown;
  readonly activation?: unknown;
  readonly invert?: unknown;
  readonly mode?: unknown;
  readonly pad?: unknown;
  readonly start?: unknown;
  readonly end?: unknown;
}

/** What a step makes of the values before it, for one row. */
type Step = (values: readonly Float64Array[]) => Float64Array;

/** Layers that do nothing while predicting. */
const IDLE = new Set(['dropout', 'gaussianNoise', 'alphaDropout', 'flatten']);
const FORMATS = ['1', '1.1', '1.2'];
const WHERE = 'model file: architecture';

/**
 * A network of dense layers, activations, normalisation, slices, tables that are looked up, and their concatenation.
 */
export class TableNetwork {
  readonly metadata: Record<string, string>;
  readonly inputs: number;
  readonly outputs: number;
  readonly #steps: readonly Step[];
  readonly #ends: readonly End[];

  constructor(bytes: Uint8Array) {
    const { tensors, metadata } = readSafetensors(fileBytes('TableModel.fromBytes', bytes));
    const { myelin: format, architecture } = metadata;
    if (format === undefined || architecture === undefined) {
      throw wrongValue('model file: metadata', `the keys 'myelin' and 'architecture'`, 'a file without them');
    }
    if (!FORMATS.includes(format))
      throw wrongValue('model file: format', FORMATS[0] ?? '', describe(format), 'update myelin');
    const prefix = format === '1' ? '' : 'user.';
    this.metadata = Object.fromEntries(
      Object.entries(metadata).flatMap(([key, value]) =>
        key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [],
      ),
    );
    const { ends, outputs, steps } = stepsOf(
      parseStrictly(WHERE, architecture),
      new Map(tensors.map(t => [t.name, t])),
    );
    this.#ends = ends;
    this.inputs = ends.reduce((sum, { width }) => sum + width, 0);
    this.outputs = outputs;
    this.#steps = steps;
  }

  /** The outputs for row-major inputs; where inputs have names, a record by those. */
  predict(x: Float32Array | Readonly<Record<string, Float32Array>>): Float32Array {
    const given = this.#ends.map(({ key, width }) => {
      return { width, values: x instanceof Float32Array ? x : (x[key] ?? new Float32Array()) };
    });
    const [first] = given;
    const rows = first ? first.values.length / first.width : 0;
    const out = new Float32Array(rows * this.outputs);
    for (let row = 0; row < rows; row++) {
      const values: Float64Array[] = given.map(own => {
        return Float64Array.from(own.values.subarray(row * own.width, (row + 1) * own.width));
      });
      for (const step of this.#steps) values.push(step(values));
      out.set(values.at(-1) ?? [], row * this.outputs);
    }
    const bad = out.findIndex(value => !Number.isFinite(value));
    if (bad >= 0) throw wrongValue('predict', 'finite outputs', `${out[bad]} in row ${Math.floor(bad / this.outputs)}`);
    return out;
  }
}

/** An input: what layers read it by, and numbers of a row. */
interface End {
  readonly key: string;
  readonly width: number;
}

function endsOf(inputShape: unknown): readonly End[] {
  const shapes = Array.isArray(inputShape) ? { input: inputShape } : (inputShape ?? {});
  return Object.entries(shapes).map(([key, shape]) => {
    const width = Array.isArray(shape) && shape.length === 1 ? Number(shape[0]) : Number.NaN;
    return { key, width };
  });
}

/** The steps of a network, each checked against the file's tensors: values are the inputs, and then each layer's. */
function stepsOf(architecture: unknown, tensors: ReadonlyMap<string, Tensor>) {
  const { inputShape, layers, from, outputs } = architecture as Record<string, unknown>;
  const ends = endsOf(inputShape);
  if (ends.length === 0 || !ends.every(({ width }) => width > 0 && Number.isInteger(width)) || !Array.isArray(layers)) {
    throw wrongValue(WHERE, 'rows of inputs, and layers', 'another', "take TableModel of 'myelin/tabular'");
  }
  const widths = ends.map(({ width }) => width);
  const steps = layers.map((layer: StoredLayer, index): Step => {
    const given: unknown = Array.isArray(from) ? from[index] : [index === 0 ? 'input' : index - 1];
    const sources = (Array.isArray(given) ? given : [given]).map(source => {
      return typeof source === 'string' ? ends.findIndex(({ key }) => key === source) : ends.length + Number(source);
    });
    const read = sources.map(source => widths[source] ?? Number.NaN);
    if (read.length === 0 || sources.some(source => !(source >= 0 && source < ends.length + index))) {
      throw wrongValue(WHERE, 'layers that read those before them', `layer ${index}, which does not`);
    }
    const made = stepOf(layer, index, read, tensors);
    widths.push(made.width);
    const [first = 0] = sources;
    return values =>
      made.apply(
        sources.length > 1 ? joined(sources.map(s => values[s] ?? [])) : (values[first] ?? new Float64Array()),
      );
  });
  if (outputs !== undefined && outputs !== layers.length - 1)
    throw wrongValue(WHERE, 'one output, the last layer', 'others');
  return { ends, outputs: widths.at(-1) ?? 0, steps };
}

function joined(parts: readonly ArrayLike<number>[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function stepOf(
  layer: StoredLayer,
  index: number,
  read: readonly number[],
  tensors: ReadonlyMap<string, Tensor>,
): { readonly width: number; readonly apply: (x: Float64Array) => Float64Array } {
  const { kind } = layer;
  const name = typeof layer.name === 'string' ? layer.name : `${index}.${kind}`;
  const width = read.reduce((sum, own) => sum + own, 0);
  if (kind === 'concatenate') return { width, apply: x => x };
  const [own = width] = read;
  if ((kind === 'subtract' || kind === 'multiply') && read.length === 2 && width === 2 * own) {
    const other = (x: Float64Array, i: number) => x[own + i] ?? 0;
    return {
      width: own,
      apply: x => x.slice(0, own).map((a, i) => (kind === 'subtract' ? a - other(x, i) : a * other(x, i))),
    };
  }
  if (read.length === 1 && IDLE.has(String(kind))) return { width, apply: x => x };
  if (kind === 'activation') return { width, apply: x => applyActivation(layer.activation, x) };
  if (kind === 'slice') {
    const [start, end] = [Number(layer.start), Number(layer.end)];
    if (!(start >= 0 && start < end && end <= width)) throw wrongValue(WHERE, 'slices of what is there', name);
    return { width: end - start, apply: x => x.slice(start, end) };
  }
  if ((kind === 'embedding' && width === 1) || kind === 'embeddingBag') {
    const [vocabulary, units] = [Number(layer.vocabulary), Number(layer.units)];
    const weight = numbersOf(tensors, `${name}.weight`, vocabulary * units);
    const rowAt = (place: number) => weight.subarray(place * units, (place + 1) * units);
    return {
      width: units,
      apply: places =>
        meanOf(
          places.filter(place => place !== layer.pad),
          rowAt,
          units,
        ),
    };
  }
  if (kind === 'normalization') {
    const mean = numbersOf(tensors, `${name}.mean`, width);
    const deviation = numbersOf(tensors, `${name}.variance`, width).map(variance =>
      variance > 0 ? Math.sqrt(variance) : 1,
    );
    const scale = (value: number, i: number) => (value - (mean[i] ?? 0)) / (deviation[i] ?? 1);
    const restore = (value: number, i: number) => value * (deviation[i] ?? 1) + (mean[i] ?? 0);
    return { width, apply: x => x.map(layer.invert === true ? restore : scale) };
  }
  if (kind === 'dense' && Number.isInteger(layer.units) && Number(layer.units) > 0) {
    const units = Number(layer.units);
    const weight = numbersOf(tensors, `${name}.weight`, width * units);
    const bias = tensors.has(`${name}.bias`) ? numbersOf(tensors, `${name}.bias`, units) : new Float64Array(units);
    return { width: units, apply: x => applyActivation(layer.activation, product(x, weight, bias)) };
  }
  const mend = "take TableModel of 'myelin/tabular'";
  throw wrongKind(WHERE, 'layers that tables have', quote(describe(kind)), mend);
}

/** The mean of the rows at such places; 0 of none. */
function meanOf(places: Float64Array, rowAt: (place: number) => Float64Array, units: number): Float64Array {
  const mean = new Float64Array(units);
  for (const place of places) for (const [i, value] of rowAt(place).entries()) mean[i] = (mean[i] ?? 0) + value;
  return mean.map(sum => sum / Math.max(1, places.length));
}

/** x · w + b, w being `[inputs, units]`. */
function product(x: Float64Array, w: Float64Array, b: Float64Array): Float64Array {
  const y = b.slice();
  for (const [i, value] of x.entries()) {
    if (value !== 0) for (let o = 0; o < y.length; o++) y[o] = (y[o] ?? 0) + value * (w[i * y.length + o] ?? 0);
  }
  return y;
}

/** A parameter's numbers, which may be stored in fewer bits. */
function numbersOf(tensors: ReadonlyMap<string, Tensor>, name: string, length: number): Float64Array {
  const tensor = tensors.get(name);
  if (tensor?.data.length !== length) {
    throw wrongValue(`model file: ${shorten(name)}`, `${length} numbers`, tensor?.data.length ?? 'none');
  }
  const scales = tensors.get(scaleName(name))?.data;
  const values = Float64Array.from(dequantize(tensor.data, scales));
  if (values.every(Number.isFinite)) return values;
  throw wrongValue(`model file: ${shorten(name)}`, 'finite numbers', 'others');
}
