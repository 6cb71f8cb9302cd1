/** Dates and times as texts, and the numbers that a network makes of them. No zone is UTC. */
import type { DateOrder, DatePart } from './preprocessing.js';

const DAY = 86_400_000;
const TIME =
  '(?:(?:T|,? +)(?<hour>\\d{1,2}):(?<minute>\\d{2})(?::(?<second>\\d{2})(?:[.,]\\d+)?)?(?: ?(?<half>[ap])\\.?m\\.?)?' +
  '(?: ?(?<zone>Z|UTC|GMT|[+-]\\d{2}(?::?\\d{2})?))?)?';
const WEEKDAY = '(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?';
const DAY_OF_MONTH = '(?<day>\\d{1,2})';
const NAME = '(?<month>[a-z]{3,9})\\.?';
const FIRST = `(?<year>\\d{4})`;
// Years of two digits stand behind a slash or a month's name: 1.2.10 may be a version.
const LAST = '(?<year>\\d{4}|\\d{2})';
const numeric = (first: string, second: string) => [
  `(?<${first}>\\d{1,2})(?<sign>[-/.])(?<${second}>\\d{1,2})\\k<sign>${FIRST}`,
  `(?<${first}>\\d{1,2})/(?<${second}>\\d{1,2})/(?<year>\\d{2})`,
];

/** How dates are written in each order; a month that is named shows it. */
const FORMS: Readonly<Record<DateOrder, readonly RegExp[]>> = {
  iso: formsOf(
    `${FIRST}(?<sign>[-/.])(?<month>\\d{1,2})\\k<sign>${DAY_OF_MONTH}`,
    `${FIRST}[-/](?<month>\\d{1,2})`,
    `${FIRST}[- ]${NAME}(?:[- ]${DAY_OF_MONTH})?`,
  ),
  dmy: formsOf(
    ...numeric('day', 'month'),
    `${WEEKDAY}${DAY_OF_MONTH}(?:st|nd|rd|th)?(?:[-/ ]|\\. ?)${NAME}(?:[-/ ]|, ?)${LAST}`,
  ),
  mdy: formsOf(
    ...numeric('month', 'day'),
    `${WEEKDAY}${NAME}[-/ ]${DAY_OF_MONTH}(?:st|nd|rd|th)?(?:[-/ ]|, ?)${LAST}`,
    `${NAME}[-/ ]${FIRST}`,
  ),
};
const MONTHS = 'january february march april may june july august september october november december'.split(' ');

function formsOf(...patterns: string[]): RegExp[] {
  return patterns.map(pattern => new RegExp(`^${pattern}${TIME}$`, 'i'));
}

/** The orders in which a text may be a date; none where it is no date. */
export function dateOrders(text: string): readonly DateOrder[] {
  return (['iso', 'dmy', 'mdy'] as const).filter(order => !Number.isNaN(readDate(text, order)));
}

/**
 * Milliseconds since 1970, or NaN where the text is no date in that order, such as 31 February. A month without a day
 * is its first; years of two digits are from 1969 to 2068, as in POSIX.
 */
export function readDate(text: string, order: DateOrder): number {
  const trimmed = text.trim();
  let parts: Readonly<Record<string, string | undefined>> | undefined;
  for (const form of FORMS[order]) parts ??= form.exec(trimmed)?.groups;
  if (parts === undefined) return Number.NaN;
  const { year = '', month = '', day = '1', hour = '0', minute = '0', second = '0', half, zone = 'Z' } = parts;
  const name = month.toLowerCase();
  const index = /\d/.test(month) ? Number(month) - 1 : MONTHS.findIndex(whole => whole.startsWith(name));
  const century = year.length > 2 ? 0 : Number(year) < 69 ? 2000 : 1900;
  // Date.UTC takes the years 0 to 99 for those of the last century.
  const date = new Date(0).setUTCFullYear(century + Number(year), index, Number(day));
  const isReal = new Date(date).getUTCMonth() === index && Number(day) > 0;
  const isClock = half === undefined ? Number(hour) < 24 : Number(hour) > 0 && Number(hour) < 13;
  if (!isReal || !isClock || Number(minute) > 59 || Number(second) > 60) return Number.NaN;
  const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (half.toLowerCase() === 'p' ? 12 : 0);
  const time = (hours * 60 + Number(minute)) * 60 + Number(second);
  return date + time * 1000 - offsetOf(zone);
}

function offsetOf(zone: string): number {
  if (!/^[+-]/.test(zone)) return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(':', ''));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}

/** One number of a date: Monday is weekday 1, and `days` are those since 1970 with the time as their fraction. */
export function datePart(time: number, part: DatePart): number {
  const date = new Date(time);
  switch (part) {
    case 'year':
      return date.getUTCFullYear();
    case 'month':
      return date.getUTCMonth() + 1;
    case 'weekday':
      return date.getUTCDay() || 7;
    case 'hour':
      return date.getUTCHours();
    case 'days':
      return time / DAY;
  }
}
