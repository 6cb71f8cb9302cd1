/** Where a benchmark ran. */
import { cpus } from 'node:os';

/** V8 was told to pack pairs of 128-bit operations into 256 bits. Whether it does is for the figures to show. */
export const revectorized = process.execArgv.includes('--experimental-wasm-revectorize');

/** Runtime, processor and flags, in one line. */
export function machine(): string {
  const { bun, deno, node } = process.versions;
  const runtime = bun ? `Bun ${bun}` : deno ? `Deno ${deno}` : `Node ${node}`;
  const flags = process.execArgv.filter(flag => flag.includes('wasm'));
  return [runtime, `${cpus()[0]?.model.trim()} × ${cpus().length}`, process.arch, ...flags].join(', ');
}
