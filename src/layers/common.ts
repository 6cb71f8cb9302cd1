/** What all layers with parameters take. */
import { checkBoolean, checkNumber, describe, wrongType, wrongValue } from '../errors.js';

export interface CommonOptions {
  /** Whether it learns; true by default. One that does not has no gradient, and nothing of the optimiser's. */
  readonly trainable?: boolean;
  /** What the learning rate of its parameters is multiplied by; 1 by default. */
  readonly learningRateFactor?: number;
  /** In place of `${index}.${kind}`. */
  readonly name?: string;
}

export const commonNames = ['trainable', 'learningRateFactor', 'name'] as const;

/**
 * The same, checked, of a layer as plain data; what is as always is left out, as in files from before it could be told.
 */
export interface Common {
  readonly trainable?: false;
  readonly learningRateFactor?: number;
  readonly name?: string;
}

export function checkCommon(where: string, options: CommonOptions): Common {
  const { trainable = true, learningRateFactor = 1, name } = options;
  const learns = checkBoolean(`${where}: trainable`, trainable);
  const factor = checkNumber(`${where}: learningRateFactor`, learningRateFactor, { min: 0 });
  return {
    ...(learns ? {} : { trainable: false }),
    ...(factor === 1 ? {} : { learningRateFactor: factor }),
    ...(name === undefined ? {} : { name: checkName(where, name) }),
  };
}

/** A layer's own name: letters and digits of any script, `_`, `-` and `.`, so that it reads well in files. */
function checkName(where: string, name: unknown): string {
  if (typeof name !== 'string') throw wrongType(`${where}: name`, 'a string', name);
  if (!/^[\p{L}\p{M}\p{N}_.-]+$/u.test(name)) {
    throw wrongValue(`${where}: name`, 'letters, digits, _, - and . only', describe(name));
  }
  return name;
}
