/** What a .safetensors file means when it holds a model. */
import { Architecture, placedLayers } from '../architecture.js';
import { wrongValue } from '../errors.js';
import { checkSeed } from '../random.js';
import type { Tensor } from './safetensors.js';

/** The version of what the metadata means. */
export const FORMAT = '1';

/** Metadata keys that are not the user's. */
export const reservedMetadata = ['myelin', 'architecture', 'seed', 'trainer'];

/** What a file needs to make a model again, besides the parameters. */
export function modelMetadata(architecture: Architecture, seed: number): Record<string, string> {
  return { myelin: FORMAT, architecture: JSON.stringify(architecture), seed: String(seed) };
}

/** Reads the metadata of a model, and checks that the file's tensors are those of its architecture and `extra` ones. */
export function readModelMetadata(
  tensors: readonly Tensor[],
  metadata: Readonly<Record<string, string>>,
  extra: (parameter: string) => readonly string[] = () => [],
): { architecture: Architecture; seed: number } {
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
  const shapes = new Map(tensors.map(({ name, shape }) => [name, shape]));
  for (const layer of placedLayers(architecture)) {
    for (const spec of layer.parameters) {
      const parameter = `${layer.name}.${spec.name}`;
      for (const name of [parameter, ...extra(parameter)]) {
        const shape = shapes.get(name);
        const expected = `tensor [${spec.shape.join(', ')}]`;
        if (!shape) throw wrongValue(`model file: ${name}`, expected, 'none');
        if (shape.join() !== spec.shape.join()) {
          throw wrongValue(`model file: ${name}`, expected, `[${shape.join(', ')}]`);
        }
        shapes.delete(name);
      }
    }
  }
  const [unknown] = shapes.keys();
  if (unknown !== undefined) {
    const mend =
      metadata.trainer === undefined ? undefined : `this is a trainer's file: read it with Trainer.fromBytes`;
    throw wrongValue('model file', 'only tensors of its architecture', JSON.stringify(unknown.slice(0, 80)), mend);
  }
  return { architecture, seed };
}
