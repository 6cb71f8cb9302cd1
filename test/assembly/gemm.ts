// The matrix products by themselves.
export { multiply, multiplyByTransposed, multiplyTransposed, sumRows } from '../../assembly/simd/gemm';
