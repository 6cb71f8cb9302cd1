/** Columns of free text, as their users say that they are. */
import { column } from '../data/table.js';
import { textVectorizer } from '../data/textVectorizer.js';
import { wordsOf } from '../data/words.js';
import { wrongValue } from '../errors.js';
import type { Cells } from './cells.js';
import { MOST_WORDS, type TextColumn } from './preprocessing.js';

/** Words that have a place of their own, at most. */
const MOST_KNOWN = 20_000;

/** The words of texts: those that stand there once share the place of unknown ones. */
export function fitTexts(cells: Cells, index: number, name: string, looksUp: boolean): TextColumn {
  const mend = `leave it out with ${cells.ways.leaveOut(name)}`;
  if (!looksUp) throw wrongValue(column(name), 'what anomalies are learned of', 'free text', mend);
  const texts = Array.from({ length: cells.rows }, (_, row) =>
    cells.isMissing(row, index) ? '' : cells.cell(row, index),
  );
  const words = texts.map(wordsOf);
  const counts = new Map<string, number>();
  for (const word of words.flat()) counts.set(word, (counts.get(word) ?? 0) + 1);
  if (counts.size === 0) throw wrongValue(column(name), 'texts with words', 'none', mend);
  const repeated = [...counts.values()].filter(count => count > 1).length;
  const length = words.reduce((most, own) => Math.min(MOST_WORDS, Math.max(most, own.length)), 1);
  const vectorizer = textVectorizer({ vocabulary: 2 + Math.max(1, Math.min(MOST_KNOWN, repeated)), length });
  const { tokens } = vectorizer.fit(texts.filter((_, row) => words[row]?.length));
  return { name, kind: 'text', tokens: [...tokens], length, embedding: 16 };
}
