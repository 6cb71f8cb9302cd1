/** Words as users type them. */
import { findRecords } from '../data/records.js';
import { PLAIN_READING, Table } from '../data/table.js';

/** The words of a list between commas; those with commas stand in quotes, as in CSV. */
export function wordsOf(where: string, list: string): readonly string[] {
  const records = findRecords(where, new TextEncoder().encode(list), ',');
  return records.columns === 0 ? [] : new Table(records, PLAIN_READING).header;
}

/** A word as a shell reads it. */
export function quoted(word: string): string {
  return /^[\w./,=:@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** What was typed, as it can be typed again. */
export function commandLine(): string {
  return ['npx myelin', ...process.argv.slice(2).map(quoted)].join(' ');
}
