/** Where the threads of a program wait for one another (assembly/barrier.ts), seen from the thread that began it. */
import { CONTROLS_BYTES } from '../plan/builder.js';
import { controlsFields, readField } from '../plan/record.js';
import type { Program } from './program.js';

// Indices of int32.
const GENERATION = 832 / 4;
const ABORTED = 960 / 4;

/**
 * Lets every thread out of the barrier, and ends their run. Nothing makes the barrier ready again: see {@link
 * Program.abandoned}.
 */
export function abortBarrier(program: Program): void {
  program.abandon();
  const words = new Int32Array(program.memory.buffer);
  Atomics.store(words, ABORTED, 1);
  Atomics.add(words, GENERATION, 1);
  Atomics.notify(words, GENERATION);
}

/** Grows whenever one of the threads that run it passes a barrier or finishes a record. */
export function progressOf({ memory, plan }: Program): number {
  let sum = new Int32Array(memory.buffer)[GENERATION] ?? 0;
  const view = new DataView(memory.buffer);
  const { address, bytes } = plan.controls;
  for (let block = address; block < address + bytes; block += CONTROLS_BYTES) {
    sum += readField(view, block + controlsFields.finished.offset, controlsFields.finished.type);
  }
  return sum;
}
