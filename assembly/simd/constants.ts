// The constants region. A constant written out inside a loop is rebuilt on every turn by V8; one loaded from a fixed
// address costs a load that the processor broadcasts for nothing. The region starts at address 192 of every memory:
// what lies before is 0, three rows of zeros.

import { PANEL, ROW } from '../plan';

const CONSTANTS: usize = 192;

/** Bytes below which nothing else may be placed. */
export const CONSTANTS_END: usize = 1024;

/** Behind the constants lie these, up to where threads wait for one another (../barrier.ts). */
const BARRIERS: usize = 768;
/** Where the offsets of a row's sixteen numbers lie, in bytes; and a run, as products go by, that never ends. */
export const COLUMNS: usize = BARRIERS - 72;
export const ONE_RUN: usize = BARRIERS - 8;
/** Where the offsets of two rows in a panel lie, and panels as runs. */
export const ACROSS: usize = BARRIERS - 16;

export function writeSteps(): void {
  if (isDefined(FORWARD_ONLY)) {
    store<i32>(ACROSS, ROW, 4);
    store<i32>(ACROSS, PANEL, 12);
  } else {
    for (let at: usize = 0; at < 64; at += 4) store<u32>(COLUMNS + at, at);
    store<i32>(ONE_RUN, i32.MAX_VALUE, 4);
  }
}

/** The constant at `index` in all four lanes. */
// @ts-ignore: decorator
@inline
export function constant(index: i32): v128 {
  return v128.load32_splat(CONSTANTS + (<usize>index << 2));
}

/** Writes four constants from `index` on: one store, and half the bytes of four. */
// @ts-ignore: decorator
@inline
export function putQuad(index: i32, values: v128): void {
  v128.store(CONSTANTS + (<usize>index << 2), values);
}

/** Writes the constant at `index`. */
// @ts-ignore: decorator
@inline
export function put(index: i32, value: f32): void {
  store<f32>(CONSTANTS + (<usize>index << 2), value);
}
