/** Columns and words as the user names them. */

import { findRecords } from '../data/records.js';
import { missingColumn, PLAIN_READING, Table } from '../data/table.js';
import { printable } from '../errors.js';

/** The words of a list between commas; those with commas stand in quotes, as in CSV. */
export function wordsOf(where: string, list: string): readonly string[] {
  const records = findRecords(where, new TextEncoder().encode(list), ',');
  return records.columns === 0 ? [] : new Table(records, PLAIN_READING).header;
}

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
