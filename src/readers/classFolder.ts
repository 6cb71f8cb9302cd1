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
 * The files of each class, in folders within it too; classes and files in the order of their names' code units, and
 * names that begin with a dot, and files of other kinds, passed over.
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
  if (asked !== undefined && asked.length < 2) {
    throw wrongValue(`${where}: classes`, 'two classes or more', asked.length === 0 ? 'none' : quote(asked[0] ?? ''));
  }
  const root = path.replace(/(?<=.)[/]+$/, '');
  const folders = (await listFolder(root)).flatMap(({ name, isFolder }) => (isFolder ? [name] : []));
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
    const before = files.length;
    for await (const file of filesIn(`${root}/${folder}`, ends)) {
      files.push(file);
      labels.push(label);
    }
    if (files.length > before) continue;
    throw wrongValue(shorten(`${root}/${folder}`), plural, 'none', 'leave the class out');
  }
  return { y: Int32Array.from(labels), classes, files };
}

/** Folders within each other, from a class's on. */
const MOST_DEPTH = 16;

/** The files of a class, those of folders within among them. */
async function* filesIn(folder: string, ends: RegExp, depth = 1): AsyncGenerator<string> {
  if (depth > MOST_DEPTH) {
    const expected = `at most ${MOST_DEPTH} folders within each other`;
    throw wrongValue(shorten(folder), expected, 'more', 'remove links that lead back');
  }
  for (const { name, isFolder } of await listFolder(folder)) {
    const path = `${folder}/${name}`;
    if (isFolder) yield* filesIn(path, ends, depth + 1);
    else if (ends.test(name)) yield path;
  }
}
