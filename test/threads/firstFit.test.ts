/**
 * A new model's first fit gives the bits that it gave in version 0.1.0 (commit 67ebb3d): every kind of layer, loss and
 * optimiser, on one thread and on three, with both binaries.
 *
 *     WRITE_BITS=1 test/runtimes/node_modules/node24/bin/node node_modules/vitest/vitest.mjs run test/threads/firstFit
 *
 * writes the fixture anew: where a function was wrong, and its bits are to change. Node 20 takes the deterministic
 * binary for both.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { dense, type Model, sequential } from '../../src/entries/node.js';
import { architectureOf, arraysOf, type Case, dataOf, firstCases } from './cases.js';
import { hostWith, modelOn, watchedThreads } from './hosts.js';

type Bits = Readonly<Record<string, { readonly simd: string; readonly relaxed: string }>>;

const path = new URL('../fixtures/firstFit.json', import.meta.url);
const kept: Bits = process.env.WRITE_BITS ? {} : JSON.parse(readFileSync(path, 'utf8'));
const found: Record<string, Bits[string]> = {};

const alone = modelOn(hostWith(undefined));
const together = modelOn(hostWith(watchedThreads().host));

afterAll(async () => {
  await (await together.create(sequential([1], [dense(1)]))).dispose();
  if (process.env.WRITE_BITS) writeFileSync(path, `${JSON.stringify(found, undefined, 1)}\n`);
});

/**
 * Sixteen hexadecimal digits for the parameters and costs of two epochs, and for predictions and gradients after them.
 */
async function bitsOf(Class: typeof Model, each: Case, threads: number, deterministic: boolean): Promise<string> {
  const { loss, optimizer, batchSize, rows } = each;
  const model = await Class.create(architectureOf(each), { seed: 7, deterministic });
  const hash = createHash('sha256');
  const add = (numbers: Float32Array | readonly number[]) => hash.update(Float64Array.from(numbers));
  const data = dataOf(each, rows, 3);
  add((await model.fit(data, { loss, optimizer, batchSize, threads, epochs: 2 })).loss);
  for (const parameter of model.parameters) add(parameter.data);
  for (const made of arraysOf(model.predict(data.x))) add(made);
  for (const gradient of Object.values(model.gradients(data.x, data.y, { loss }).gradients)) add(gradient);
  return hash.digest('hex').slice(0, 16);
}

it.each(firstCases)('$name', async each => {
  const bits = { simd: await bitsOf(alone, each, 1, true), relaxed: await bitsOf(alone, each, 1, false) };
  expect(await bitsOf(together, each, 3, true)).toBe(bits.simd);
  expect(await bitsOf(together, each, 3, false)).toBe(bits.relaxed);
  found[each.name] = bits;
  if (process.env.WRITE_BITS) return;
  const was = kept[each.name];
  expect(bits.simd).toBe(was?.simd);
  // Engines without relaxed SIMD, and processors without fused multiply-add, round as the other binary does.
  if (bits.relaxed !== bits.simd) expect(bits.relaxed).toBe(was?.relaxed);
});
