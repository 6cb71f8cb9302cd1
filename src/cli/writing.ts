/** How cells and numbers are written. */

/** A cell as CSV writes it: in quotes where it holds a comma, a quote, a line break or outer blanks. */
export function csvCell(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A float32 in as few digits as read back to the same float32. */
export function float32Text(value: number): string {
  const single = Math.fround(value);
  return shortText(single, short => Math.fround(short) === single);
}

/** A number in as few digits, but six at least, as are `enough`. */
export function shortText(value: number, enough: (short: number) => boolean): string {
  for (let digits = 6; digits < 17; digits++) {
    const short = Number(value.toPrecision(digits));
    if (enough(short)) return String(short);
  }
  return String(value);
}
