/**
 * The product with weights of 8 and 16 bits, by way of plans: against float64 of the numbers that the weights stand
 * for, padding and foreign memory included, and bit by bit against itself in other batches.
 */
import { describe, expect, it } from 'vitest';
import { sequential } from '../../src/architecture.js';
import { dense } from '../../src/layers/dense.js';
import { planPrediction } from '../../src/network.js';
import type { StoredNumbers, WeightFormat } from '../../src/plan/formats.js';
import { toPanels } from '../../src/plan/panels.js';
import { Program } from '../../src/runtime/program.js';
import { copySamples, setBatch } from '../../src/runtime/staging.js';
import { at } from '../reference/activations.js';
import { numbers } from '../reference/data.js';
import { backends, pairedBackends } from '../support/binaries.js';
import { Inspector } from '../support/inspect.js';

type Quantized = Exclude<WeightFormat, 'float32'>;

/** float16 by its definition: sign, 5 bits of exponent, 10 of fraction. */
function float16(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Stored weights, their scales, and the numbers they stand for. */
interface Weights {
  readonly stored: StoredNumbers;
  readonly scales: Float32Array;
  readonly values: Float64Array;
}

function someWeights(format: Quantized, inputs: number, outputs: number): Weights {
  const noise = numbers(inputs * outputs, 1);
  const scales = numbers(outputs, 2).map(value => Math.abs(value) / 100);
  if (format === 'int8') {
    const stored = Int8Array.from(noise, value => Math.round(value * 127) % 128);
    return { stored, scales, values: Float64Array.from(stored, (value, i) => value * at(scales, i % outputs)) };
  }
  // Every seventh is denormal.
  const stored = Uint16Array.from(noise, (value, i) => {
    return (value < 0 ? 0x8000 : 0) | (i % 7 === 3 ? i & 1023 : 0x3000 + (Math.abs(value * 1e6) & 0xfff));
  });
  return { stored, scales, values: Float64Array.from(stored, float16) };
}

interface Case {
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly activation?: 'linear' | 'relu';
  readonly useBias?: boolean;
}

type Backend = (typeof backends)[number];

function programs(backend: Backend, format: Quantized, { rows, inputs, outputs, activation, useBias }: Case) {
  const layer = dense(outputs, { name: 'd', activation: activation ?? 'linear', useBias: useBias ?? true });
  const network = planPrediction(sequential([inputs], [layer]), rows, backend.paired, format);
  const weights = someWeights(format, inputs, outputs);
  const bias = useBias === false ? new Float32Array(outputs) : numbers(outputs, 3);
  const given = new Map<string, StoredNumbers>([
    ['d.weight', weights.stored],
    ['d.weight.scale', weights.scales],
    ['d.bias', bias],
  ]);
  const write = (program: Program) => {
    for (const parameter of network.plan.parameters) {
      toPanels(program.stored(parameter), given.get(parameter.name) ?? [], parameter.rows, parameter.columns);
    }
    return program;
  };
  return { network, weights, bias, write };
}

function check(backend: Backend, format: Quantized, sizes: Case): string[] {
  const { rows, inputs, outputs, activation } = sizes;
  const { network, weights, bias, write } = programs(backend, format, sizes);
  const inspector = new Inspector(backend, network.plan);
  const { program, problems } = inspector;
  write(program);
  const x = numbers(rows * inputs, 4);
  copySamples(program, program.reserve(x.byteLength), { rows, values: x, scale: 1 }, 0, rows);
  for (const batch of [rows, Math.ceil(rows / 2)]) {
    setBatch(program, batch);
    inspector.poison();
    inspector.run('predict');
    const got = program.floats(network.plan.region('predictions'));
    for (let i = 0; i < batch * outputs; i++) {
      const [row, column] = [Math.floor(i / outputs), i % outputs];
      let sum = at(bias, column);
      let size = Math.abs(sum);
      for (let k = 0; k < inputs; k++) {
        const product = at(x, row * inputs + k) * at(weights.values, k * outputs + column);
        sum += product;
        size += Math.abs(product);
      }
      // Each product, each sum, the scale and the bias round once at most.
      const bound = (inputs + 4) * 2 ** -24 * size;
      const want = activation === 'relu' ? Math.max(0, sum) : sum;
      if (!(Math.abs(at(got, i) - want) <= bound)) {
        problems.push(`${JSON.stringify(sizes)} [${row}, ${column}]: got ${got[i]}, want ${want}`);
        break;
      }
    }
  }
  return problems;
}

describe.each([...backends, ...pairedBackends])('$binary, paired: $paired', backend => {
  it.each(['int8', 'float16'] as const)('%s at every size', format => {
    const problems: string[] = [];
    for (const n of [...Array.from({ length: 17 }, (_, i) => i + 1), 33, 47, 129]) {
      problems.push(...check(backend, format, { rows: n, inputs: 10, outputs: 5 }));
      problems.push(...check(backend, format, { rows: 3, inputs: n, outputs: 10 }));
      problems.push(...check(backend, format, { rows: 3, inputs: 5, outputs: n, activation: 'relu' }));
      problems.push(...check(backend, format, { rows: 1, inputs: n, outputs: n, useBias: false }));
    }
    problems.push(...check(backend, format, { rows: 33, inputs: 801, outputs: 47, activation: 'relu' }));
    expect(problems).toEqual([]);
  });

  it.each(['int8', 'float16'] as const)('%s: a row has the same bits in every batch', format => {
    const sizes = { rows: 37, inputs: 850, outputs: 66 };
    const { network, write } = programs(backend, format, sizes);
    const program = write(new Program(backend.module, network.plan));
    const x = numbers(sizes.rows * sizes.inputs, 4);
    const predict = (first: number, last: number) => {
      const samples = { rows: sizes.rows, values: x, scale: 1 };
      copySamples(program, program.reserve(x.byteLength), samples, first, last);
      setBatch(program, last - first);
      program.run('predict');
      const all = program.floats(network.plan.region('predictions'));
      return new Uint32Array(all.slice(0, (last - first) * sizes.outputs).buffer);
    };
    const whole = predict(0, 37);
    for (const [first, last] of [
      [0, 1],
      [36, 37],
      [5, 7],
      [2, 5],
      [0, 36],
    ] as const) {
      expect(predict(first, last)).toEqual(whole.slice(first * sizes.outputs, last * sizes.outputs));
    }
  });
});

describe.each(backends)('$binary', backend => {
  it('widens every finite float16 exactly', () => {
    const rows = 1024;
    const all = Uint16Array.from({ length: 65536 }, (_, i) => i).filter(bits => (bits & 0x7c00) !== 0x7c00);
    const outputs = all.length / rows;
    // Row by row through the identity: 1 · w among zeros.
    const network = planPrediction(
      sequential([rows], [dense(outputs, { name: 'd', useBias: false })]),
      64,
      false,
      'float16',
    );
    const program = new Program(backend.module, network.plan);
    const [weight] = network.plan.parameters;
    if (!weight) throw new Error('no weight');
    toPanels(program.stored(weight), all, rows, outputs);
    const address = program.reserve(64 * rows * 4);
    for (const batch of [1, 64]) {
      for (let first = 0; first < rows; first += 64) {
        const x = new Float32Array(batch * rows);
        for (let row = 0; row < batch; row++) x[row * rows + first + row] = 1;
        copySamples(program, address, { rows: batch, values: x, scale: 1 }, 0, batch);
        setBatch(program, batch);
        program.run('predict');
        const got = program.floats(network.plan.region('predictions')).slice(0, batch * outputs);
        // Sums begin at 0, so −0 becomes 0.
        const want = all.subarray(first * outputs, (first + batch) * outputs);
        expect(got).toEqual(Float32Array.from(want, bits => float16(bits) + 0));
      }
    }
  });
});
