// The WebAssembly surface: `run`, and `initialize` once for a new memory.
import { writeActivationConstants } from './ops/activation';
import { writeOptimizerConstants } from './ops/optimizer';
import { writeMathConstants } from './simd/math';

export { run } from './run';

/** Writes the constants region. */
export function initialize(): void {
  writeMathConstants();
  writeActivationConstants();
  if (!isDefined(FORWARD_ONLY)) writeOptimizerConstants();
}
