/** What a suite measures: the package's own choice for this platform, with or without turbo, and the peak of that binary. */
import { nodeHost } from '../../src/hosts/node.js';
import { type Backend, chooseBackend } from '../../src/runtime/binaries.js';
import { machine } from './machine.js';
import type { Peak } from './peak.js';

/** The backend that the command line asks for with `turbo` or without; ends the process where there is no turbo. */
export async function benchBackend(): Promise<{ backend: Backend; peak: Peak; ceiling: number }> {
  const turbo = process.argv.includes('turbo');
  const backend = await chooseBackend(nodeHost, { deterministic: false, turbo });
  if (turbo && !backend.turbo) {
    console.log(backend.reason);
    process.exit();
  }
  // Loaded only now: on Node 20 its compiler switches relaxed SIMD on, which the backend without turbo must not see.
  const { Peak: Probe } = await import('./peak.js');
  const peak = await Probe.of(backend.binary);
  const { perTurn, turns } = peak.instructions;
  console.log(
    `\n${machine()}\n${backend.binary}: ${backend.reason}; the probe: ${turns} × ${perTurn} vector multiply-adds`,
  );
  return { backend, peak, ceiling: backend.paired ? 2 : 1 };
}

/** A line of a table. */
export function line(widths: readonly number[], cells: readonly string[]): void {
  console.log(
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 12))
      .join('')
      .trimEnd(),
  );
}
