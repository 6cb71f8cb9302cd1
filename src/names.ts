/** Records by the names of a network's inputs or outputs, where those have names. */
import { listed, quote, suggestion, wrongKind, wrongType } from './errors.js';
import { isHollow, kindOf } from './kinds.js';

/** One for a network whose end has no name; where ends have names, a record by those. */
export type ByName<T> = T | Readonly<Record<string, T>>;

/** Refuses all but a record whose keys are all among the names; gives each name's value, in order. */
export function valuesByName(where: string, what: string, value: unknown, names: readonly string[]): unknown[] {
  if (kindOf(value) !== 'Object' || isHollow(value)) {
    throw wrongType(where, `an object by the ${what}s' names: { ${listed(names, name => `${name}: …`)} }`, value);
  }
  const record = value as Readonly<Record<string, unknown>>;
  for (const key in record) {
    if (!names.includes(key)) throw wrongKind(where, `names of ${what}s only`, quote(key), suggestion(key, names));
  }
  // Not what every object has: an output may be called toString.
  return names.map(name => (Object.hasOwn(record, name) ? record[name] : undefined));
}

/** {@link valuesByName}, none of which may be missing. */
export function allByName(where: string, what: string, value: unknown, names: readonly string[]): unknown[] {
  const values = valuesByName(where, what, value, names);
  const missing = names[values.indexOf(undefined)];
  if (missing !== undefined) throw wrongKind(where, `one for each ${what}`, `none for ${quote(missing)}`);
  return values;
}

/** What something is called of an end: `loss`, or where it has a name `kind.loss`. */
export function ofEnd(name: string | undefined, what: string): string {
  return name === undefined ? what : `${name}.${what}`;
}
