/** Aborts, heard while something is awaited that may never come. */
import type { Signal } from './platform.js';

/** What {@link unlessAborted} gives where the abort came first. */
export const ABORTED = Symbol('aborted');

/**
 * What `awaited` comes to, or {@link ABORTED} as soon as the signal is aborted; what becomes of it after that, errors
 * included, nobody hears. What was settled when it was given counts as first.
 */
export function unlessAborted<T>(
  signal: Signal | undefined,
  awaited: T | PromiseLike<T>,
): Promise<Awaited<T> | typeof ABORTED> {
  return new Promise((resolve, reject) => {
    const abort = () => resolve(ABORTED);
    const forget = () => signal?.removeEventListener('abort', abort);
    const given: Promise<Awaited<T>> = Promise.resolve(awaited);
    given.then(resolve, reject).finally(forget);
    // One turn of the promises behind what is settled.
    if (signal?.aborted) Promise.resolve().then(abort);
    else signal?.addEventListener('abort', abort);
  });
}

/** What `awaited` comes to; an abort rejects with its reason, whatever is still awaited. */
export async function orAbort<T>(signal: Signal | undefined, awaited: T | PromiseLike<T>): Promise<Awaited<T>> {
  const heard = await unlessAborted(signal, awaited);
  if (heard === ABORTED) throw signal?.reason;
  return heard;
}
