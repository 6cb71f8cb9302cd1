/**
 * Byte pair encoding: the most frequent neighbours become one token, over and over.
 *
 * Sources: P. Gage, “A New Algorithm for Data Compression”, 1994; R. Sennrich, B. Haddow and A. Birch, “Neural Machine
 * Translation of Rare Words with Subword Units”, 2016. Here neighbours count by what they give together, whatever the
 * two were, and a text is put together by the order of the tokens: the list of tokens is then all there is to keep.
 */

/**
 * The tokens of what is taken apart so far: of neighbours that make a token, those whose token is the earliest are
 * joined, from left to right, until none do.
 */
export function joinPairs(parts: Iterable<string>, ranks: ReadonlyMap<string, number>): string[] {
  const tokens = [...parts];
  const count = tokens.length;
  // The neighbours of what is left; what was joined to the one before it is ''.
  const before = Int32Array.from(tokens, (_, i) => i - 1);
  const behind = Int32Array.from(tokens, (_, i) => i + 1);
  const rankAt = (place: number) => {
    const next = behind[place] ?? count;
    return place < 0 || next >= count ? undefined : ranks.get(`${tokens[place]}${tokens[next]}`);
  };
  const joins = new Queue();
  const offer = (place: number) => {
    const rank = rankAt(place);
    if (rank !== undefined) joins.push(rank * count + place);
  };
  for (let place = 0; place < count; place++) offer(place);
  while (joins.size > 0) {
    const rank = Math.floor(joins.least / count);
    const joined: number[] = [];
    // What they make has other ranks: it waits until all of this one are joined.
    while (joins.size > 0 && Math.floor(joins.least / count) === rank) {
      const place = joins.take() % count;
      if (tokens[place] === '' || rankAt(place) !== rank) continue;
      const next = behind[place] ?? count;
      const after = behind[next] ?? count;
      tokens[place] = `${tokens[place]}${tokens[next]}`;
      tokens[next] = '';
      behind[place] = after;
      if (after < count) before[after] = place;
      joined.push(place);
    }
    for (const place of joined) {
      offer(place);
      offer(before[place] ?? -1);
    }
  }
  return tokens.filter(token => token !== '');
}

/** Numbers of which the least comes first: a binary heap. */
class Queue {
  readonly #heap: number[] = [];

  get size(): number {
    return this.#heap.length;
  }

  get least(): number {
    return this.#heap[0] ?? Infinity;
  }

  push(value: number): void {
    const heap = this.#heap;
    let at = heap.push(value) - 1;
    for (let above = (at - 1) >> 1; at > 0 && (heap[above] ?? 0) > value; above = (at - 1) >> 1) {
      heap[at] = heap[above] ?? 0;
      at = above;
    }
    heap[at] = value;
  }

  /** Takes the least out. */
  take(): number {
    const heap = this.#heap;
    const { least } = this;
    const last = heap.pop() ?? 0;
    if (heap.length === 0) return least;
    let at = 0;
    for (let below = 1; below < heap.length; below = 2 * at + 1) {
      if ((heap[below + 1] ?? Infinity) < (heap[below] ?? 0)) below++;
      const value = heap[below] ?? 0;
      if (value >= last) break;
      heap[at] = value;
      at = below;
    }
    heap[at] = last;
    return least;
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
  /** What each piece is by now: a new token is the last of all, so that what was joined before stays. */
  const taken = new Map<string, readonly string[]>();
  const count = (piece: string, sign: 1 | -1) => {
    const tokens = taken.get(piece) ?? [];
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
  const join = (piece: string, parts: Iterable<string>) => {
    taken.set(piece, joinPairs(parts, ranks));
    count(piece, 1);
  };
  for (const piece of pieces.keys()) join(piece, piece);
  const found: string[] = [];
  while (found.length < most) {
    const best = mostFrequent(counts);
    if (best === undefined) break;
    const changed = [...(holders.get(best) ?? [])];
    for (const piece of changed) count(piece, -1);
    ranks.set(best, ranks.size);
    for (const piece of changed) join(piece, taken.get(piece) ?? []);
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
