import { describe, expect, it } from 'vitest';
import { ops as table } from '../../src/plan/ops/index.js';
import { numbers } from '../reference/data.js';
import { Assembled } from '../support/assemble.js';
import { backends } from '../support/binaries.js';

describe.each(backends)('$binary', backend => {
  const { program } = new Assembled(backend, 1, builder => builder.emit(table.checkFinite, 'test', { columns: 1 }));
  const address = program.reserve(4 * 64);
  const room = new Float32Array(program.memory.buffer, address, 64);
  program.controls.x = address;

  /** The index of the first number that is not finite, or −1; what lies behind the numbers is none of its business. */
  function firstBad(values: ArrayLike<number>): number {
    room.fill(Number.NaN);
    room.set(values);
    program.controls.samples = values.length;
    const passed = program.run('ops') === 1;
    expect(passed).toBe(program.controls.failure === -1);
    return program.controls.failure;
  }

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('finds %d at every place', bad => {
    for (let length = 1; length <= 41; length++) {
      for (let place = 0; place < length; place++) {
        const values = numbers(length, length);
        values[place] = bad;
        expect(firstBad(values)).toBe(place);
      }
    }
  });

  it('finds the first of several', () => {
    const values = numbers(23, 1);
    for (const place of [22, 9, 6]) {
      values[place] = Number.NaN;
      expect(firstBad(values)).toBe(place);
    }
  });

  it('lets every finite number pass', () => {
    for (let length = 1; length <= 41; length++) expect(firstBad(numbers(length, 3))).toBe(-1);
    expect(firstBad([0, -0, 3.4028234663852886e38, -3.4028234663852886e38, 1e-45, -1e-45, 1])).toBe(-1);
  });

  it('lets bytes pass, whatever float32 they would make', () => {
    program.controls.bytes = 1;
    expect(firstBad(new Float32Array(8).fill(Number.NaN))).toBe(-1);
    program.controls.bytes = 0;
  });
});
