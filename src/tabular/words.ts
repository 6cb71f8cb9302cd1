/** Numbers in words. */

/** 12345 as `12,345`. */
export function grouped(count: number): string {
  return count.toLocaleString('en');
}

/** `1 epoch`, `1,200 epochs`. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}
