/** Text within the width of a terminal, broken between words alone. */
import { stripVTControlCharacters } from 'node:util';

/** The columns of a terminal; 80 where it does not say. */
export function terminalWidth(stream: { readonly columns?: number }): number {
  return stream.columns || 80;
}

/** How many columns a text takes, colours aside. */
export function shownWidth(text: string): number {
  return stripVTControlCharacters(text).length;
}

/**
 * Breaks lines that are wider than `columns` at blanks, and sets what follows in by two more than their beginning. A
 * word that is wider than that stays whole.
 */
export function wrapped(text: string, columns: number): string {
  return text
    .split('\n')
    .map(line => (shownWidth(line) <= columns ? line : brokenLine(line, columns)))
    .join('\n');
}

function brokenLine(line: string, columns: number): string {
  const indent = `${/^ */.exec(line)?.[0] ?? ''}  `;
  const lines: string[] = [];
  let current = '';
  for (const [, blanks = '', word = ''] of line.matchAll(/( *)([^ ]+)/g)) {
    const longer = `${current}${blanks}${word}`;
    if (current.trim() === '' || shownWidth(longer) <= columns) {
      current = longer;
    } else {
      lines.push(current);
      current = `${indent}${word}`;
    }
  }
  return [...lines, current].join('\n');
}

/** A line without the words at its end that a terminal of so many columns has no room for. */
export function fitted(line: string, columns: number): string {
  if (shownWidth(line) <= columns) return line;
  return brokenLine(line, columns).split('\n')[0] ?? '';
}
