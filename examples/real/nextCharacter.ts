/**
 * The next character of a text (half of the Psalms, King James Version), by a recurrent network that is shown writing
 * as it learns: below 2.1 bits a character of the last tenth, which it never saw; the characters' frequencies alone
 * have 4.3.
 *
 *     npx tsx examples/real/nextCharacter.ts [EPOCHS] [CHARACTERS] [UNITS] [OUT]
 *
 * Writes into OUT, where it is given, what it writes after each epoch.
 */
import { readFileSync } from 'node:fs';
import { adam, dense, embedding, gru, Model, sequential } from 'myelin';
import { textVectorizer } from 'myelin/data';
import { escaped, writeSvg } from './support/picture.js';

const [given = '12', most = '200000', units = '128', out] = process.argv.slice(2);
const epochs = Number(given);
const text = readFileSync(new URL('../../data/psalms.txt', import.meta.url), 'utf8').slice(0, Number(most));
const STEPS = 64;
const vectorizer = textVectorizer({ vocabulary: 100, length: STEPS, mode: 'characters' }).fit([text]);
const places = vectorizer.encode(text);
const border = Math.floor(places.length * 0.9);

/** Stretches of the text, and the character behind each of theirs. */
function stretches(from: number, to: number) {
  const rows = Math.floor((to - from - 1) / STEPS);
  const x = places.slice(from, from + rows * STEPS);
  return { x, y: places.slice(from + 1, from + 1 + rows * STEPS) };
}

const [training, test] = [stretches(0, border), stretches(border, places.length)];
const model = await Model.create(
  sequential(STEPS, [
    embedding(vectorizer.size, 32),
    gru(Number(units), { returnSequences: true }),
    dense(vectorizer.size, { activation: 'softmax' }),
  ]),
  { seed: 0, turbo: true },
);
const loss = 'sparseCategoricalCrossEntropy';
const trainer = await model.trainer({ loss, optimizer: adam({ learningRate: 0.004 }), batchSize: 16, clipNorm: 1 });

/** Writes on, a character drawn by its probability (to the power of 1.5, so that rare slips are fewer). */
function write(characters: number): string {
  const stream = model.stateful();
  let seed = 7;
  let place = vectorizer.encode('\n')[0] ?? 1;
  const written: number[] = [];
  for (let i = 0; i < characters; i++) {
    const chances = stream.step([place]).map(chance => chance ** 1.5);
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    let left = (seed / 2 ** 31) * chances.reduce((sum, chance) => sum + chance, 0);
    place = chances.findIndex(chance => {
      left -= chance;
      return left <= 0;
    });
    if (place < 0) place = 1;
    written.push(place);
  }
  return vectorizer.decode(written).replaceAll('\n', ' / ').trim();
}

const lines: string[] = [];
for (let epoch = 1; epoch <= epochs; epoch++) {
  await trainer.fit(training, { epochs: 1 });
  const bits = model.evaluate(test, { loss }).loss / Math.LN2;
  const written = write(90);
  console.log(`epoch ${epoch}  held out ${bits.toFixed(3)} bits a character  «${written}»`);
  const y = 34 + 20 * epoch;
  const place = `x="96" y="${y - 10}" width="${(20 * bits).toFixed(1)}" height="12"`;
  const bar = `<rect class="mark" ${place} fill-opacity="0.6"/>`;
  const text = `<text class="mono" x="196" y="${y}">${escaped(written)}</text>`;
  lines.push(`<text x="10" y="${y}">${epoch}</text><text x="52" y="${y}">${bits.toFixed(2)}</text>${bar}${text}`);
}
if (out !== undefined) {
  const heads = ['epoch', 'bits a character', 'what it writes'].map((head, i) => {
    return `<text x="${[10, 52, 196][i]}" y="24" font-weight="600">${head}</text>`;
  });
  writeSvg(`${out}/nextCharacter.svg`, 880, 50 + 20 * epochs, 'A text that gets better', [...heads, ...lines].join(''));
}
model.dispose();
