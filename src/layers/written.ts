/**
 * How layers in a file are checked where they only predict: as far as going forward asks, by what each option is in
 * whatever layer it stands. What does not go together shows in shapes, which the file's parameters do not have then.
 */
import { describe, wrongValue } from '../errors.js';
import { isList, isObject } from '../kinds.js';
import { activationNames } from './activations.js';
import type { Layer } from './index.js';

const FROM_1 =
  /^(units|filters|kernelSize|strides|dilation|groups|depthMultiplier|poolSize|vocabulary|heads|keySize|steps|factor|shape|times|end|size|random\.(height|width))$/;
const FROM_0 = /^(start|borders|axes|outputPadding)$/;
const FRACTIONS = /^(epsilon|momentum|rate|deviation|dropout|slope|alpha|learningRateFactor)$/;
const FLAGS = /^(useBias|trainable|causal|returnSequences|goBackwards|resetAfter|center|scale|invert)$/;
/** Of what only training takes note: how parameters begin, what holds them down, and how images change. */
const OF_TRAINING =
  /(Initializer|Regularizer|Constraint)$|^random\.(mode|factor|interpolation|(height|width)Factor|fillMode|valueRange)$/;
const WORDS: Readonly<Record<string, readonly unknown[]>> = {
  padding: ['valid', 'same', 'causal'],
  mode: ['mean', 'sum'],
  merge: ['concatenate', 'sum', 'average', 'multiply'],
  approximate: ['none', 'tanh'],
  'activation.kind': activationNames,
  'layer.kind': ['simpleRnn', 'lstm', 'gru'],
};
const MOST = 2 ** 24;

function isWritten(name: string, value: unknown): boolean {
  if (OF_TRAINING.test(name)) return true;
  if (isList(value)) return value.length > 0 && value.every(item => isWritten(name, item));
  if (name === 'activation' || name === 'layer') {
    const entries = isObject(value) && 'kind' in value ? Object.entries(value) : [['', '']];
    return entries.every(([key, own]) => isWritten(key === 'kind' ? `${name}.kind` : String(key), own));
  }
  if (typeof value === 'number') {
    const least = name === 'pad' ? -1 : FROM_0.test(name) ? 0 : FROM_1.test(name) ? 1 : Infinity;
    return FRACTIONS.test(name) ? value >= 0 : Number.isInteger(value) && value >= least && value <= MOST;
  }
  if (typeof value === 'boolean') return FLAGS.test(name);
  return name === 'name' ? typeof value === 'string' : (WORDS[name]?.includes(value) ?? false);
}

/** Freezes plain data as deep as it goes. */
export function freeze<T>(value: T): T {
  if (isObject(value)) Object.values(value).forEach(freeze);
  return Object.freeze(value);
}

/** Refuses options that no factory writes, and gives the layer back frozen. */
export function checkWritten(where: string, layer: Layer): Layer {
  for (const [name, value] of Object.entries(layer)) {
    const option = /^random/.test(layer.kind) ? `random.${name}` : name;
    if (name === 'kind' || isWritten(option, value)) continue;
    throw wrongValue(`${where}: ${name}`, 'an option as myelin writes it', describe(value));
  }
  return freeze(layer);
}
