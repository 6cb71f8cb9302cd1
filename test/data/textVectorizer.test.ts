/** Texts as whole numbers, beside a naive reference of byte pair encoding and what Unicode says of its characters. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { piecesOf, textOfBytes, wordsOf } from '../../src/data/words.js';
import { TextVectorizer, type TextVectorizerOptions, textVectorizer } from '../../src/entries/data.js';
import { adam, dense, embedding, globalAveragePool1d, Model, sequential } from '../../src/entries/node.js';
import { numbers } from '../reference/data.js';

const modes = ['words', 'characters', 'bytePairs'] as const;
const options = (given: Partial<TextVectorizerOptions> = {}) => ({ vocabulary: 1000, length: 8, ...given });
const texts = ['The cat sat.', 'the CAT ran!', 'a dog'];

describe('words', () => {
  it('gives padding and what is unknown places of their own, and words by their frequency', () => {
    const own = textVectorizer(options({ length: 4 })).fit(texts);
    expect(own.tokens).toEqual(['cat', 'the', 'a', 'dog', 'ran', 'sat']);
    expect(own.size).toBe(8);
    expect(own.vectorize(['the bird sat', 'dog a dog a dog'])).toEqual({
      x: Int32Array.of(3, 1, 7, 0, 5, 4, 5, 4),
      lengths: Int32Array.of(3, 4),
    });
    expect(own.decode(own.vectorize(['the bird sat']).x)).toBe('the \ufffd sat');
  });

  it('keeps as many as the vocabulary has places for', () => {
    const own = textVectorizer(options({ vocabulary: 4 })).fit(texts);
    expect(own.tokens).toEqual(['cat', 'the']);
    expect([...own.encode('the cat ran')]).toEqual([3, 2, 1]);
  });

  it.each([
    ['compatible forms are one (NFKC), and so are cases', 'ﬁne FINE ｆｉｎｅ', ['fine', 'fine', 'fine']],
    ['letters with their marks, however they are written', 'Cafe\u0301 café', ['café', 'café']],
    ['apostrophes within words', "don’t don't 'quoted'", ["don't", "don't", 'quoted']],
    ['digits are of words', 'B2B 3.5', ['b2b', '3', '5']],
    ['marks that vowels are stay with their letters', 'हिन्दी भाषा', ['हिन्दी', 'भाषा']],
    ['right to left', 'שלום עולם', ['שלום', 'עולם']],
    ['no blanks between words', '我爱机器 learning', ['我', '爱', '机', '器', 'learning']],
    ['beyond the first plane', '𝐀𠮷 😀x', ['a', '𠮷', 'x']],
  ])('%s', (_, text, words) => {
    const own = textVectorizer(options()).fit([text]);
    expect([...own.encode(text)].map(place => own.tokens[place - 2])).toEqual(words);
  });
});

describe('characters', () => {
  it('are code points, composed', () => {
    const own = textVectorizer(options({ mode: 'characters' })).fit(['e\u0301a 😀a']);
    expect(own.tokens).toEqual(['a', ' ', 'é', '😀']);
    expect(own.decode(own.encode('😀 éa'))).toBe('😀 éa');
    expect(own.decode(own.encode('bé'))).toBe('\ufffdé');
  });
});

/** How texts are cut, as regular expressions say it; what is half of a character apart. */
const unspaced = ['Han', 'Hiragana', 'Katakana', 'Thai', 'Lao', 'Khmer', 'Myanmar']
  .map(name => `\\p{sc=${name}}`)
  .join('');
const letter = `(?![${unspaced}])[\\p{L}\\p{N}\\p{M}]`;
const word = new RegExp(`[${unspaced}]\\p{M}*|(?:${letter})+(?:'(?:${letter})+)*`, 'gu');
const piece = / ?[\p{L}\p{M}]+| ?\p{N}+| ?[^\s\p{L}\p{M}\p{N}]+|\s+/gu;
const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ' ',
        '  ',
        "'",
        '’',
        '\n',
        '3',
        'a',
        'Ab',
        '\u0301',
        '我',
        'ト',
        'ー',
        'ไ',
        'ที่',
        '。',
        '\ud800',
        '😀',
        '½',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
    { maxLength: 30 },
  )
  .map(parts => parts.join(''));

it('cuts texts as regular expressions say', () => {
  fc.assert(
    fc.property(anyText, text => {
      const lower = text.normalize('NFKC').replaceAll('’', "'").toLowerCase();
      expect(wordsOf(text)).toEqual(lower.match(word) ?? []);
      const composed = text.normalize('NFC').replace(/\p{Cs}/gu, '\ufffd');
      expect(piecesOf(text).map(textOfBytes)).toEqual(composed.match(piece) ?? []);
    }),
    { numRuns: 1000 },
  );
});

it('takes words of millions of letters, of which a regular expression runs out of room', () => {
  const long = 'ab'.repeat(8_000_000);
  expect([...textVectorizer(options()).fit(['b']).encode(long)]).toEqual([1]);
  expect(piecesOf(long)).toEqual([long]);
});

/** A piece by its definition: all neighbours are looked at anew after each join. */
function naiveJoin(piece: string, tokens: readonly string[]): string[] {
  let parts = [...piece];
  for (;;) {
    const pairs = parts.slice(1).map((part, i) => `${parts[i]}${part}`);
    const best = tokens.find(token => pairs.includes(token));
    if (best === undefined) return parts;
    const next: string[] = [];
    while (parts.length > 0) {
      const [a = '', b] = parts;
      const joins = b !== undefined && a + b === best;
      next.push(joins ? best : a);
      parts = parts.slice(joins ? 2 : 1);
    }
    parts = next;
  }
}

/** Byte pair encoding by its definition: all pairs are counted anew for every token. */
function naivePairs(pieces: string[], most: number): string[] {
  const tokens: string[] = [];
  while (tokens.length < most) {
    const counts: Record<string, number> = {};
    for (const piece of pieces) {
      const parts = naiveJoin(piece, tokens);
      for (const [i, part] of parts.slice(1).entries()) {
        counts[`${parts[i]}${part}`] = (counts[`${parts[i]}${part}`] ?? 0) + 1;
      }
    }
    const largest = Math.max(...Object.values(counts));
    if (!(largest >= 2)) break;
    const [best = ''] = Object.keys(counts)
      .filter(pair => counts[pair] === largest)
      .sort();
    tokens.push(best);
  }
  return tokens;
}

describe('byte pairs', () => {
  const pairsOf = (own: TextVectorizer) => own.tokens.filter(token => token.length > 1);
  const many = (word: string, count: number) => Array.from({ length: count }, () => word);

  it('begin as those of Sennrich, Haddow and Birch do', () => {
    const corpus = [...many('low', 5), ...many('lower', 2), ...many('newest', 6), ...many('widest', 3)];
    const own = textVectorizer(options({ mode: 'bytePairs' })).fit(corpus);
    expect(pairsOf(own).slice(0, 4)).toEqual(['es', 'est', 'lo', 'low']);
    expect(own.decode(own.encode('lowest'))).toBe('lowest');
    expect(own.encode('lowest')).toHaveLength(2);
  });

  it('are those of the definition', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(
        fc.array(letters, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 0, max: 12 }),
        (words, more) => {
          const singles = new Set(words.join('')).size;
          const own = textVectorizer({ mode: 'bytePairs', length: 4, vocabulary: 2 + singles + more }).fit(words);
          expect(pairsOf(own)).toEqual(naivePairs(words, more));
        },
      ),
    );
  });

  it('are those of the definition in what they were not fitted on', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(letters, { minLength: 2, maxLength: 5 }), letters, (words, other) => {
        const own = textVectorizer({ mode: 'bytePairs', length: 4, vocabulary: 30 }).fit(['ab', ...words]);
        const tokens = [...own.encode(other)].map(place => own.tokens[place - 2]);
        expect(tokens).toEqual(naiveJoin(other, own.tokens));
      }),
    );
  });

  it('take and learn long pieces in no time that grows with their square', () => {
    const letters = [...numbers(200_000, 3)].map(value => 'ACGT'[Math.floor((value + 1) * 1.9999)]).join('');
    const own = textVectorizer(options({ mode: 'bytePairs', vocabulary: 500 })).fit([letters]);
    expect(own.size).toBe(500);
    const small = letters.slice(0, 1500);
    const few = textVectorizer(options({ mode: 'bytePairs', vocabulary: 36 })).fit([small]);
    expect(pairsOf(few)).toEqual(naivePairs([small], 30));
    const places = own.encode(letters);
    expect(places.length).toBeLessThan(letters.length / 3);
    expect(own.decode(places)).toBe(letters);
  });

  it('give back whatever text their bytes are of', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1 }), corpus => {
        const own = textVectorizer(options({ mode: 'bytePairs' })).fit(corpus);
        for (const text of corpus) expect(own.decode(own.encode(text))).toBe(text.normalize('NFC'));
      }),
      { numRuns: 40 },
    );
  });

  it('do not cross from word to word', () => {
    const own = textVectorizer(options({ mode: 'bytePairs' })).fit(['to be or not to be, to be']);
    expect(pairsOf(own)).toEqual(expect.arrayContaining([' be', ' to']));
    expect(pairsOf(own).every(token => token.lastIndexOf(' ') <= 0)).toBe(true);
  });
});

describe.each(modes)('%s', mode => {
  it('give the same rows for any order of the texts, and after a way through JSON', () => {
    const corpus = fc.array(
      fc.string({ unit: 'grapheme', minLength: 1 }).map(text => `${text}x`),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(corpus, fc.integer({ min: 3, max: 20 }), (given, vocabulary) => {
        const own = textVectorizer({ vocabulary, length: 5, mode }).fit(given);
        const other = textVectorizer({ vocabulary, length: 5, mode }).fit([...given].reverse());
        const read = TextVectorizer.fromJSON(JSON.stringify(own));
        expect(other.tokens).toEqual(own.tokens);
        expect(own.size).toBeLessThanOrEqual(vocabulary);
        for (const text of given) {
          const places = own.encode(text);
          expect(read.encode(text)).toEqual(places);
          expect(places.every(place => place >= 1 && place < own.size)).toBe(true);
          if (places.every(place => place === 1)) continue;
          const { x, lengths } = own.vectorize([text]);
          expect(lengths[0]).toBe(Math.min(5, places.length));
          expect([...x]).toEqual([...places, 0, 0, 0, 0, 0].slice(0, 5));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('refuse texts without a token, and those of which nothing is known', () => {
    const own = textVectorizer(options({ mode }));
    expect(() => own.vectorize(['a'])).toThrow(/vectorize: expected a vectorizer that knows tokens.*call fit/);
    expect(() => own.fit(['one', ''])).toThrow(
      /fit: texts\[1\]: expected a text with .*, got an empty text; leave it out/,
    );
    own.fit(['aaa', 'ab']);
    expect(() => own.vectorize(['aaa', '', 'zz'])).toThrow(/2 problems: .*texts\[1\].*texts\[2\]/);
    expect(() => own.vectorize(['zz'])).toThrow(/texts\[0\]: expected a text with a .* that training had, got 'zz'/);
  });
});

it('refuses what is no list of texts, and options that it does not have', () => {
  const make = (given: object) => () => textVectorizer({ ...options(), ...given });
  expect(make({ vocabulary: 2 })).toThrow(/textVectorizer: vocabulary: expected a whole number from 3/);
  expect(make({ length: 0 })).toThrow(/textVectorizer: length/);
  expect(make({ mode: 'word' })).toThrow(/did you mean 'words'/);
  expect(make({ size: 4 })).toThrow(/expected known options only, got 'size'/);
  const own = textVectorizer(options());
  expect(() => own.fit('a text' as never)).toThrow(/expected a list of texts.*give \[text\] for one/);
  expect(() => own.fit([])).toThrow(/expected a list of texts, got none/);
  expect(() => own.fit(['a', 3 as never])).toThrow(/texts\[1\]: expected a text, got 3/);
  expect(() => own.fit(texts).decode([99])).toThrow(/places\[0\]: expected a whole number from 0 to 7, got 99/);
  expect(() => TextVectorizer.fromJSON('{"vocabulary":9,"length":2,"tokens":["a","a"]}')).toThrow(/different texts/);
  expect(() => TextVectorizer.fromJSON('{"vocabulary":3,"length":2,"tokens":["a","b"]}')).toThrow(/at most 1, got 2/);
  expect(() =>
    TextVectorizer.fromJSON('{"vocabulary":9,"length":2,"mode":"bytePairs","tokens":["a","\u0100"]}'),
  ).toThrow(/fromJSON: tokens\[1\]: expected bytes, characters up to U\+00FF, got 'Ā'/);
  expect(TextVectorizer.fromJSON(JSON.stringify(own)).tokens).toEqual(own.tokens);
});

it('travels in the file of a model that reads its rows', async () => {
  const own = textVectorizer(options({ length: 4 })).fit(texts);
  const layers = [embedding(own.size, 3), globalAveragePool1d(), dense(2, { activation: 'softmax' })];
  const model = await Model.create(sequential(4, layers));
  const { x, lengths } = own.vectorize(texts);
  const data = { x, lengths, y: [0, 0, 1] };
  await model.fit(data, { loss: 'sparseCategoricalCrossEntropy', optimizer: adam() });
  model.metadata.texts = JSON.stringify(own);
  const loaded = await Model.fromBytes(model.toBytes());
  const read = TextVectorizer.fromJSON(loaded.metadata.texts ?? '').vectorize(texts);
  expect(loaded.predict(read.x, { lengths: read.lengths })).toEqual(model.predict(x, { lengths }));
});
