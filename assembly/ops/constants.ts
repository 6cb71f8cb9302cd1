// Where each op's constants lie in the constants region.
import { FIRST_FREE } from '../simd/math';

export const SELU: i32 = FIRST_FREE; // 2
export const GELU: i32 = FIRST_FREE + 2; // 6
export const MISH: i32 = FIRST_FREE + 8; // 1
export const HARD: i32 = FIRST_FREE + 9; // 4
export const ELU: i32 = FIRST_FREE + 13; // 2
export const SILU: i32 = FIRST_FREE + 15; // 1
export const NORMAL: i32 = FIRST_FREE + 16; // 24
