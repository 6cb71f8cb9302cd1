/** A folder in which each class has one of its own. */
import { listed, quote, shorten, wrongType, wrongValue } from '../errors.js';
import { listFolder } from '../files/readFile.js';
import { checkTexts } from './options.js';

export interface ClassFolderOptions {
  /**
   * The classes in the order of their indices, such as those of the training folder; the folders by name by default.
   */
  readonly classes?: readonly string[];
}

/** The files of such a folder with their classes. */
export interface ClassFiles {
  /** The class of each file, as its place among `classes`. */
  readonly y: Int32Array;
  readonly classes: readonly string[];
  /** The path of each file. */
  readonly files: readonly string[];
}

/** What files are looked for: by the ends of their names, and in words. */
export interface FileKind {
  readonly ends: RegExp;
  readonly plural: string;
}

/**
 * The files of each class, classes and files in the order of their names' code units; names that begin with a dot, and
 * files of other kinds, are passed over.
 */
export async function filesOfClasses(
  where: string,
  path: string,
  asked: readonly string[] | undefined,
  { ends, plural }: FileKind,
): Promise<ClassFiles> {
  if (typeof path !== 'string') throw wrongType(where, 'the path of a folder', path);
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
    throw wrongValue(name, 'a folder for each of two classes or more', got, 'put the files of each class in one');
  }
  const files: string[] = [];
  const labels: number[] = [];
  for (const [label, folder] of classes.entries()) {
    if (!folders.includes(folder)) continue;
    const own = await listFolder(`${path}/${folder}`);
    const found = own.filter(({ name, isFolder }) => !isFolder && ends.test(name));
    if (found.length === 0) throw wrongValue(shorten(`${path}/${folder}`), plural, 'none', 'leave the class out');
    for (const { name } of found) {
      files.push(`${path}/${folder}/${name}`);
      labels.push(label);
    }
  }
  return { y: Int32Array.from(labels), classes, files };
}
