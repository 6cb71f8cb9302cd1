/**
 * Money and percentages: the numbers of a column are of one unit, for 12 is another number where it stands for 12 % or
 * for 12 €.
 */
import { columnIndex } from '../data/table.js';
import { quote, wrongValue } from '../errors.js';
import type { Cells } from './cells.js';

/** Numbers of a unit, in words. */
export function withUnit(unit: string): string {
  return unit === '' ? 'numbers alone' : `numbers with '${unit}'`;
}

/**
 * Whether a number written with `unit` is one of a column that training knew with `known`. Money may be written without
 * its sign; 0.12 may be 12 % or 0.12 %.
 */
export function isOfUnit(unit: string, known: string): boolean {
  return unit === known || (unit === '' && known !== '%');
}

/** The unit of the target's numbers. */
export function targetUnit(cells: Cells, name: string): string {
  const index = columnIndex(cells, name);
  let unit: string | undefined;
  for (let row = 0; row < cells.rows; row++) {
    if (Number.isNaN(cells.number(row, index))) continue;
    const own = cells.unit(row, index);
    unit ??= own;
    if (own === unit) continue;
    throw wrongValue(
      `target ${quote(name)}`,
      `one unit, ${withUnit(unit)}`,
      quote(cells.cell(row, index)),
      'write all alike',
    );
  }
  return unit ?? '';
}
