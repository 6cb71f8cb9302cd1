/** Initializers: what a parameter's values are before training. Definitions and defaults are Keras's. */
import { checkChoice, wrongType } from '../errors.js';
import { hasKey } from '../kinds.js';
import * as kinds from './kinds.js';

export * from './kinds.js';

const registry = { ...kinds };

/** The name of an initializer: it stands for the one with default settings. */
export type InitializerName = keyof typeof registry;

/**
 * An initializer as plain frozen data, `{ kind: 'constant', value: 0 }`, as the factories make it and JSON holds it.
 */
export type InitializerConfig = ReturnType<(typeof registry)[InitializerName]>;

/** What a layer takes for an initializer: `'heNormal'` or `constant({ value: 1 })`. */
export type Initializer = InitializerName | InitializerConfig;

/** The names of all initializers. */
export const initializerNames = Object.keys(registry) as InitializerName[];

/**
 * The checked config for a name or a config. TypeError for another kind of thing or an unknown setting, RangeError for
 * an unknown name or an impossible setting; `where` begins the message.
 */
export function resolveInitializer(where: string, value: unknown): InitializerConfig {
  if (typeof value === 'string') return registry[checkChoice(where, value, initializerNames)].configure(where, {});
  if (!hasKey(value, 'kind')) {
    throw wrongType(where, "an initializer such as 'heNormal' or constant({ value: 1 })", value);
  }
  const { kind, ...options } = value;
  return registry[checkChoice(`${where}.kind`, kind, initializerNames)].configure(where, options);
}
