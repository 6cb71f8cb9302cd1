/**
 * Byte pair encoding: the most frequent neighbours become one token, over and over.
 *
 * Sources: P. Gage, “A New Algorithm for Data Compression”, 1994; R. Sennrich, B. Haddow and A. Birch, “Neural Machine
 * Translation of Rare Words with Subword Units”, 2016. Here neighbours count by what they give together, whatever the
 * two were, and a text is put together by the order of the tokens: the list of tokens is then all there is to keep.
 *
 * Tokens are numbers here, their places in that list, so that a text of millions of bytes is no list of as many texts.
 */

/** What bytes are that are no tokens, and places whose token was joined to the one before. */
const UNKNOWN = -1;
const GONE = -2;

/** Two tokens' numbers in one. */
const keyOf = (left: number, right: number) => left * 2 ** 26 + right;

/** Pairs of tokens that are remembered while texts are put together. */
const MOST_MET = 2 ** 20;

/** Puts texts together by a list of tokens, of which each character is a byte. */
export class BytePairs {
  readonly #tokens: readonly string[];
  readonly #ranks: ReadonlyMap<string, number>;
  /** The tokens that pairs make, and UNKNOWN of those that make none. */
  readonly #met = new Map<number, number>();

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
    this.#ranks = new Map(tokens.map((token, rank) => [token, rank]));
  }

  /**
   * The places among the tokens of what pieces are made of, −1 for bytes that are none: of neighbours that make a token
   * those whose token is the earliest are joined, from left to right, until none do.
   */
  split(pieces: readonly string[]): Int32Array {
    const chain = new Chain(pieces, this.#tokens, (left, right) => this.#rankOf(left, right));
    for (let place = 0; place < chain.length; place++) chain.offer(place);
    chain.join();
    return chain.tokens.filter(token => token !== GONE);
  }

  #rankOf(left: number, right: number): number {
    const key = keyOf(left, right);
    const known = this.#met.get(key);
    if (known !== undefined) return known;
    const rank = this.#ranks.get(`${this.#tokens[left]}${this.#tokens[right]}`) ?? UNKNOWN;
    if (this.#met.size >= MOST_MET) this.#met.clear();
    this.#met.set(key, rank);
    return rank;
  }
}

/** Neighbours that stand together this often or more become a token. */
const LEAST = 2;

/** What some neighbours give together, in learning. */
interface Pair {
  readonly text: string;
  /** How often it stands there. */
  count: number;
  /** Where it does, or did. */
  readonly places: number[];
  /** Its place among the tokens, once it is one. */
  rank: number;
}

/**
 * So many tokens besides `known` ones, which are all bytes of the `pieces`; these are counted. In the order in which
 * they were made; of equally frequent neighbours the first in the order of code units.
 */
export function findPairs(pieces: ReadonlyMap<string, number>, known: readonly string[], most: number): string[] {
  const tokens = [...known];
  const pairs = new Map<string, Pair>();
  const met = new Map<number, Pair>();
  const pairOf = (left: number, right: number): Pair => {
    const key = keyOf(left, right);
    const own = met.get(key);
    if (own) return own;
    const text = `${tokens[left]}${tokens[right]}`;
    const pair = pairs.get(text) ?? { text, count: 0, places: [], rank: UNKNOWN };
    pairs.set(text, pair);
    met.set(key, pair);
    return pair;
  };
  const chain = new Chain([...pieces.keys()], known, (left, right) => pairOf(left, right).rank);
  const weights = new Float64Array(chain.length);
  let end = 0;
  for (const [piece, count] of pieces) {
    weights.fill(count, end, end + piece.length);
    end += piece.length;
  }
  const risen = new Set<Pair>();
  const count = (place: number, left: number, right: number, sign: 1 | -1) => {
    const pair = pairOf(left, right);
    if (pair.rank >= 0) return;
    pair.count += sign * (weights[place] ?? 0);
    if (sign < 0) return;
    pair.places.push(place);
    risen.add(pair);
  };
  chain.countAll(count);
  const frequent = new Queue<readonly [pair: Pair, count: number]>(
    ([a, m], [b, n]) => m > n || (m === n && a.text < b.text),
  );
  while (tokens.length - known.length < most) {
    for (const pair of risen) frequent.push([pair, pair.count]);
    risen.clear();
    const next = frequent.take();
    if (next === undefined || next[1] < LEAST) break;
    const [pair, told] = next;
    if (pair.count !== told || pair.rank >= 0) {
      // It has become rarer since, or is told of again.
      if (pair.rank < 0 && pair.count < told) frequent.push([pair, pair.count]);
      continue;
    }
    pair.rank = tokens.push(pair.text) - 1;
    for (const place of pair.places.splice(0)) chain.offer(place);
    chain.join(count);
  }
  return tokens.slice(known.length);
}

/** Is told of neighbours that there are no longer, or are now, and the place of the first. */
type Counter = (place: number, left: number, right: number, sign: 1 | -1) => void;

/** Pieces one behind the other, taken apart into bytes, of which neighbours within a piece are joined. */
class Chain {
  /** At its first byte's place each token, and GONE at its others. */
  readonly tokens: Int32Array;
  readonly length: number;
  readonly #rankOf: (left: number, right: number) => number;
  /** The places of a token's neighbours; −1 at the ends of a piece. */
  readonly #before: Int32Array;
  readonly #behind: Int32Array;
  /** Where neighbours may make a token, by its rank, and those ranks. */
  readonly #offered = new Map<number, number[]>();
  readonly #ranks = new Queue<number>((a, b) => a < b);

  /** `rankOf` gives the token that two make, or less than 0. */
  constructor(pieces: readonly string[], tokens: readonly string[], rankOf: (left: number, right: number) => number) {
    this.#rankOf = rankOf;
    const bytes = new Int32Array(256).fill(UNKNOWN);
    for (const [rank, token] of tokens.entries()) if (token.length === 1) bytes[token.charCodeAt(0)] = rank;
    this.length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    this.tokens = new Int32Array(this.length);
    this.#before = new Int32Array(this.length);
    this.#behind = new Int32Array(this.length);
    let place = 0;
    for (const piece of pieces) {
      for (let i = 0; i < piece.length; i++, place++) {
        this.tokens[place] = bytes[piece.charCodeAt(i)] ?? UNKNOWN;
        this.#before[place] = i === 0 ? -1 : place - 1;
        this.#behind[place] = i === piece.length - 1 ? -1 : place + 1;
      }
    }
  }

  /** Tells of all neighbours that there are. */
  countAll(count: Counter): void {
    for (let place = 0; place < this.length; place++) this.#tell(count, place, 1);
  }

  /** Has what begins at this place joined, where it makes a token. */
  offer(place: number): void {
    const rank = this.#rankAt(place);
    if (rank < 0) return;
    const own = this.#offered.get(rank);
    if (own) own.push(place);
    else {
      this.#offered.set(rank, [place]);
      this.#ranks.push(rank);
    }
  }

  /** Joins what was offered, and what that makes. */
  join(count?: Counter): void {
    const { tokens } = this;
    const [before, behind] = [this.#before, this.#behind];
    for (let rank = this.#ranks.take(); rank !== undefined; rank = this.#ranks.take()) {
      const places = Int32Array.from(this.#offered.get(rank) ?? []).sort();
      this.#offered.delete(rank);
      let joined = 0;
      for (const place of places) {
        if (this.#rankAt(place) !== rank) continue;
        const [last = -1, next = -1] = [before[place], behind[place]];
        const after = behind[next] ?? -1;
        if (count) for (const changed of [last, place, next]) this.#tell(count, changed, -1);
        tokens[place] = rank;
        tokens[next] = GONE;
        behind[place] = after;
        if (after >= 0) before[after] = place;
        if (count) for (const changed of [last, place]) this.#tell(count, changed, 1);
        places[joined++] = place;
      }
      // What they make has other ranks, and so waits until all of this one are joined.
      for (const place of places.subarray(0, joined)) {
        this.offer(place);
        this.offer(before[place] ?? -1);
      }
    }
  }

  #rankAt(place: number): number {
    const [left = GONE, right = GONE] = [this.tokens[place], this.tokens[this.#behind[place] ?? -1]];
    return left < 0 || right < 0 ? UNKNOWN : this.#rankOf(left, right);
  }

  #tell(count: Counter, place: number, sign: 1 | -1): void {
    const [left = GONE, right = GONE] = [this.tokens[place], this.tokens[this.#behind[place] ?? -1]];
    if (left >= 0 && right >= 0) count(place, left, right, sign);
  }
}

/** What comes first of all that was pushed is taken first: a binary heap. */
class Queue<T> {
  readonly #heap: T[] = [];
  readonly #isBefore: (a: T, b: T) => boolean;

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
  }

  push(value: T): void {
    const heap = this.#heap;
    let at = heap.push(value) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const other = heap[above] as T;
      if (!this.#isBefore(value, other)) break;
      heap[at] = other;
      at = above;
    }
    heap[at] = value;
  }

  take(): T | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (let below = 1; below < heap.length; below = 2 * at + 1) {
      const right = below + 1;
      if (right < heap.length && this.#isBefore(heap[right] as T, heap[below] as T)) below = right;
      const value = heap[below] as T;
      if (!this.#isBefore(value, last)) break;
      heap[at] = value;
      at = below;
    }
    heap[at] = last;
    return first;
  }
}
