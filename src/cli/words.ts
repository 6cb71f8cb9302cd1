/** Lists as users type them. */
import { findRecords } from '../data/records.js';
import { PLAIN_READING, Table } from '../data/table.js';

/** The words of a list between commas; those with commas stand in quotes, as in CSV. */
export function wordsOf(where: string, list: string): readonly string[] {
  const records = findRecords(where, new TextEncoder().encode(list), ',');
  return records.columns === 0 ? [] : new Table(records, PLAIN_READING).header;
}
