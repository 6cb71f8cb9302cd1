/** Lets timers, input and requests have their turn, with the quickest means that the platform has. */
export function yieldToOthers(): Promise<void> {
  if (typeof setImmediate === 'function') return new Promise(resolve => setImmediate(resolve));
  return new Promise(resolve => setTimeout(resolve, 0));
}
