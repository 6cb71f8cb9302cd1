/** Columns and words as the user names them. */

import { missingColumn, type Table } from '../data/table.js';
import { printable, quote } from '../errors.js';
import { type ColumnKind, columnKinds } from '../tabular/columns.js';
import { choice, UsageError } from './usage.js';
import { wordsOf } from './words.js';

/** The column that the user means: by its name, or as messages write it, with `\n` for a line break. */
export function columnMeant(table: Table, typed: string): string | undefined {
  return table.find(typed).length > 0 ? typed : table.header.find(name => printable(name) === typed);
}

/**
 * The columns that the user means by what was typed at each `--ignore`: one name, whatever is in it, or a list of some.
 */
export function columnsMeant(table: Table, typed: readonly string[], target: string): string[] {
  return typed.flatMap(list => {
    const whole = columnMeant(table, list);
    if (whole !== undefined) return [whole];
    const words = wordsOf('--ignore', list);
    return (words.length === 0 ? [list] : words).map(word => {
      const name = columnMeant(table, word);
      if (name === undefined) throw missingColumn(table, word, [target]);
      return name;
    });
  });
}

/** What the user says columns are: `plan=category,signup=date`. */
export function columnKindsMeant(table: Table, typed: readonly string[], target: string): Record<string, ColumnKind> {
  const kinds = new Map<string, ColumnKind>();
  for (const word of typed.flatMap(list => wordsOf('--columns', list))) {
    const at = word.lastIndexOf('=');
    if (at < 0) throw new UsageError(`--columns: expected NAME=KIND, got ${quote(word)}`);
    const name = columnMeant(table, word.slice(0, at));
    if (name === undefined) throw missingColumn(table, word.slice(0, at), [target]);
    if (name === target) throw new UsageError(`--columns: expected other columns than the target, got ${quote(name)}`);
    kinds.set(name, choice(`--columns ${quote(name)}`, columnKinds)(word.slice(at + 1)));
  }
  return Object.fromEntries(kinds);
}
