/** Dates and times as texts, and the numbers that a network makes of them. No zone is UTC. */
import type { DateOrder, DatePart } from './preprocessing.js';

const DAY = 86_400_000;
const TIME = '(?:[T ](\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,]\\d+)?)?(?: ?(Z|[+-]\\d{2}:?\\d{2}))?)?';
const YEAR_FIRST = new RegExp(`^(\\d{4})([-/.])(\\d{1,2})\\2(\\d{1,2})${TIME}$`);
const YEAR_LAST = new RegExp(`^(\\d{1,2})([-/.])(\\d{1,2})\\2(\\d{4})${TIME}$`);

/** The orders in which a text may be a date; none where it is no date. */
export function dateOrders(text: string): readonly DateOrder[] {
  return (['iso', 'dmy', 'mdy'] as const).filter(order => !Number.isNaN(readDate(text, order)));
}

/** Milliseconds since 1970, or NaN where the text is no date in that order, such as 31 February. */
export function readDate(text: string, order: DateOrder): number {
  const match = (order === 'iso' ? YEAR_FIRST : YEAR_LAST).exec(text.trim());
  if (match === null) return Number.NaN;
  const [, a = '', , b = '', c = '', hours = '0', minutes = '0', seconds = '0', zone = 'Z'] = match;
  const [year, month, day] = order === 'iso' ? [a, b, c] : order === 'dmy' ? [c, b, a] : [c, a, b];
  // Date.UTC takes the years 0 to 99 for those of the last century.
  const date = new Date(0).setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const isReal = new Date(date).getUTCMonth() === Number(month) - 1 && Number(day) > 0;
  if (!isReal || Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 60) return Number.NaN;
  const time = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  return date + time * 1000 - offsetOf(zone);
}

function offsetOf(zone: string): number {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
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
