/** Which known word a word of the user's means, if any. */

/** Longer words are no names. */
const LONGEST = 36;

/**
 * What other libraries call things, where another word of ours would be nearest; where it is none of ours there is no
 * second word.
 */
const ELSEWHERE: ReadonlyMap<string, string> = new Map(
  `swish:silu logistic:sigmoid identity:linear none:linear xavieruniform:glorotUniform xaviernormal:glorotNormal
  kaiminguniform:heUniform kaimingnormal:heNormal logloss:binaryCrossEntropy l1:meanAbsoluteError l2:meanSquaredError
  smoothl1:huber crossentropy: geglu: swiglu: softmin: softshrink: adamax: glu:
  bias:useBias nepochs:epochs numthreads:threads kernelinitializer:weightInitializer`
    .split(/\s+/)
    .map(pair => pair.split(':') as [string, string]),
);

/**
 * The candidate that `word` most likely means: another library's name for it, few edits away, or shortened, as `lr`,
 * `rate` and `learn` are of `learningRate`; undefined where none is close.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > LONGEST) return undefined;
  const short = plain(word);
  const meant = ELSEWHERE.get(short);
  if (meant !== undefined) return candidates.find(candidate => candidate === meant);
  let best: string | undefined;
  let fewest = Infinity;
  for (const candidate of candidates) {
    const long = plain(candidate);
    // Of two words that share less than three letters in five neither is a slip of the other.
    const most = Math.floor(Math.max(short.length, long.length) * 0.4);
    // Lengths and first letters first: they tell most words apart, and hardly anybody slips at the first letter.
    if (Math.abs(short.length - long.length) > most || !beginAlike(short, long)) continue;
    const edits = editDistance(short, long);
    if (edits <= most && edits < fewest) {
      fewest = edits;
      best = candidate;
    }
  }
  if (best !== undefined) return best;
  const longer = candidates.filter(candidate => abbreviates(short, candidate));
  return longer.find(candidate => plain(candidate).startsWith(short)) ?? longer[0];
}

/** Whether two words have one first letter, or their first two changed over. */
function beginAlike(a: string, b: string): boolean {
  return a[0] === b[0] || (a[0] === b[1] && a[1] === b[0]);
}

/** A word without what people write words apart with. */
function plain(word: string): string {
  return word.toLowerCase().replace(/[\s_-]/g, '');
}

/**
 * Whether `short` is the initials of `long`'s words, as `mse` of `meanSquaredError`, or four letters or more of it, or
 * its first three.
 */
function abbreviates(short: string, long: string): boolean {
  const initials = long.replace(/(?<=[\p{L}])\p{Ll}+/gu, '').toLowerCase();
  if (short.length > 1 && short === initials) return true;
  return (short.length > 3 && plain(long).includes(short)) || (short.length === 3 && plain(long).startsWith(short));
}

/**
 * How many letters are to be put in, left out, changed, or changed over with the next (Damerau's distance, each letter
 * once).
 */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let edits = Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1);
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) edits = Math.min(edits, (before[j - 2] ?? Infinity) + 1);
      current.push(edits);
    }
    before = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}
