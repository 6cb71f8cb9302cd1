// How an update that left the finite numbers is told of.
import { controlsOf, firstOf, lastOf } from '../parts';
import { Op, ROW } from '../plan';

/** Tells of such an update: `poison` is made of all of its numbers, and NaN where one is not finite. */
// @ts-ignore: decorator
@inline
export function tell(r: Op, poison: v128): void {
  if (!v128.any_true(f32x4.ne(poison, poison))) return;
  r.controls.broken = 1;
  // Whoever runs single steps reads the cost anyway.
  r.controls.cost = NaN;
}

/**
 * {@link tell} of a region, after the last rows of an epoch and after a single step. In the loops of updates such
 * operations would wait for their results, be in the way of the next numbers, and cost a sixth to a quarter of the
 * time; what is not finite in the middle of an epoch is not at its end either.
 */
export function tellAtTheEnd(r: Op, region: usize, rows: i32, unit: i32): void {
  const c = controlsOf(r);
  if (c.position < c.samples) return;
  let poison = f32x4.splat(0);
  const end = region + <usize>lastOf(rows, unit) * ROW;
  for (let at = region + <usize>firstOf(rows, unit) * ROW; at < end; at += ROW) {
    const a = v128.or(nothing(v128.load(at)), nothing(v128.load(at, 16)));
    const b = v128.or(nothing(v128.load(at, 32)), nothing(v128.load(at, 48)));
    poison = v128.or(poison, v128.or(a, b));
  }
  tell(r, poison);
}

/** A number less itself: all bits 0, or NaN where it is not finite. */
// @ts-ignore: decorator
@inline
function nothing(x: v128): v128 {
  return f32x4.sub(x, x);
}
