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

/** Points that a search takes at most. */
export const MOST_POINTS = 1e6;

/** The points of a space of choices and whole numbers, the last setting changing fastest; the first `most`, or all. */
export function grid(where: string, space: Space, most?: number): Record<string, unknown>[] {
  const axes = Object.entries(space).map(([name, own]) => {
    if (own.kind === 'uniform' || own.kind === 'logUniform') {
      throw wrongValue(`${where}: ${quote(name)}`, 'choice(…) or integer(…) in a grid', `${own.kind}(…)`);
    }
    if (own.kind === 'choice') return { name, count: own.values.length, at: (i: number) => own.values[i] };
    return { name, count: own.to - own.from + 1, at: (i: number): unknown => own.from + i };
  });
  const all = axes.reduce((product, { count }) => product * count, 1);
  if (most === undefined && all > MOST_POINTS) {
    throw wrongValue(`${where}: space`, `a grid of at most ${MOST_POINTS} points`, String(all), 'say how many: trials');
  }
  return Array.from({ length: Math.min(all, most ?? all) }, (_, point) => {
    let rest = point;
    const places = axes.toReversed().map(({ name, count, at }) => {
      const place = rest % count;
      rest = Math.floor(rest / count);
      return [name, at(place)] as const;
    });
    return Object.fromEntries(places.reverse());
  });
}
