/** What a .safetensors file means when it holds a model. */
import { Architecture, placedLayers } from '../architecture.js';
import { findNotFinite } from '../data/samples.js';
import { checkChoice, wrongValue } from '../errors.js';
import { formatOf, type StoredNumbers, storedParts, type WeightFormat, weightFormats } from '../plan/formats.js';
import { checkSeed } from '../random.js';
import { size } from '../shape.js';
import { dtypeNames, type Tensor } from './safetensors.js';

/** The version of what the metadata means. */
export const FORMAT = '1';

/** Metadata keys that are not the user's. */
export const reservedMetadata = ['myelin', 'architecture', 'seed', 'weights', 'trainer'];

/**
 * How many numbers a row's way through the network may be, beside the file's parameters: memory is taken for them, and layers without parameters cost a stranger's
 * file nothing.
 */
const MOST_WIDTHS = 2 ** 22;
const MOST_WIDTHS_OF_A_PARAMETER = 64;

/** Refuses to write what could not be read again. */
export function refuseNotFiniteTensors(where: string, tensors: readonly { name: string; data: StoredNumbers }[]): void {
  for (const { name, data } of tensors) {
    if (data instanceof Float32Array && findNotFinite(data) >= 0) {
      const mend = 'the last step went too far: make another trainer with a lower learning rate, or load the last file';
      throw wrongValue(where, 'finite parameters', `others in ${name}`, mend);
    }
  }
}

/** The strings of a model's file: what it takes to make the model again, and the user's own. */
export function modelMetadata(model: {
  readonly architecture: Architecture;
  readonly seed: number;
  readonly weights: WeightFormat;
  readonly metadata: Readonly<Record<string, string>>;
}): Record<string, string> {
  const users = Object.entries(model.metadata).filter(([key]) => !reservedMetadata.includes(key));
  return {
    ...Object.fromEntries(users),
    myelin: FORMAT,
    architecture: JSON.stringify(model.architecture),
    seed: String(model.seed),
    ...(model.weights === 'float32' ? {} : { weights: model.weights }),
  };
}

/** Reads the metadata of a model, and checks that the file's tensors are those of its architecture and `extra` ones. */
export function readModelMetadata(
  tensors: readonly Tensor[],
  metadata: Readonly<Record<string, string>>,
  extra: (parameter: string) => readonly string[] = () => [],
): { architecture: Architecture; seed: number; weights: WeightFormat } {
  const { myelin: format, architecture: text } = metadata;
  if (format === undefined || text === undefined) {
    const mend = 'read other .safetensors files with another library';
    throw wrongValue('model file: metadata', `the keys 'myelin' and 'architecture'`, 'a file without them', mend);
  }
  if (format !== FORMAT) {
    throw wrongValue(
      'model file: format',
      FORMAT,
      JSON.stringify(format.slice(0, 20)),
      'update myelin to read newer files',
    );
  }
  let architecture: Architecture;
  try {
    architecture = Architecture.fromJSON(text);
  } catch (cause) {
    const mend = 'the file is damaged, or a newer myelin wrote it: then update myelin';
    throw new RangeError(`model file: architecture: ${(cause as Error).message}; ${mend}`, { cause });
  }
  const seed = checkSeed('model file: seed', Number(metadata.seed ?? 0));
  const weights = checkChoice('model file: weights', metadata.weights ?? 'float32', weightFormats);
  const rest = new Map(tensors.map(tensor => [tensor.name, tensor]));
  for (const layer of placedLayers(architecture)) {
    for (const part of layer.parameters.flatMap(spec => storedParts(spec.name, spec.shape, weights))) {
      const parameter = `${layer.name}.${part.name}`;
      for (const name of [parameter, ...extra(parameter)]) {
        const tensor = rest.get(name);
        const expected = `tensor [${part.shape.join(', ')}]`;
        if (!tensor) throw wrongValue(`model file: ${name}`, expected, 'none');
        if (tensor.shape.join() !== part.shape.join()) {
          throw wrongValue(`model file: ${name}`, expected, `[${tensor.shape.join(', ')}]`);
        }
        const format = formatOf(tensor.data);
        if (format !== part.format) {
          throw wrongValue(`model file: ${name}`, `dtype ${dtypeNames[part.format]}`, dtypeNames[format]);
        }
        rest.delete(name);
      }
    }
  }
  const widths = placedLayers(architecture).reduce((sum, layer) => sum + size(layer.outputShape), 0);
  const numbers = tensors.reduce((sum, tensor) => sum + tensor.data.length, 0);
  if (size(architecture.inputShape) + widths > MOST_WIDTHS + MOST_WIDTHS_OF_A_PARAMETER * numbers) {
    const expected = 'layers about as wide as the parameters in the file are many';
    throw wrongValue('model file: architecture', expected, `${widths} numbers of ${numbers} parameters`);
  }
  const [unknown] = rest.keys();
  if (unknown !== undefined) {
    const mend =
      metadata.trainer === undefined ? undefined : `this is a trainer's file: read it with Trainer.fromBytes`;
    throw wrongValue('model file', 'only tensors of its architecture', JSON.stringify(unknown.slice(0, 80)), mend);
  }
  return { architecture, seed, weights };
}
