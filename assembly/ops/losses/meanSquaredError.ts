/** (p − t)² */
@unmanaged
export class MeanSquaredError {
  @inline
  value(p: v128, t: v128, setting: v128): v128 {
    const d = f32x4.sub(p, t);
    return f32x4.mul(d, d);
  }

  @inline
  derivative(p: v128, t: v128, setting: v128): v128 {
    const d = f32x4.sub(p, t);
    return f32x4.add(d, d);
  }
}
