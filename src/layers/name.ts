import { describe, wrongType, wrongValue } from '../errors.js';

/** A layer's own name: letters, digits, `_`, `-` and `.`, so that it reads well in files. */
export function checkName(where: string, name: unknown): string {
  if (typeof name !== 'string') throw wrongType(`${where}: name`, 'a string', name);
  if (!/^[\w.-]+$/.test(name)) {
    throw wrongValue(`${where}: name`, 'letters, digits, _, - and . only', describe(name));
  }
  return name;
}
