// The constants region. A constant written out inside a loop is rebuilt on every turn by V8; one loaded from a fixed
// address costs a load that the processor broadcasts for nothing. The region starts at address 192 of every memory:
// what lies before is 0, three rows of zeros.

import { PANEL, ROW } from '../plan';

const CONSTANTS: usize = 192;

/** Bytes below which nothing else may be placed. */
export const CONSTANTS_END: usize = 1024;

/** Where threads wait for one another (../barrier.ts). What products go by lies before it. */
const BARRIERS: usize = 768;
/** The offsets in bytes of a row's sixteen numbers, as places of products; and a run that never ends. */
export const COLUMNS: usize = BARRIERS - 72;
export const ONE_RUN: usize = BARRIERS - 8;
/** The offsets of two rows of a panel, and behind them panels as runs: how far apart they are, and sixteen each. */
export const ACROSS: usize = BARRIERS - 16;

/** Writes the places and runs that products by rows and columns go by; those of convolutions are each layer's own. */
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
