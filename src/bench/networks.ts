/** The network that is measured: what `--network` may say, and what its work comes to. */

import { existsSync, readFileSync } from 'node:fs';
import {
  Architecture,
  dense,
  inputNumbers,
  Model,
  outputActivation,
  outputShape,
  sequential,
  size,
} from '../entries/inside.js';
import { messageOf, nearest, quote, wrongValue } from '../errors.js';
import type { Chain, NetworkTask } from './contest.js';
import { namedNetwork, namedNetworks } from './namedNetworks.js';

/** A network under the name that the user gave it. */
export interface Network {
  readonly name: string;
  readonly architecture: Architecture;
  /** Of a model file, its own parameters. */
  readonly model?: Model;
}

/** `784-128-10`: relu in between; softmax at the end, or sigmoid where that is one output. */
export function networkOf(widths: readonly number[], hidden: 'relu' | 'tanh' = 'relu'): Network {
  const [inputs = 1, ...units] = widths;
  const last = units.length - 1;
  const end = units[last] === 1 ? 'sigmoid' : 'softmax';
  const layers = units.map((n, layer) => dense(n, { activation: layer < last ? hidden : end }));
  return { name: widths.join('-'), architecture: sequential(inputs, layers) };
}

const FLAG = '--network';
const EXPECTED = `widths such as 784-128-10, ${namedNetworks.join(', ')}, an architecture's JSON, or a model file`;

/** What `--network` says. */
export async function parseNetwork(text: string): Promise<Network> {
  if (/^\d+(-\d+)+$/.test(text)) {
    const widths = text.split('-').map(Number);
    const wrong = widths.find(width => width < 1 || width > 65536);
    if (wrong !== undefined) throw wrongValue(FLAG, 'widths from 1 to 65536', quote(text));
    return networkOf(widths);
  }
  const named = namedNetworks.find(name => name === text);
  if (named) return namedNetwork(named);
  if (text.trimStart().startsWith('{')) return { name: 'the network given', architecture: Architecture.fromJSON(text) };
  if (!existsSync(text)) throw wrongValue(FLAG, EXPECTED, quote(text), mendOf(text));
  const bytes = new Uint8Array(readFileSync(text));
  if (bytes[0] === '{'.charCodeAt(0)) {
    return { name: text, architecture: Architecture.fromJSON(new TextDecoder().decode(bytes)) };
  }
  try {
    const model = await Model.fromBytes(bytes);
    return { name: text, architecture: model.architecture, model };
  } catch (error) {
    throw wrongValue(FLAG, EXPECTED, quote(text), messageOf(error));
  }
}

/** Networks that people know by name, for a hint. */
function mendOf(text: string): string {
  const digits = text.match(/\d+/g);
  if (digits && digits.length > 1) return `did you mean '${digits.join('-')}'?`;
  const close = nearest(text, ['784-128-10', ...namedNetworks]);
  return close === undefined ? 'there is no such file' : `did you mean '${close}'?`;
}

/** As a chain of fully connected layers, where it is one. */
export function chainOf(architecture: Architecture): Chain | undefined {
  const { layers } = architecture;
  if (architecture.from) return undefined;
  const kept = layers.filter(({ kind }) => kind !== 'flatten');
  const widths = [inputNumbers(architecture)];
  const activations: string[] = [];
  for (const layer of kept) {
    if (layer.kind !== 'dense' || !layer.useBias) return undefined;
    widths.push(layer.units);
    activations.push(layer.activation.kind);
  }
  return { widths, activations };
}

/** The cost that fits the network's end. */
export function lossFor(architecture: Architecture): NetworkTask['loss'] {
  const { kind } = outputActivation(architecture);
  const outputs = size(outputShape(architecture));
  if (kind === 'softmax' && outputs > 1) return 'sparseCategoricalCrossEntropy';
  return kind === 'sigmoid' ? 'binaryCrossEntropy' : 'meanSquaredError';
}
