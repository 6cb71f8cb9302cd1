/** Training and predicting run in the room they are given: counted in a process of their own. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Allocations } from './support/allocations.js';

const script = fileURLToPath(new URL('./support/allocations.ts', import.meta.url));
const flags = ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64', '--import', 'tsx'];
const found: Allocations = JSON.parse(execFileSync(process.execPath, [...flags, script], { encoding: 'utf8' }));

describe('allocation', () => {
  it('training of more than 100,000 steps keeps to its WebAssembly memory and to its regions', () => {
    expect(found.steps).toBeGreaterThan(100_000);
    expect(found.memory[0]).toBeGreaterThan(0);
    expect(found.memory[1]).toBe(found.memory[0]);
    expect(found.regionsStay).toBe(true);
  });

  it('the JavaScript heap grows by less than 1 KB in 10,000 steps', () => {
    expect(found.heapGrowth.fit).toBeLessThan(1024);
    expect(found.heapGrowth.stepSync).toBeLessThan(1024);
  });

  it('predictInto makes no garbage', () => {
    // The smallest object has 16 bytes.
    expect(found.garbage.one).toBeLessThan(8);
    expect(found.garbage.many).toBeLessThan(8);
  });
});
