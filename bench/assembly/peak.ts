// What the processor can do at most, measured in the engine at hand. Both loops touch nothing but registers and end in
// sums of extracted lanes: stored as vectors, they would be packed into 256 bits where V8 does so, and the limit with
// them.

/**
 * Multiply-adds in one turn of `peak`: twelve chains of fused ones, or six chains of multiplications and six of
 * additions. Apart, since a chain of both would measure how long they take rather than how many fit.
 */
export function multiplyAdds(): i32 {
  return ASC_FEATURE_RELAXED_SIMD ? 12 : 6;
}

/** Runs `turns` turns over the numbers at `at`: two factors near 1 and 0, then twelve vectors. */
export function peak(at: usize, turns: i32): f32 {
  const a = v128.load32_splat(at);
  const b = v128.load32_splat(at, 4);
  let c0 = v128.load(at, 16);
  let c1 = v128.load(at, 32);
  let c2 = v128.load(at, 48);
  let c3 = v128.load(at, 64);
  let c4 = v128.load(at, 80);
  let c5 = v128.load(at, 96);
  let c6 = v128.load(at, 112);
  let c7 = v128.load(at, 128);
  let c8 = v128.load(at, 144);
  let c9 = v128.load(at, 160);
  let c10 = v128.load(at, 176);
  let c11 = v128.load(at, 192);
  for (; turns > 0; turns--) {
    if (ASC_FEATURE_RELAXED_SIMD) {
      c0 = f32x4.relaxed_madd(c0, a, b);
      c1 = f32x4.relaxed_madd(c1, a, b);
      c2 = f32x4.relaxed_madd(c2, a, b);
      c3 = f32x4.relaxed_madd(c3, a, b);
      c4 = f32x4.relaxed_madd(c4, a, b);
      c5 = f32x4.relaxed_madd(c5, a, b);
      c6 = f32x4.relaxed_madd(c6, a, b);
      c7 = f32x4.relaxed_madd(c7, a, b);
      c8 = f32x4.relaxed_madd(c8, a, b);
      c9 = f32x4.relaxed_madd(c9, a, b);
      c10 = f32x4.relaxed_madd(c10, a, b);
      c11 = f32x4.relaxed_madd(c11, a, b);
    } else {
      c0 = f32x4.mul(c0, a);
      c1 = f32x4.add(c1, b);
      c2 = f32x4.mul(c2, a);
      c3 = f32x4.add(c3, b);
      c4 = f32x4.mul(c4, a);
      c5 = f32x4.add(c5, b);
      c6 = f32x4.mul(c6, a);
      c7 = f32x4.add(c7, b);
      c8 = f32x4.mul(c8, a);
      c9 = f32x4.add(c9, b);
      c10 = f32x4.mul(c10, a);
      c11 = f32x4.add(c11, b);
    }
  }
  const first = sum(c0) + sum(c1) + sum(c2) + sum(c3) + sum(c4) + sum(c5);
  return first + sum(c6) + sum(c7) + sum(c8) + sum(c9) + sum(c10) + sum(c11);
}

/**
 * A loop that fills every slot in which the core could begin an instruction. It is slow when something else runs on the
 * same core (another hyper-thread), which `peak`, with slots to spare, hardly feels and a matrix product does.
 */
export function crowd(at: usize, turns: i32): f32 {
  const a = v128.load32_splat(at);
  const b = v128.load32_splat(at, 4);
  let c0 = v128.load(at, 16);
  let c1 = v128.load(at, 32);
  let c2 = v128.load(at, 48);
  let c3 = v128.load(at, 64);
  let c4 = v128.load(at, 80);
  let c5 = v128.load(at, 96);
  let c6 = v128.load(at, 112);
  let c7 = v128.load(at, 128);
  let i0 = load<i32>(at, 16);
  let i1 = load<i32>(at, 20);
  let i2 = load<i32>(at, 24);
  let i3 = load<i32>(at, 28);
  const j = load<i32>(at, 32);
  for (; turns > 0; turns--) {
    c0 = f32x4.mul(c0, a);
    c1 = f32x4.add(c1, b);
    i0 ^= j;
    i1 += j;
    c2 = f32x4.mul(c2, a);
    c3 = f32x4.add(c3, b);
    i2 ^= turns;
    i3 += turns;
    c4 = f32x4.mul(c4, a);
    c5 = f32x4.add(c5, b);
    i0 += turns;
    i1 ^= turns;
    c6 = f32x4.mul(c6, a);
    c7 = f32x4.add(c7, b);
    i2 += j;
    i3 ^= j;
  }
  const vectors = sum(c0) + sum(c1) + sum(c2) + sum(c3) + sum(c4) + sum(c5) + sum(c6) + sum(c7);
  return vectors + <f32>(i0 + i1 + i2 + i3);
}

function sum(v: v128): f32 {
  const low = f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1);
  return low + f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3);
}
