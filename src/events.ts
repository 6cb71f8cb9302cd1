/** A fit as an iterable of its epochs. */
import type { EpochEvent, FitOptions, History } from './trainingOptions.js';

/**
 * Runs a fit and yields each epoch's event; training goes on when the next one is asked for. Whoever leaves the loop
 * ends the fit.
 */
export async function* eventsOf(
  train: (options: FitOptions) => Promise<History>,
  options: FitOptions,
): AsyncGenerator<EpochEvent, History, undefined> {
  const stop = new AbortController();
  const abort = () => stop.abort();
  options.signal?.addEventListener('abort', abort);
  if (options.signal?.aborted) abort();
  let told: (event: EpochEvent | undefined) => void = () => {};
  let asked: () => void = () => {};
  const onEpoch = async (event: EpochEvent) => {
    await options.onEpoch?.(event);
    const next = new Promise<void>(resolve => {
      asked = resolve;
    });
    told(event);
    await next;
  };
  let fitting: Promise<History> | undefined;
  try {
    for (;;) {
      const event = new Promise<EpochEvent | undefined>(resolve => {
        told = resolve;
      });
      asked();
      fitting ??= train({ ...options, signal: stop.signal, onEpoch });
      const next = await Promise.race([event, fitting.then(() => undefined)]);
      if (!next) return await fitting;
      yield next;
    }
  } finally {
    abort();
    asked();
    options.signal?.removeEventListener('abort', abort);
    await fitting?.catch(() => undefined);
  }
}
