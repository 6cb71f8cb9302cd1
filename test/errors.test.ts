/** The voice of all errors: what it repeats of what it was given is little and cannot do harm. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allProblems,
  checkChoice,
  checkOptions,
  describe as inWords,
  listed,
  MOST_CHARACTERS,
  nearest,
  placed,
  quote,
  shorten,
  wrongValue,
} from '../src/errors.js';

const million = 'a'.repeat(1e6);

describe('what a message repeats', () => {
  it('is as it was where it is short', () => {
    expect(quote('petal length (cm)')).toBe("'petal length (cm)'");
    expect(listed(['a', 'b', 3])).toBe('a, b, 3');
    expect(inWords('0.1')).toBe('"0.1"');
  });

  it('has its two ends alone where it is long', () => {
    expect(shorten('a folder with a long name/and a file.csv', 20)).toBe('a folder w… file.csv');
    expect(listed(Array.from({ length: 100 }, (_, i) => `name${i}`))).toBe(
      'name0, name1, name2, name3, name4 and 95 more',
    );
  });

  it('shows what a terminal would obey, and what turns text around', () => {
    expect(quote('\u001b[31m\n\u202ec\u009b\ud800')).toBe("'\\u{1b}[31m\\n\\u{202e}c\\u{9b}\\u{d800}'");
  });

  it('is 36 characters at most and printable, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), text => {
        const shown = shorten(text);
        expect(shown.length).toBeLessThanOrEqual(36);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  it.each<[what: string, value: unknown]>([
    ['a text', million],
    ['a number of a million digits', BigInt(`1${'0'.repeat(10_000)}`)],
    ['an object with a long key', { [million]: 1 }],
    ['an object with many keys', Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [i, i]))],
    ['an object with a long tag', { [Symbol.toStringTag]: million }],
  ])('%s is described in a few words', (_, value) => {
    expect(inWords(value).length).toBeLessThanOrEqual(80);
  });

  it.each<[value: unknown, words: string]>([
    [new Set([1, 2]), 'a Set of 2'],
    [new Map(), 'a Map of 0'],
    [Promise.resolve(), 'a Promise'],
    [Symbol('x'), 'a symbol'],
    [{}, 'an object without keys'],
    [new Uint8Array(3), 'a Uint8Array of 3 bytes'],
    [new ArrayBuffer(3), 'an ArrayBuffer of 3 bytes'],
    [new Date(0), 'a Date'],
    [[1, 2], 'an array of 2'],
  ])('%o is %s', (value, words) => {
    expect(inWords(value)).toBe(words);
  });
});

describe('a message', () => {
  const problem = (n: number) => wrongValue(`row ${n}, column 'age'`, 'a number', quote(million)).message;

  it('is 300 characters at most, and keeps its ends', () => {
    const error = wrongValue(million, million, million, 'the mend');
    expect(error.message.length).toBeLessThanOrEqual(MOST_CHARACTERS);
    expect(error.message).toMatch(/^aaa.*; the mend$/);
    expect(placed(million, error, 'the mend').message.length).toBeLessThanOrEqual(MOST_CHARACTERS);
  });

  it('has the first three of many problems and their count; the error has them all', () => {
    const error = allProblems(Array.from({ length: 50_000 }, (_, n) => problem(n)));
    expect(error.message).toMatch(/^50000 problems: row 0, .* · row 1, .* · row 2, .* · and 49997 more$/);
    expect(error.message.length).toBeLessThanOrEqual(MOST_CHARACTERS);
    expect(error.message.replace(/[^a]/g, '').length).toBeLessThanOrEqual(80);
    expect(error.problems).toHaveLength(50_000);
    expect(error.problems[49_999]).toBe(problem(49_999));
  });

  it('is that of the one problem where there is one', () => {
    const error = allProblems([problem(3)]);
    expect(error.message).toBe(problem(3));
    expect(error.problems).toEqual([problem(3)]);
  });
});

describe('did you mean', () => {
  const options = [
    'learningRate',
    'weightDecay',
    'batchSize',
    'epochs',
    'validation',
    'meanSquaredError',
    'relu',
    'elu',
  ];

  it.each([
    ['learningrate', 'learningRate'],
    ['learning_rate', 'learningRate'],
    ['lr', 'learningRate'],
    ['wd', 'weightDecay'],
    ['mse', 'meanSquaredError'],
    ['batch', 'batchSize'],
    ['val', 'validation'],
    ['epoch', 'epochs'],
    ['ephocs', 'epochs'],
    ['rleu', 'relu'],
  ])('%s: %s', (word, meant) => {
    expect(nearest(word, options)).toBe(meant);
  });

  it.each([
    ['swish', ['mish', 'silu', 'hardSwish'], 'silu'],
    ['hard_swish', ['mish', 'silu', 'hardSwish'], 'hardSwish'],
    ['logLoss', ['logCosh', 'binaryCrossEntropy'], 'binaryCrossEntropy'],
    ['xavier_uniform', ['randomUniform', 'glorotUniform'], 'glorotUniform'],
    ['uniform', ['randomUniform', 'heUniform'], 'randomUniform'],
    ['batch', ['onBatch', 'batchSize'], 'batchSize'],
    ['bias', ['useBias', 'biasInitializer'], 'useBias'],
    ['crossEntropy', ['binaryCrossEntropy', 'categoricalCrossEntropy'], undefined],
    ['adamax', ['adam', 'adamW'], undefined],
    ['nadam', ['adam', 'adamW'], undefined],
    ['swiglu', ['silu', 'gelu'], undefined],
    ['prelu', ['relu', 'elu'], undefined],
    ['batchNormalization', ['layerNormalization'], undefined],
  ])("%s, another library's name, of %j: %s", (word, known, meant) => {
    expect(nearest(word, known)).toBe(meant);
  });

  it.each(['lol', 'x', '', 'foo', 'data', 'zzzzzzzz', 'callbacks'])('%s: nothing near', word => {
    expect(nearest(word, options)).toBeUndefined();
    expect(() => checkChoice('here', word, options)).toThrow(/; known: learningRate, /);
    expect(() => checkOptions('here', { [word]: 1 }, options)).toThrow(/; known: learningRate, /);
  });

  it('a million letters: nothing near', () => {
    expect(nearest(million, [...options, `${million}b`])).toBeUndefined();
  });
});
