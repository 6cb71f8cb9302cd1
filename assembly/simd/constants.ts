// The constants region. A constant written out inside a loop is rebuilt on every turn by V8; one loaded from a fixed
// address costs a load that the processor broadcasts for nothing. The region starts at address 192 of every memory:
// what lies before is 0, three rows of zeros.

const CONSTANTS: usize = 192;

/** Bytes below which nothing else may be placed. */
export const CONSTANTS_END: usize = 1024;

/** The constant at `index` in all four lanes. */
// @ts-ignore: decorator
@inline
export function constant(index: i32): v128 {
  return v128.load32_splat(CONSTANTS + (<usize>index << 2));
}

/** Writes the constant at `index`. */
// @ts-ignore: decorator
@inline
export function put(index: i32, value: f32): void {
  store<f32>(CONSTANTS + (<usize>index << 2), value);
}
