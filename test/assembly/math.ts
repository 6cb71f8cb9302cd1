// Applies each function of assembly/simd/math.ts to an array: count is a multiple of four.
import * as math from '../../assembly/simd/math';

export function initialize(): void {
  math.writeMathConstants();
}

export function exp(y: usize, x: usize, count: i32): void {
  for (let i: usize = 0; i < <usize>count << 2; i += 16) v128.store(y + i, math.exp(v128.load(x + i)));
}

export function expm1(y: usize, x: usize, count: i32): void {
  for (let i: usize = 0; i < <usize>count << 2; i += 16) v128.store(y + i, math.expm1(v128.load(x + i)));
}

export function log(y: usize, x: usize, count: i32): void {
  for (let i: usize = 0; i < <usize>count << 2; i += 16) v128.store(y + i, math.log(v128.load(x + i)));
}

export function log1p(y: usize, x: usize, count: i32): void {
  for (let i: usize = 0; i < <usize>count << 2; i += 16) v128.store(y + i, math.log1p(v128.load(x + i)));
}

export function tanh(y: usize, x: usize, count: i32): void {
  for (let i: usize = 0; i < <usize>count << 2; i += 16) v128.store(y + i, math.tanh(v128.load(x + i)));
}

export function gateTanh(y: usize, x: usize, count: i32): void {
  for (let i: usize = 0; i < <usize>count << 2; i += 16) v128.store(y + i, math.gateTanh(v128.load(x + i)));
}

export function sigmoid(y: usize, x: usize, count: i32): void {
  for (let i: usize = 0; i < <usize>count << 2; i += 16) v128.store(y + i, math.sigmoid(v128.load(x + i)));
}

export function softplus(y: usize, x: usize, count: i32): void {
  for (let i: usize = 0; i < <usize>count << 2; i += 16) v128.store(y + i, math.softplus(v128.load(x + i)));
}

export function bell(y: usize, x: usize, count: i32): void {
  for (let i: usize = 0; i < <usize>count << 2; i += 16) v128.store(y + i, math.bell(v128.load(x + i)));
}

export function normalCdf(y: usize, x: usize, count: i32): void {
  for (let i: usize = 0; i < <usize>count << 2; i += 16) {
    const value = v128.load(x + i);
    v128.store(y + i, math.normalCdf(value, math.bell(value)));
  }
}
