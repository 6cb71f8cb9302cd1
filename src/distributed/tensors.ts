/** Parameters on their way between processes: a safetensors file in memory, read as if it came from a stranger. */
import { createHash } from 'node:crypto';
import { type Architecture, placedLayers } from '../architecture.js';
import { findNotFinite } from '../data/samples.js';
import { listed, placed, shorten, wrongValue } from '../errors.js';
import { readSafetensors, type Tensor, writeSafetensors } from '../files/safetensors.js';
import type { Bytes } from '../kinds.js';
import type { Values } from './outer.js';

/** A tensor's name and shape. */
export interface Spec {
  readonly name: string;
  readonly shape: readonly number[];
  /** What its numbers always are; finite by default. */
  readonly rule?: 'finite' | 'notNegative';
}

/** A tensor that goes from round to round. */
export interface Carried extends Spec {
  /** Whether an outer step moves it; state is averaged. */
  readonly trainable: boolean;
}

/** What an architecture's parameters are, in their order, without the numbers. */
export function parameterSpecs(architecture: Architecture): Carried[] {
  return placedLayers(architecture).flatMap(({ name, parameters }) => {
    return parameters.map(({ name: part, shape, trainable = true }) => ({ name: `${name}.${part}`, shape, trainable }));
  });
}

/** Those values that are of such tensors. */
export function pickBy(specs: readonly Spec[], values: Values): Values {
  return Object.fromEntries(specs.map(({ name }) => [name, values[name] ?? new Float32Array()]));
}

export function pack(specs: readonly Spec[], values: Values, metadata: Readonly<Record<string, string>> = {}): Bytes {
  const tensors = specs.map(({ name, shape }) => ({ name, shape, data: values[name] ?? new Float32Array() }));
  return writeSafetensors(tensors, metadata);
}

/** What {@link pack} wrote, checked by {@link checkTensors}. */
export function unpack(where: string, specs: readonly Spec[], bytes: Uint8Array): Values {
  let tensors: readonly Tensor[];
  try {
    ({ tensors } = readSafetensors(bytes));
  } catch (cause) {
    throw placed(where, cause);
  }
  return checkTensors(where, specs, tensors);
}

/**
 * The numbers of each of `specs` by name.
 *
 * @throws where tensors are others or of other shapes, or a number is none that they may have
 */
export function checkTensors(where: string, specs: readonly Spec[], tensors: readonly Tensor[]): Values {
  const found = new Map(tensors.map(tensor => [tensor.name, tensor]));
  const values: Record<string, Float32Array> = {};
  for (const { name, shape, rule } of specs) {
    const tensor = found.get(name);
    const at = `${where}: ${shorten(name)}`;
    if (tensor === undefined) throw wrongValue(at, 'this parameter', 'none');
    if (!(tensor.data instanceof Float32Array) || `${tensor.shape}` !== `${shape}`) {
      throw wrongValue(at, `float32 numbers of shape [${listed(shape)}]`, `others, of shape [${listed(tensor.shape)}]`);
    }
    if (findNotFinite(tensor.data) >= 0) throw wrongValue(at, 'finite numbers', 'others');
    if (rule === 'notNegative' && tensor.data.some(value => value < 0)) {
      throw wrongValue(at, 'numbers that are not negative', 'others');
    }
    values[name] = tensor.data;
    found.delete(name);
  }
  if (found.size > 0) throw wrongValue(where, 'the parameters of the network alone', listed([...found.keys()]));
  return values;
}

/** SHA-256 in hexadecimal digits. */
export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
