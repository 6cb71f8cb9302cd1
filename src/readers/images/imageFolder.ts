/** A folder in which each class has one of its own. */
import { checkOptions, listed, quote, shorten, wrongType, wrongValue } from '../../errors.js';
import { listFolder } from '../../files/readFile.js';
import { checkTexts } from '../options.js';
import { type ImageOptions, type ImageRows, imageOptionNames, readImages } from './imageData.js';

export interface ImageFolderOptions extends ImageOptions {
  /**
   * The classes in the order of their indices, such as those of the training folder; the folders by name by default.
   */
  readonly classes?: readonly string[];
}

export interface LabelledImages extends ImageRows {
  /** The class of each picture, as its place among `classes`. */
  readonly y: Int32Array;
  readonly classes: readonly string[];
  /** The path of each picture. */
  readonly files: readonly string[];
}

/**
 * Reads a folder of classes: each folder in it is a class by that name, and holds its PNG and JPEG pictures. Classes
 * and files are in the order of their names' code units; names that begin with a dot, and files of other kinds, are
 * passed over. Needs a platform with files.
 *
 * @throws naming the folder where it has fewer than two classes or one without pictures, and as {@link imageData}
 */
export async function readImageFolder(path: string, options: ImageFolderOptions = {}): Promise<LabelledImages> {
  const where = 'readImageFolder';
  if (typeof path !== 'string') throw wrongType(where, 'the path of a folder', path);
  checkOptions(where, options, [...imageOptionNames, 'classes']);
  const { classes: asked, ...rest } = options;
  if (asked !== undefined) checkTexts(`${where}: classes`, asked, "['cat', 'dog']");
  const twice = asked?.find((name, i) => asked.indexOf(name) < i);
  if (twice !== undefined) throw wrongValue(`${where}: classes`, 'each class once', `${quote(twice)} twice`);
  const folders = (await listFolder(path)).flatMap(({ name, isFolder }) => (isFolder ? [name] : []));
  const classes = asked ?? folders;
  const name = shorten(path);
  const unknown = folders.filter(folder => !classes.includes(folder));
  if (unknown.length > 0) {
    throw wrongValue(name, `folders of the classes ${listed(classes, quote)} alone`, listed(unknown, quote));
  }
  if (classes.length < 2) {
    const got = classes.length === 0 ? 'none' : `${quote(classes[0] ?? '')} alone`;
    throw wrongValue(name, 'a folder for each of two classes or more', got, 'put the pictures of each class in one');
  }
  const files: string[] = [];
  const labels: number[] = [];
  for (const [label, folder] of classes.entries()) {
    if (!folders.includes(folder)) continue;
    const own = await listFolder(`${path}/${folder}`);
    const pictures = own.filter(({ name, isFolder }) => !isFolder && /\.(?:png|jpe?g)$/i.test(name));
    if (pictures.length === 0) {
      throw wrongValue(shorten(`${path}/${folder}`), 'PNG or JPEG pictures', 'none', 'leave the class out');
    }
    for (const { name } of pictures) {
      files.push(`${path}/${folder}/${name}`);
      labels.push(label);
    }
  }
  const images = await readImages(where, files, rest, i => files[i] ?? where);
  return { ...images, y: Int32Array.from(labels), classes, files };
}
