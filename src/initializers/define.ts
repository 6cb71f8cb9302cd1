import { checkNumber, checkOptions } from '../errors.js';
import type { Random } from '../random.js';

/** An initializer's settings; all are numbers. */
export type Settings = Record<string, number>;

/** An initializer as plain frozen data, such as `{ kind: 'constant', value: 0 }`. */
export type Config<K extends string, S extends Settings> = Readonly<{ kind: K } & S>;

/** The factory that users call, `constant({ value: 1 })`, with what layers need of it. */
export interface InitializerKind<K extends string, S extends Settings> {
  (...options: keyof S extends never ? [] : [options?: Partial<S>]): Config<K, S>;
  /** The checked config for `options`, with errors that begin with `where`. */
  configure(where: string, options: object): Config<K, S>;
}

/** Sets a parameter's first `values`, row-major of the given shape. */
export type Fill<S> = (values: Float32Array, settings: S, shape: readonly number[], random: Random) => void;

// Parameters are float32: a setting beyond it would become Infinity.
const FLOAT32_MAX = 3.4028234663852886e38;

/**
 * Makes the factory of one kind of initializer, from every setting with its default and a check that refuses finite
 * numbers which make no sense.
 */
export function defineInitializer<K extends string, S extends Settings>(
  kind: K,
  defaults: S,
  check?: (where: string, settings: S) => void,
): InitializerKind<K, S> {
  function configure(where: string, options: object): Config<K, S> {
    checkOptions(where, options, Object.keys(defaults));
    const given: Settings = {};
    for (const [name, value] of Object.entries(options)) {
      if (value === undefined) continue;
      given[name] = checkNumber(`${where}.${name}`, value, { min: -FLOAT32_MAX, max: FLOAT32_MAX });
    }
    const settings: S = { ...defaults, ...given };
    check?.(where, settings);
    return Object.freeze({ kind, ...settings });
  }
  return Object.assign((options: object = {}) => configure(kind, options), { configure });
}
