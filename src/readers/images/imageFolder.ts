/** Pictures of a folder in which each class has one of its own. */
import { checkOptions } from '../../errors.js';
import { type ClassFiles, type ClassFolderOptions, filesOfClasses } from '../classFolder.js';
import { type ImageOptions, type ImageRows, imageOptionNames, readImages } from './imageData.js';

export interface ImageFolderOptions extends ImageOptions, ClassFolderOptions {}

export interface LabelledImages extends ImageRows, ClassFiles {}

const PICTURES = { ends: /\.(?:png|jpe?g)$/i, plural: 'PNG or JPEG pictures' };

/**
 * Reads a folder of classes: each folder in it is a class by that name, and holds its PNG and JPEG pictures, in folders
 * within it too. Classes and files are in the order of their names' code units; names that begin with a dot, and files
 * of other kinds, are passed over. Needs a platform with files.
 *
 * @throws naming the folder where it has fewer than two classes or one without pictures, and as {@link imageData}
 */
export async function readImageFolder(path: string, options: ImageFolderOptions = {}): Promise<LabelledImages> {
  const where = 'readImageFolder';
  checkOptions(where, options, [...imageOptionNames, 'classes']);
  const { classes, ...rest } = options;
  const found = await filesOfClasses(where, path, classes, PICTURES);
  const images = await readImages(where, found.files, rest, i => found.files[i] ?? where);
  return { ...images, ...found };
}
