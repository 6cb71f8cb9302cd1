/** What a search may choose among. */
import { checkInteger, checkNumber, quote, wrongType, wrongValue } from '../errors.js';
import { hasKey, kindOf } from '../kinds.js';
import type { Random } from '../random.js';

export type Range<T = unknown> =
  | { readonly kind: 'choice'; readonly values: readonly T[] }
  | { readonly kind: 'uniform' | 'logUniform' | 'integer'; readonly from: number; readonly to: number };

/** One of some values. */
export function choice<T>(...values: T[]): { readonly kind: 'choice'; readonly values: readonly T[] } {
  if (values.length === 0) throw wrongValue('choice', 'at least one value', 'none');
  return Object.freeze({ kind: 'choice', values: Object.freeze(values) });
}

function range<K extends 'uniform' | 'logUniform' | 'integer'>(kind: K, from: number, to: number) {
  checkNumber(`${kind}: from`, from, kind === 'logUniform' ? { above: 0 } : {});
  checkNumber(`${kind}: to`, to, { min: from });
  return Object.freeze({ kind, from, to });
}

/** A number between two, all of them as likely. */
export function uniform(from: number, to: number) {
  return range('uniform', from, to);
}

/** A number between two above 0, all magnitudes as likely: for rates and penalties. */
export function logUniform(from: number, to: number) {
  return range('logUniform', from, to);
}

/** A whole number from one to another, both among them. */
export function integer(from: number, to: number) {
  checkInteger('integer: from', from, -(2 ** 31), 2 ** 31);
  checkInteger('integer: to', to, from, 2 ** 31);
  return range('integer', from, to);
}

export type Space = Readonly<Record<string, Range>>;

/** Values drawn from a space. */
export type Settings<S extends Space> = {
  readonly [K in keyof S]: S[K] extends { kind: 'choice'; values: readonly (infer T)[] } ? T : number;
};

export function checkSpace(where: string, space: unknown): Space {
  if (kindOf(space) !== 'Object') throw wrongType(where, 'an object such as { units: choice(16, 32) }', space);
  const kinds = ['choice', 'uniform', 'logUniform', 'integer'];
  for (const [name, own] of Object.entries(space as object)) {
    if (hasKey(own, 'kind') && kinds.includes(own.kind as string)) continue;
    throw wrongType(`${where}: ${quote(name)}`, 'choice(…), uniform(…), logUniform(…) or integer(…)', own);
  }
  if (Object.keys(space as object).length === 0) throw wrongValue(where, 'at least one setting', 'none');
  return space as Space;
}

/** One point of a space, its settings drawn in their order. */
export function draw(space: Space, random: Random): Record<string, unknown> {
  const one = (own: Range): unknown => {
    if (own.kind === 'choice') return own.values[random.below(own.values.length)];
    const { kind, from, to } = own;
    if (kind === 'integer') return from + random.below(to - from + 1);
    if (kind === 'uniform') return from + random.uniform() * (to - from);
    return Math.min(Math.max(from * (to / from) ** random.uniform(), from), to);
  };
  return Object.fromEntries(Object.entries(space).map(([name, own]) => [name, one(own)]));
}

/** Every point of a space of choices and whole numbers, the last setting changing fastest. */
export function grid(where: string, space: Space): Record<string, unknown>[] {
  let points: Record<string, unknown>[] = [{}];
  for (const [name, own] of Object.entries(space)) {
    if (own.kind === 'uniform' || own.kind === 'logUniform') {
      throw wrongValue(`${where}: ${quote(name)}`, 'choice(…) or integer(…) in a grid', `${own.kind}(…)`);
    }
    const values =
      own.kind === 'choice' ? own.values : Array.from({ length: own.to - own.from + 1 }, (_, i) => own.from + i);
    points = points.flatMap(point => values.map(value => ({ ...point, [name]: value })));
  }
  return points;
}
