/** What travels as JSON: data alone, the same when it is read again. */
import { describe, shorten, wrongKind, wrongValue } from '../errors.js';
import { isList, kindOf } from '../kinds.js';

/** Refuses what JSON would lose, such as functions, and gives a copy of the rest without what is undefined. */
export function plainData(where: string, value: unknown): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value;
    throw wrongValue(where, 'a finite number', value);
  }
  if (isList(value)) return Array.from(value, (each, index) => plainData(`${where}[${index}]`, each));
  if (kindOf(value) === 'Object') {
    const given = Object.entries(value as object).filter(([, each]) => each !== undefined);
    return Object.fromEntries(given.map(([key, each]) => [key, plainData(`${where}.${shorten(key)}`, each)]));
  }
  const mend =
    typeof value === 'function' ? 'workers are sent no functions: take a schedule, such as cosineDecay' : undefined;
  throw wrongKind(where, 'plain data, which can travel as JSON', describe(value), mend);
}

/** The first place where two plain values differ, with what stands there in each; undefined where they are alike. */
export function difference(a: unknown, b: unknown, path = ''): { path: string; a: unknown; b: unknown } | undefined {
  const [isDeepA, isDeepB] = [isDeep(a), isDeep(b)];
  if (!isDeepA || !isDeepB || isList(a) !== isList(b)) return a === b ? undefined : { path, a, b };
  const [left, right] = [a, b] as Record<string, unknown>[];
  for (const key of new Set([...Object.keys(left ?? {}), ...Object.keys(right ?? {})])) {
    const found = difference(left?.[key], right?.[key], path === '' ? key : `${path}.${key}`);
    if (found) return found;
  }
  return undefined;
}

function isDeep(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
