import { readFileSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/files/safetensors.js';
import { chance, pick } from '../fuzz/chance.js';
import { MUTATIONS } from '../fuzz/mutations.js';

// Files spoilt in every way we could think of: each must give one error in our voice, or exactly what its bytes say.

const ORIGINALS = [
  readFileSync(new URL('../fixtures/files/python.safetensors', import.meta.url)),
  Buffer.from(
    writeSafetensors(
      [
        { name: 'w', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
        { name: 'v', shape: [1], data: Float32Array.of(7) },
        { name: 'e', shape: [0], data: new Float32Array(0) },
      ],
      { a: 'b', c: 'd' },
    ),
  ),
  Buffer.from(
    writeSafetensors(
      [
        { name: 'w', shape: [2, 3], data: Int8Array.of(1, -2, 3, -4, 5, -6) },
        { name: 'w.scale', shape: [3], data: Float32Array.of(1, 2, 3) },
        { name: 'h', shape: [2], data: Uint16Array.of(0x3c00, 0x7c00) },
      ],
      { weights: 'int8' },
    ),
  ),
  Buffer.from(writeSafetensors([], {})),
];
const FILES_PER_KIND = 2000; // × 14 kinds = 28,000 files

/** What the file says, by the loosest reading there is: JSON.parse and raw bytes. */
function naiveRead(bytes: Buffer): { tensors: Map<string, unknown>; metadata: Map<string, unknown> } {
  const dataStart = 8 + Number(bytes.readBigUInt64LE());
  const header: Record<string, Record<string, string & number[]>> = JSON.parse(bytes.toString('utf8', 8, dataStart));
  const tensors = new Map<string, unknown>();
  let metadata = new Map<string, unknown>();
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') {
      metadata = new Map(Object.entries(value));
    } else {
      const [begin, end] = value.data_offsets ?? [];
      const data = bytes.subarray(dataStart).subarray(begin, end).toString('hex');
      tensors.set(name, { dtype: value.dtype, shape: value.shape, data });
    }
  }
  return { tensors, metadata };
}

afterEach(() => vi.unstubAllGlobals());

test.each(Object.keys(MUTATIONS))(`${FILES_PER_KIND} files after «%s»: a clean error or what the bytes say`, kind => {
  const mutate = MUTATIONS[kind];
  if (mutate === undefined) throw new Error(`no mutation ${kind}`);
  const next = chance(Object.keys(MUTATIONS).indexOf(kind));

  // Every array of numbers the reader makes, also on the way to an error, is seen here.
  let largest = 0;
  const watch = (array: typeof Float32Array | typeof Uint16Array | typeof Int8Array) =>
    new Proxy(array, {
      construct(target, args, newTarget) {
        const made = Reflect.construct(target, args, newTarget);
        largest = Math.max(largest, made.buffer.byteLength);
        return made;
      },
    });
  const watched = { Float32Array: watch(Float32Array), Uint16Array: watch(Uint16Array), Int8Array: watch(Int8Array) };

  let refused = 0;
  for (let count = 0; count < FILES_PER_KIND; count++) {
    let bytes: Buffer = pick(next, ORIGINALS);
    for (let times = 1 + next(2); times > 0; times--) bytes = bytes.length < 8 ? bytes : mutate(next, bytes);
    largest = 0;
    for (const [name, array] of Object.entries(watched)) vi.stubGlobal(name, array);
    const outcome = attempt(bytes);
    vi.unstubAllGlobals();
    if (largest > bytes.length) throw new Error(`${largest} bytes taken for a file of ${bytes.length}`);

    if (outcome instanceof Error) {
      refused++;
      const ours = outcome instanceof RangeError && /^model file.*: expected .+, got .+; .+$/.test(outcome.message);
      if (!ours || outcome.message.length > 1500) throw new Error('not an error of ours', { cause: outcome });
    } else {
      const said = naiveRead(bytes);
      const tensors = outcome.tensors.map(({ name, shape, data }) => {
        const hex = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');
        const dtype = data instanceof Float32Array ? 'F32' : data instanceof Uint16Array ? 'F16' : 'I8';
        return [name, { dtype, shape, data: hex }] as const;
      });
      expect(new Map(tensors)).toEqual(said.tensors);
      expect(tensors.length).toBe(said.tensors.size);
      expect(new Map(Object.entries(outcome.metadata))).toEqual(said.metadata);
    }
  }
  expect(refused).toBeGreaterThan(0);
});

function attempt(bytes: Uint8Array): ReturnType<typeof readSafetensors> | Error {
  try {
    return readSafetensors(bytes);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
