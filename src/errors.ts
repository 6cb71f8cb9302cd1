/**
 * The one voice of every error: where, expected, got, how to mend.
 *
 * `TypeError` is for the wrong kind of thing, `RangeError` for the wrong value of the right kind.
 */
function sentence(where: string, expected: string, got: string, mend?: string): string {
  return `${where}: expected ${expected}, got ${got}${mend === undefined ? '' : `; ${mend}`}`;
}

/** The wrong kind of thing was given: `got` itself. */
export function wrongType(where: string, expected: string, got: unknown, mend?: string): TypeError {
  return wrongKind(where, expected, describe(got), mend);
}

/** The same, with what was given in words. */
export function wrongKind(where: string, expected: string, got: string, mend?: string): TypeError {
  return new TypeError(sentence(where, expected, got, mend));
}

/** The right kind of thing with the wrong value was given. */
export function wrongValue(where: string, expected: string, got: string | number, mend?: string): RangeError {
  return new RangeError(sentence(where, expected, String(got), mend));
}

/** A few words for any value, for the «got» of a message. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (value instanceof ArrayBuffer) return `an ArrayBuffer of ${value.byteLength} bytes`;
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name} of ${value.byteLength} bytes`;
  if (typeof value === 'function') return 'a function';
  return `an object with keys [${Object.keys(value).join(', ')}]`;
}

/** The candidate with the fewest edits from `word`, or else the first that it abbreviates, as `lr` does `learningRate`; undefined where none is close. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let fewest = Math.max(2, Math.ceil(word.length / 2)) + 1;
  for (const candidate of candidates) {
    const edits = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (edits < fewest) {
      fewest = edits;
      best = candidate;
    }
  }
  return best ?? candidates.find(candidate => abbreviates(word.toLowerCase(), candidate.toLowerCase()));
}

/** Whether `short` is some letters of `long`, the first among them, in their order. */
function abbreviates(short: string, long: string): boolean {
  let at = 0;
  for (const letter of long) if (letter === short[at]) at++;
  return short.length > 1 && short[0] === long[0] && at === short.length;
}

/** Levenshtein's distance: insertions, deletions and substitutions from `a` to `b`. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** «; did you mean 'x'?» or the list of what is known. */
function suggestion(word: string, known: readonly string[]): string {
  const close = nearest(word, known);
  return close === undefined ? `known: ${known.join(', ')}` : `did you mean '${close}'?`;
}

/** Refuses anything but an object whose keys are all among `known`. */
export function checkOptions(where: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw wrongType(where, `an object with options among [${known.join(', ')}]`, options);
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      const mend = known.length === 0 ? 'it takes none' : suggestion(key, known);
      throw wrongKind(where, 'known options only', `'${key}'`, mend);
    }
  }
}

/** Refuses a word that is not among `known`, and names the nearest. */
export function checkChoice<T extends string>(where: string, word: unknown, known: readonly T[]): T {
  if (typeof word !== 'string') throw wrongType(where, `one of ${known.join(', ')}`, word);
  const found = known.find(candidate => candidate === word);
  if (found === undefined) throw wrongValue(where, 'a known name', `'${word}'`, suggestion(word, known));
  return found;
}

/** Refuses all but numbers that are finite in float32 and within the bounds there, where they are used. */
export function checkNumber(
  where: string,
  value: unknown,
  bounds: { min?: number; max?: number; above?: number; below?: number } = {},
): number {
  const parts: string[] = [];
  if (bounds.min !== undefined) parts.push(`>= ${bounds.min}`);
  if (bounds.above !== undefined) parts.push(`> ${bounds.above}`);
  if (bounds.max !== undefined) parts.push(`<= ${bounds.max}`);
  if (bounds.below !== undefined) parts.push(`< ${bounds.below}`);
  const expected = `a finite number ${parts.join(' and ')}`.trim();
  if (typeof value !== 'number') throw wrongType(where, expected, value);
  const rounded = Math.fround(value);
  const inside =
    Number.isFinite(rounded) &&
    value >= (bounds.min ?? -Infinity) &&
    value <= (bounds.max ?? Infinity) &&
    rounded > (bounds.above ?? -Infinity) &&
    rounded < (bounds.below ?? Infinity);
  if (!inside) throw wrongValue(where, expected, value);
  return value;
}

/** Refuses all but whole numbers from `min` to `max`. */
export function checkInteger(
  where: string,
  value: unknown,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): number {
  const expected =
    max === Number.MAX_SAFE_INTEGER ? `a whole number >= ${min}` : `a whole number from ${min} to ${max}`;
  if (typeof value !== 'number') throw wrongType(where, expected, value);
  if (!Number.isInteger(value) || value < min || value > max) throw wrongValue(where, expected, value);
  return value;
}

/** Refuses all but true and false. */
export function checkBoolean(where: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw wrongType(where, 'true or false', value);
  return value;
}
