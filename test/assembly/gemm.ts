// The matrix products by themselves.
export { writeSteps as initialize } from '../../assembly/simd/constants';
export { multiply, multiplyByTransposed, multiplyTransposed, sumRows } from '../../assembly/simd/gemm';
