/**
 * Copies of rows that wait to be predicted. Memory that was written before takes them many times sooner than memory
 * that the system has yet to give, so what is done with is kept for the next ones.
 */
import type { ReadySamples } from '../data/samples.js';

type Values = ReadySamples['values'];

/** Bytes that a process keeps. */
const MOST_KEPT = 2 ** 25;

/** What is kept, by its size: powers of two, so that most copies find some. */
const kept = new Map<number, ArrayBuffer[]>();
let keptBytes = 0;

/** A copy, to be given to {@link takeBack} when nobody reads it any more. */
export function copyOf(values: Values): Values {
  const bytes = 2 ** Math.ceil(Math.log2(values.byteLength));
  const found = kept.get(bytes)?.pop();
  if (found) keptBytes -= bytes;
  const room = found ?? new ArrayBuffer(bytes);
  const copy =
    values instanceof Float32Array ? new Float32Array(room, 0, values.length) : new Uint8Array(room, 0, values.length);
  copy.set(values);
  return copy;
}

/** Keeps the memory of a copy for another one, or lets go of it where there is enough. */
export function takeBack({ buffer }: Values): void {
  const bytes = buffer.byteLength;
  if (keptBytes + bytes > MOST_KEPT) return;
  const alike = kept.get(bytes) ?? [];
  kept.set(bytes, alike);
  alike.push(buffer as ArrayBuffer);
  keptBytes += bytes;
}
