/**
 * predict.wasm, which only goes forward, and chains.wasm, which knows less still: the bits of the binary that trains
 * too, and no op passed over.
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { planPrediction } from '../../src/network.js';
import { Builder } from '../../src/plan/builder.js';
import { formatBytes, type WeightFormat, weightFormats } from '../../src/plan/formats.js';
import { ops as table } from '../../src/plan/ops/index.js';
import { opName } from '../../src/plan/ops/op.js';
import { Program } from '../../src/runtime/program.js';
import { setBatch } from '../../src/runtime/staging.js';
import { numbers } from '../reference/data.js';
import { backendOf } from '../support/binaries.js';
import { architectureOf, type Case, cases } from '../threads/cases.js';

const { module: whole } = await backendOf('simd');
const binary = (name: string) =>
  new WebAssembly.Module(readFileSync(new URL(`../../wasm/${name}.wasm`, import.meta.url)));
const [forward, chains] = [binary('predict'), binary('chains')];

/** Predictions of some rows with parameters that are the same in every call. */
function predict(module: WebAssembly.Module, each: Case, weights: WeightFormat, paired: boolean): Float32Array {
  const rows = 13;
  const { plan, inputs, outputs } = planPrediction(architectureOf(each), rows, paired, weights);
  const program = new Program(module, plan);
  plan.parameters.forEach((parameter, index) => {
    const values = numbers(parameter.data.bytes / formatBytes[parameter.format], index);
    const { format } = parameter;
    // Of float16's bits all but the highest of the exponent: small numbers.
    const stored = values.map(v => (format === 'float32' ? v / 8 : format === 'int8' ? 9 * v : 12000 * Math.abs(v)));
    program.stored(parameter).set(stored);
  });
  const address = program.reserve(rows * inputs * 4);
  new Float32Array(program.memory.buffer, address).set(numbers(rows * inputs, 99));
  program.controls.x = address;
  setBatch(program, rows);
  expect(program.run('predict')).toBe(1);
  return program.floats(plan.region('predictions')).slice(0, rows * outputs);
}

const run = readFileSync(new URL('../../assembly/run.ts', import.meta.url), 'utf8');
const [, beyond = ''] = run.split('function executeGraphs');

/** Whether chains.wasm holds all its ops. */
function isKnown(each: Case): boolean {
  const { plan } = planPrediction(architectureOf(each), 1, false);
  return plan.records.every(({ op }) => !beyond.includes(`case Opcode.${opName(op)}:`));
}

it('some networks are beyond chains.wasm, and most are not', () => {
  const known = cases.filter(isKnown).length;
  expect(known).toBeGreaterThan(cases.length / 2);
  expect(known).toBeLessThan(cases.length);
});

it.each(cases)('$name: the same bits', each => {
  for (const weights of weightFormats) {
    for (const paired of [false, true]) {
      const got = predict(forward, each, weights, paired);
      expect(got.some(value => value !== 0)).toBe(true);
      const expected = predict(whole, each, weights, paired);
      expect(got).toEqual(expected);
      if (isKnown(each)) expect(predict(chains, each, weights, paired)).toEqual(expected);
      else expect(() => predict(chains, each, weights, paired)).toThrow(WebAssembly.RuntimeError);
    }
  }
});

it('an op that a binary does not know ends the run with an error', () => {
  const builder = new Builder(1, { paired: false });
  builder.section('trains', () => builder.emit(table.nextBatch, 'test', { counts: 0 }));
  builder.section('predicts', () => builder.emit(table.checkFinite, 'test', { columns: 1 }));
  const plan = builder.finish();
  expect(new Program(whole, plan).run('trains')).toBe(1);
  expect(new Program(forward, plan).run('predicts')).toBe(1);
  for (const module of [forward, chains]) {
    expect(() => new Program(module, plan).run('trains')).toThrow(WebAssembly.RuntimeError);
  }
  for (const module of [whole, forward, chains]) {
    const program = new Program(module, plan);
    new DataView(program.memory.buffer).setInt32(program.section('predicts').first, 9999, true);
    expect(() => program.run('predicts')).toThrow(WebAssembly.RuntimeError);
  }
});
