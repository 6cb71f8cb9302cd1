/** A model's parameters as users and files see them: by name, row-major; and how they begin. */
import { type Architecture, placedLayers } from './architecture.js';
import { conversion, numberMend, refuseLost } from './conversions.js';
import { nearest, quote, shorten, wrongType, wrongValue } from './errors.js';
import { initialize } from './initializers/fill.js';
import { isFloat32Array, isHollow, isList, isNumberArray, kindOf, type NumberArray } from './kinds.js';
import type { Parameter } from './plan/builder.js';
import { scaleName } from './plan/formats.js';
import { dequantize, type StoredTensor } from './quantize.js';
import { Purpose, Random } from './random.js';

/** A parameter as users see it. */
export interface NamedParameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** A row-major copy. */
  readonly data: Float32Array;
}

export interface ModelParameter extends NamedParameter {
  /** Whether training updates it by its gradient; state, such as moving averages, has none. */
  readonly trainable: boolean;
}

/** What users give for parameters: row-major numbers by name. */
export type ParameterValues = Readonly<Record<string, NumberArray | readonly number[]>>;

/** A new model's parameters: each as its layer begins. */
export function initialValues(
  architecture: Architecture,
  parameters: readonly Parameter[],
  seed: number,
): (readonly [parameter: Parameter, values: Float32Array])[] {
  const known = new Map(parameters.map(parameter => [parameter.name, parameter]));
  const specs = placedLayers(architecture).flatMap(({ name, parameters: own }) => {
    return own.map(spec => ({ ...spec, parameter: known.get(`${name}.${spec.name}`) }));
  });
  return specs.flatMap(({ parameter, initializer, shape, ones: [from, to] = [0, 0] }, index) => {
    if (!parameter) return [];
    const values = initialize(initializer, shape, new Random(seed, Purpose.initialize, index));
    return [[parameter, values.fill(1, from, to)] as const];
  });
}

/** What is stored, as users see it: quantised weights as the numbers they stand for. */
export function namedParameters(architecture: Architecture, tensors: readonly StoredTensor[]): ModelParameter[] {
  const stored = new Map(tensors.map(tensor => [tensor.name, tensor]));
  return placedLayers(architecture).flatMap(layer => {
    return layer.parameters.flatMap(spec => {
      const name = `${layer.name}.${spec.name}`;
      const tensor = stored.get(name);
      if (!tensor) return [];
      const data = dequantize(tensor.data, stored.get(scaleName(name))?.data);
      return { name, shape: [...tensor.shape], data, trainable: spec.trainable ?? true };
    });
  });
}

/** Values that users give, each with its parameter; all of them checked. */
export function checkValues(
  where: string,
  parameters: readonly Parameter[],
  values: ParameterValues,
): [Parameter, ArrayLike<number>][] {
  if (kindOf(values) !== 'Object' || isHollow(values)) {
    throw wrongType(where, `an object such as { '0.dense.weight': … }`, values);
  }
  const known = new Map(parameters.map(parameter => [parameter.name, parameter]));
  return Object.entries(values).map(([name, value]) => {
    const parameter = known.get(name);
    if (!parameter) {
      const close = nearest(name, [...known.keys()]);
      throw wrongValue(where, 'known parameters', quote(name), close && `did you mean ${quote(close)}?`);
    }
    checkParameter(`${where}: ${shorten(name)}`, parameter, value);
    return [parameter, value];
  });
}

/** The tensors of a part of a network, whose nodes had other names in the whole. */
export function tensorsOfPart(
  part: Architecture,
  formerNames: readonly string[],
  parameters: readonly Parameter[],
  whole: readonly StoredTensor[],
): StoredTensor[] {
  const stored = new Map(whole.map(({ name, data }) => [name, data]));
  const owners = placedLayers(part).map(({ name }, index) => [`${name}.`, `${formerNames[index]}.`] as const);
  return parameters.flatMap(({ name, shape }) => {
    const [own = '', old = ''] = owners.find(([prefix]) => name.startsWith(prefix)) ?? [];
    const data = stored.get(old + name.slice(own.length));
    return data ? [{ name, shape, data }] : [];
  });
}

/** Refuses what are not as many finite numbers as a parameter has. */
function checkParameter(where: string, parameter: Parameter, value: unknown): asserts value is ArrayLike<number> {
  const length = parameter.rows * parameter.columns;
  const expected = `${length} numbers for shape [${parameter.shape.join(', ')}]`;
  if (!isNumberArray(value) && !isList(value)) throw wrongType(where, expected, value, conversion(value, 'values'));
  refuseLost(where, value);
  if (value.length !== length) throw wrongValue(where, expected, `${value.length} numbers`);
  // The engine's own search: loading a model is quicker than a loop of ours that runs for the first time.
  if (isFloat32Array(value) && ![NaN, Infinity, -Infinity].some(number => value.includes(number))) return;
  for (let i = 0; i < length; i++) {
    const number: unknown = value[i];
    if (typeof number !== 'number') throw wrongType(`${where}[${i}]`, 'a number', number, numberMend(number, 'values'));
    if (!Number.isFinite(Math.fround(number))) throw wrongValue(`${where}[${i}]`, 'a finite float32 number', number);
  }
}
