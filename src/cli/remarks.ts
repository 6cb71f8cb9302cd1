/** What users may not expect of a table's inputs. */
import { printable } from '../data/table.js';
import { quote, shorten } from '../errors.js';
import type { Prepared } from '../tabular/prepare.js';
import { counted } from '../tabular/words.js';

/** Columns that are remarked on one by one. */
const MOST_SHOWN = 8;

/** Columns taken as texts, columns left out, and cells that something else stands for. */
export function remarks({ preprocessing, filled, unknown }: Prepared): string[] {
  const { columns, dropped = [] } = preprocessing;
  const said: string[] = [];
  const spread = columns.flatMap(column => (column.kind === 'category' && !column.embedding ? [column] : []));
  if (spread.length > 0) {
    const words = spread.map(({ name, values }) => `${nameOf(name)} (${counted(values.length, 'text')})`);
    said.push(`one-hot: ${some(words)}`);
  }
  const learned = columns.flatMap(column => (column.kind === 'category' && column.embedding ? [column] : []));
  if (learned.length > 0) {
    const words = learned.map(
      ({ name, values, embedding }) => `${nameOf(name)} (${values.length} texts → ${embedding})`,
    );
    said.push(`embedded: ${some(words)}`);
  }
  const free = columns.flatMap(column => (column.kind === 'text' ? [column] : []));
  if (free.length > 0) {
    const words = free.map(
      ({ name, tokens, embedding }) => `${nameOf(name)} (${counted(tokens.length, 'word')} → ${embedding})`,
    );
    said.push(`free text: ${some(words)}`);
  }
  for (const { name, kind, reason } of dropped.filter(({ kind }) => kind !== 'drop').slice(0, MOST_SHOWN)) {
    const taken = kind === 'text' ? 'text' : kind === 'identifier' ? 'category' : undefined;
    const how = taken ? `; --columns NAME=${taken} takes it` : '';
    said.push(`left out: ${quote(name)} (${kind}: ${reason}${how})`);
  }
  for (const [counts, verb] of [
    [filled, 'filled in'],
    [unknown, 'that no training row has: read as none of the others'],
  ] as const) {
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    if (total === 0) continue;
    const words = [...counts].map(([name, count]) => `${nameOf(name)} ${count}`);
    const what = counts === filled ? 'missing value' : 'held-out text';
    said.push(`${counted(total, what)} ${verb}: ${some(words)}`);
  }
  return said;
}

function nameOf(name: string): string {
  return shorten(printable(name));
}

function some(words: readonly string[]): string {
  const rest = words.length > MOST_SHOWN ? ` and ${counted(words.length - MOST_SHOWN, 'more column')}` : '';
  return `${words.slice(0, MOST_SHOWN).join(', ')}${rest}`;
}
