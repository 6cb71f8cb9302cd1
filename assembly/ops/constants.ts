// Where each op's constants lie in the constants region.
import { FIRST_FREE } from '../simd/math';

export const SELU: i32 = FIRST_FREE; // 2
export const GELU: i32 = FIRST_FREE + 2; // 4
export const MISH: i32 = FIRST_FREE + 6; // 1
export const HARD: i32 = FIRST_FREE + 7; // 4
export const OPTIMIZER: i32 = FIRST_FREE + 11; // 1
export const NORMAL: i32 = FIRST_FREE + 12; // 24
