// The WebAssembly surface: `run`, and `initialize` once for a new memory.
import { writeActivationConstants } from './ops/activation';
import { writeNormalConstants } from './ops/normal';
import { writeSteps } from './simd/constants';
import { writeMathConstants } from './simd/math';
import { writeQuantizedConstants } from './simd/quantized';

export { run } from './run';

/** Writes the constants region. */
export function initialize(): void {
  writeMathConstants();
  writeQuantizedConstants();
  writeActivationConstants();
  writeSteps();
  if (isDefined(FORWARD_ONLY)) return;
  writeNormalConstants();
}
