/** Whatever is given to whatever takes a value: what comes is an answer, or an error in the library's own voice. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makePlaces } from './places.js';
import { TheirOwn, values } from './values.js';

const places = await makePlaces();

/** What comes of it: nothing where all is well, and otherwise what is wrong. */
async function fault(work: () => unknown): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof TheirOwn) return undefined;
    if (!(error instanceof Error)) return `no error: ${String(error)}`;
    const { message } = error;
    if (message.length > 300) return `${message.length} characters: ${message}`;
    if (/[\p{Cc}\p{Cf}\p{Cs}]/u.test(message)) return `what a terminal would obey: ${message}`;
    return /^.+: expected .+, got .+/s.test(message) ? undefined : message;
  }
}

describe('a value of any kind', () => {
  it.each(Object.entries(places))('%s', async (_, place) => {
    const faults: Record<string, string> = {};
    for (const [what, make] of Object.entries(values)) {
      const value = make();
      const found = await fault(() => place(value as never));
      if (found !== undefined) faults[what] = found;
    }
    expect(faults).toEqual({});
  });
});

describe('anything that JSON can hold', () => {
  /** Words that options, layers and files are made of are likelier than others. */
  const words = [
    'x',
    'y',
    'scale',
    'kind',
    'dense',
    'units',
    'relu',
    'sgd',
    'adam',
    'loss',
    'layers',
    'inputShape',
    'name',
  ];
  const key = fc.oneof(fc.constantFrom(...words, '__proto__', 'constructor', 'toJSON', 'length', 'then'), fc.string());
  const leaf = fc.oneof(fc.double(), fc.integer({ min: -3, max: 5 }), key, fc.boolean(), fc.constant(null));
  const { json } = fc.letrec(tie => ({
    json: fc.oneof({ maxDepth: 4, depthSize: 'small' }, leaf, fc.array(tie('json'), { maxLength: 5 }), tie('object')),
    object: fc.dictionary(key, tie('json'), { maxKeys: 4, noNullPrototype: true }),
  }));

  it.each(Object.entries(places))('%s', async (_, place) => {
    const check = fc.asyncProperty(json, async value => {
      expect(await fault(() => place(value as never))).toBeUndefined();
    });
    await fc.assert(check, { numRuns: 60 });
  });
});
