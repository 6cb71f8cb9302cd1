/** What a .safetensors file means when it holds a model. */
import { Architecture, inputNumbers, placedLayers } from '../architecture.js';
import { findNotFinite } from '../data/samples.js';
import {
  checkChoice,
  checkInteger,
  checkOptions,
  describe,
  isLeftOut,
  listed,
  placed,
  shorten,
  wrongValue,
} from '../errors.js';
import { FORWARD_ONLY } from '../forwardOnly.js';
import type { Parameter } from '../plan/builder.js';
import {
  formatOf,
  type StoredNumbers,
  scaleName,
  storedParts,
  type WeightFormat,
  weightFormats,
} from '../plan/formats.js';
import { checkSeed } from '../random.js';
import { size } from '../shape.js';
import { dtypeNames, type Tensor } from './safetensors.js';
import { parseStrictly } from './strictJson.js';

/** The version of what the metadata means. */
export const FORMAT = '1';
/**
 * The version in which each of the user's keys is written behind a prefix: only where one would take the place of the
 * format's own, as older readers know no other.
 */
const PREFIXED_FORMAT = '1.1';
/** The version of graphs that are no chain; the user's keys are written as in {@link PREFIXED_FORMAT}. */
const GRAPH_FORMAT = '1.2';
const USERS = 'user.';

/** The format's own metadata keys; further ones begin with `myelin.`. */
const ownKeys = ['myelin', 'architecture', 'seed', 'weights', 'trainer'];

function isOwnKey(key: string): boolean {
  return ownKeys.includes(key) || key.startsWith('myelin.');
}

/** The metadata key of {@link Trained}; keys that begin like it are the format's own. */
const TRAINED = 'myelin.trained';

/** How much a model was ever trained, by whatever fits and trainers: epochs and steps that were begun. */
export interface Trained {
  readonly epochs: number;
  readonly steps: number;
}

const NEVER: Trained = { epochs: 0, steps: 0 };

/**
 * The largest count in a file. As many may be added to it before numbers are no longer exact; what is beyond is
 * written as this, so that whatever was read can be written, and read again.
 */
export const MOST_COUNTED = 2 ** 52;

/**
 * How many numbers a row's way through the network may be, beside the file's parameters: memory is taken for them, and
 * layers without parameters cost a stranger's file nothing.
 */
const MOST_WIDTHS = 2 ** 22;
const MOST_WIDTHS_OF_A_PARAMETER = 64;

/** Refuses to write what could not be read again. */
export function refuseNotFiniteTensors(where: string, tensors: readonly { name: string; data: StoredNumbers }[]): void {
  for (const { name, data } of tensors) {
    if (data instanceof Float32Array && findNotFinite(data) >= 0) {
      const mend = 'the last step went too far: make another trainer with a lower learning rate, or load the last file';
      throw wrongValue(where, 'finite parameters', `others in ${shorten(name)}`, mend);
    }
  }
}

/** The strings of a model's file: what it takes to make the model again, and the user's own. */
export function modelMetadata(model: {
  readonly architecture: Architecture;
  readonly seed: number;
  readonly weights: WeightFormat;
  readonly metadata: Readonly<Record<string, string>>;
  readonly trained: Trained;
}): Record<string, string> {
  const users = Object.entries(model.metadata);
  const isChain = model.architecture.from === undefined;
  const prefix = !isChain || users.some(([key]) => isOwnKey(key)) ? USERS : '';
  return {
    ...Object.fromEntries(users.map(([key, value]) => [prefix + key, value])),
    myelin: isChain ? (prefix === '' ? FORMAT : PREFIXED_FORMAT) : GRAPH_FORMAT,
    architecture: JSON.stringify(model.architecture),
    seed: String(model.seed),
    ...(model.weights === 'float32' ? {} : { weights: model.weights }),
    ...(model.trained.epochs + model.trained.steps === 0 ? {} : { [TRAINED]: writeTrained(model.trained) }),
  };
}

function writeTrained({ epochs, steps }: Trained): string {
  return JSON.stringify({ epochs: Math.min(epochs, MOST_COUNTED), steps: Math.min(steps, MOST_COUNTED) });
}

/** How much the model in a file was trained; files from before that was counted say nothing of it. */
export function readTrained(metadata: Readonly<Record<string, string>>): Trained {
  const text = metadata[TRAINED];
  if (text === undefined) return NEVER;
  const where = `model file: ${TRAINED}`;
  const trained = parseStrictly(where, text);
  checkOptions(where, trained, ['epochs', 'steps']);
  const { epochs, steps } = trained as Partial<Trained>;
  const counted = checkInteger(`${where}: steps`, steps, 0, MOST_COUNTED);
  return { epochs: checkInteger(`${where}: epochs`, epochs, 0, counted), steps: counted };
}

/** The seed as {@link modelMetadata} writes it, and in no other way that JavaScript takes for a number. */
function readSeed(text = '0'): number {
  const where = 'model file: seed';
  const seed = Number(text);
  if (String(seed) !== text) throw wrongValue(where, 'a whole number in digits', describe(text), 'the file is damaged');
  return checkSeed(where, seed);
}

/** What the user put into the metadata of a file of that version. */
function usersMetadata(format: string, metadata: Readonly<Record<string, string>>): [key: string, value: string][] {
  const prefix = format === FORMAT ? '' : USERS;
  const users = Object.entries(metadata).filter(([key]) => !isOwnKey(key));
  return users.map(([key, value]) => {
    if (key.startsWith(prefix)) return [key.slice(prefix.length), value];
    throw wrongValue('model file: metadata', `keys that begin with '${prefix}'`, describe(key));
  });
}

/**
 * Reads the metadata of a model, and checks that the file's tensors are those of its architecture and in a trainer's
 * file `extra` ones for each, which may hang on whether it is trained.
 */
export function readModelMetadata(
  tensors: readonly Tensor[],
  metadata: Readonly<Record<string, string>>,
  extra?: (parameter: string, trainable: boolean) => readonly string[],
): {
  architecture: Architecture;
  seed: number;
  weights: WeightFormat;
  trained: Trained;
  users: [key: string, value: string][];
} {
  const { myelin: format, architecture: text } = metadata;
  if (format === undefined || text === undefined) {
    const mend = 'read other .safetensors files with another library';
    throw wrongValue('model file: metadata', `the keys 'myelin' and 'architecture'`, 'a file without them', mend);
  }
  if (![FORMAT, PREFIXED_FORMAT, GRAPH_FORMAT].includes(format)) {
    throw wrongValue('model file: format', FORMAT, describe(format), 'update myelin to read newer files');
  }
  let architecture: Architecture;
  try {
    architecture = Architecture.fromJSON(text);
  } catch (cause) {
    const mend = isLeftOut(cause) ? undefined : 'the file is damaged, or a newer myelin wrote it: then update myelin';
    throw placed('model file: architecture', cause, mend);
  }
  // Predictions have no use for it.
  const seed = FORWARD_ONLY ? 0 : readSeed(metadata.seed);
  const weights = checkChoice('model file: weights', metadata.weights ?? 'float32', weightFormats);
  const rest = new Map(tensors.map(tensor => [tensor.name, tensor]));
  for (const layer of placedLayers(architecture)) {
    const parts = layer.parameters.flatMap(spec => {
      return storedParts(spec, weights).map(part => ({ ...part, trainable: spec.trainable }));
    });
    for (const part of parts) {
      const parameter = `${layer.name}.${part.name}`;
      for (const name of [parameter, ...(extra?.(parameter, part.trainable ?? true) ?? [])]) {
        const tensor = rest.get(name);
        const expected = `tensor [${part.shape.join(', ')}]`;
        if (!tensor) throw wrongValue(`model file: ${shorten(name)}`, expected, 'none');
        if (tensor.shape.join() !== part.shape.join()) {
          throw wrongValue(`model file: ${shorten(name)}`, expected, `[${listed(tensor.shape)}]`);
        }
        const format = formatOf(tensor.data);
        if (format !== part.format) {
          throw wrongValue(`model file: ${shorten(name)}`, `dtype ${dtypeNames[part.format]}`, dtypeNames[format]);
        }
        rest.delete(name);
      }
    }
  }
  const widths = placedLayers(architecture).reduce((sum, layer) => sum + size(layer.outputShape), 0);
  const numbers = tensors.reduce((sum, tensor) => sum + tensor.data.length, 0);
  if (inputNumbers(architecture) + widths > MOST_WIDTHS + MOST_WIDTHS_OF_A_PARAMETER * numbers) {
    const expected = 'layers about as wide as the parameters in the file are many';
    throw wrongValue('model file: architecture', expected, `${widths} numbers of ${numbers} parameters`);
  }
  const [unknown] = rest.keys();
  if (unknown !== undefined) {
    const mend = `this is a trainer's file: read it with Trainer.fromBytes`;
    const expected = extra ? 'only tensors of its architecture and optimiser' : 'only tensors of its architecture';
    throw wrongValue('model file', expected, describe(unknown), metadata.trainer && !extra ? mend : undefined);
  }
  return {
    architecture,
    seed,
    weights,
    trained: FORWARD_ONLY ? NEVER : readTrained(metadata),
    users: usersMetadata(format, metadata),
  };
}

/** Refuses numbers of a file that are not finite; {@link readModelMetadata} has seen to their kinds and shapes. */
export function checkStored(
  where: string,
  parameter: Parameter,
  value: StoredNumbers | undefined,
): asserts value is StoredNumbers {
  if (value instanceof Float32Array) {
    const isScale = parameter.name.endsWith(scaleName('weight'));
    // The largest weight that a scale is of.
    const numbers = isScale ? value.map(scale => 127 * scale) : value;
    // The engine's own search: loading a model is quicker than a loop of ours that runs for the first time.
    if (![NaN, Infinity, -Infinity].some(number => numbers.includes(number))) return;
    const bad = findNotFinite(numbers);
    const number = value[bad] ?? NaN;
    const expected = Number.isFinite(number) ? 'a scale that leaves weights finite' : 'a finite float32 number';
    throw wrongValue(`${where}[${bad}]`, expected, number);
  } else if (value instanceof Int8Array) {
    if (value.includes(-128)) throw wrongValue(where, 'int8 numbers from -127 to 127', -128);
  } else if (value instanceof Uint16Array) {
    const bad = value.findIndex(bits => (bits & 0x7c00) === 0x7c00);
    if (bad >= 0) throw wrongValue(`${where}[${bad}]`, 'a finite float16 number', 'an infinity or NaN');
  }
}
