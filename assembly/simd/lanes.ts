// Helpers over the four float32 lanes of a v128.

/** a · b + c: fused in the relaxed binary, two roundings in the other. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}

/** c − a · b, likewise. */
// @ts-ignore: decorator
@inline
export function nmadd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_nmadd(a, b, c) : f32x4.sub(c, f32x4.mul(a, b));
}

/** The sum of the lanes, always in the same order. */
// @ts-ignore: decorator
@inline
export function sum(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

/** The largest lane; NaN where any is. */
// @ts-ignore: decorator
@inline
export function largest(v: v128): f32 {
  return max(
    max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
    max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  );
}

/** All ones in the lanes `first … first + 3` that are below `columns`, zero in the others. */
// @ts-ignore: decorator
@inline
export function columnMask(first: i32, columns: i32): v128 {
  return i32x4.lt_s(i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3)), i32x4.splat(columns));
}

/** x rounded to whole steps of tiny / 2²⁴, which leaves of a denormal number 0 and of others all or most. */
// @ts-ignore: decorator
@inline
export function flush(x: v128, tiny: v128): v128 {
  return f32x4.sub(f32x4.add(x, tiny), tiny);
}
