/**
 * Byte pair encoding: the most frequent neighbours become one token, over and over.
 *
 * Sources: P. Gage, “A New Algorithm for Data Compression”, 1994; R. Sennrich, B. Haddow and A. Birch, “Neural Machine
 * Translation of Rare Words with Subword Units”, 2016. Here neighbours count by what they give together, whatever the
 * two were, and a text is put together by the order of the tokens: the list of tokens is then all there is to keep.
 */

/**
 * The tokens of a piece: of neighbours that make a token, those whose token is the earliest are joined, until none do.
 */
export function joinPairs(piece: string, ranks: ReadonlyMap<string, number>): string[] {
  let tokens = [...piece];
  for (;;) {
    let best: string | undefined;
    let bestRank = Infinity;
    for (let i = 1; i < tokens.length; i++) {
      const pair = `${tokens[i - 1]}${tokens[i]}`;
      const rank = ranks.get(pair) ?? Infinity;
      if (rank < bestRank) [best, bestRank] = [pair, rank];
    }
    if (best === undefined) return tokens;
    const joined: string[] = [];
    for (let i = 0; i < tokens.length; i++) {
      const pair = `${tokens[i]}${tokens[i + 1] ?? ''}`;
      const joins = i + 1 < tokens.length && pair === best;
      joined.push(joins ? pair : `${tokens[i]}`);
      if (joins) i++;
    }
    tokens = joined;
  }
}

/** Neighbours that stand together this often or more become a token. */
const LEAST = 2;

/** So many tokens besides `known` ones, single bytes; `pieces` are counted. In the order in which they were made. */
export function findPairs(pieces: ReadonlyMap<string, number>, known: readonly string[], most: number): string[] {
  const ranks = new Map(known.map((token, rank) => [token, rank]));
  const counts = new Map<string, number>();
  /** The pieces in which neighbours give a pair, or did. */
  const holders = new Map<string, Set<string>>();
  const count = (piece: string, sign: 1 | -1) => {
    const tokens = joinPairs(piece, ranks);
    for (let i = 1; i < tokens.length; i++) {
      const [left = '', right = ''] = [tokens[i - 1], tokens[i]];
      // What is unknown stays so.
      if (!ranks.has(left) || !ranks.has(right)) continue;
      const pair = left + right;
      counts.set(pair, (counts.get(pair) ?? 0) + sign * (pieces.get(piece) ?? 0));
      const own = holders.get(pair);
      if (own) own.add(piece);
      else holders.set(pair, new Set([piece]));
    }
  };
  for (const piece of pieces.keys()) count(piece, 1);
  const found: string[] = [];
  while (found.length < most) {
    const best = mostFrequent(counts);
    if (best === undefined) break;
    const changed = [...(holders.get(best) ?? [])];
    for (const piece of changed) count(piece, -1);
    ranks.set(best, ranks.size);
    for (const piece of changed) count(piece, 1);
    counts.delete(best);
    holders.delete(best);
    found.push(best);
  }
  return found;
}

/** Of equally frequent ones the first in the order of code units. */
function mostFrequent(counts: ReadonlyMap<string, number>): string | undefined {
  let [best, most]: [string | undefined, number] = [undefined, LEAST - 1];
  for (const [pair, count] of counts) {
    if (count > most || (count === most && best !== undefined && pair < best)) [best, most] = [pair, count];
  }
  return best;
}
