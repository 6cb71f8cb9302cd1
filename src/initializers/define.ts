import { checkNumber, checkOptions } from '../errors.js';
import type { Random } from '../random.js';

/** An initializer's settings; all are numbers. */
export type Settings = Record<string, number>;

/** What a file of this folder says about its initializer. */
export interface Definition<S extends Settings> {
  /** Every setting with its default. */
  readonly defaults: S;
  /** Refuses settings that are finite numbers and yet make no sense. */
  check?(where: string, settings: S): void;
  /** Sets the parameter's first `values`, row-major of the given shape. */
  fill(values: Float32Array, settings: S, shape: readonly number[], random: Random): void;
}

/** An initializer as plain frozen data, such as `{ kind: 'constant', value: 0 }`. */
export type Config<K extends string, S extends Settings> = Readonly<{ kind: K } & S>;

/** The factory that users call, `constant({ value: 1 })`, with what the library needs of it. */
export interface InitializerKind<K extends string, S extends Settings> {
  (...options: keyof S extends never ? [] : [options?: Partial<S>]): Config<K, S>;
  /** The checked config for `options`, with errors that begin with `where`. */
  configure(where: string, options: object): Config<K, S>;
  fill: Definition<S>['fill'];
}

// Parameters are float32: a setting beyond it would become Infinity.
const FLOAT32_MAX = 3.4028234663852886e38;

/** Makes the factory of one kind of initializer. */
export function defineInitializer<K extends string, S extends Settings>(
  kind: K,
  { defaults, check, fill }: Definition<S>,
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
  return Object.assign((options: object = {}) => configure(kind, options), { configure, fill });
}
