/**
 * Quantised models: what they store, how far they are from float32, what they refuse, and what is refused of their
 * files.
 */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { dense, Model, sequential, Trainer } from '../../src/entries/node.js';
import { Model as Predictor } from '../../src/entries/predict.node.js';
import { readSafetensors, type Tensor, writeSafetensors } from '../../src/files/safetensors.js';
import { dequantize, fromFloat16, toFloat16, toInt8 } from '../../src/quantize.js';
import { at } from '../reference/activations.js';
import { numbers } from '../reference/data.js';

/** float16 by its definition: sign, 5 bits of exponent, 10 of fraction. */
function float16(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const finite = Array.from({ length: 65536 }, (_, bits) => bits).filter(bits => (bits & 0x7c00) !== 0x7c00);
const float32 = (bits: number) => at(new Float32Array(Uint32Array.of(bits).buffer), 0);
const bitsOf = (value: number) => at(new Uint32Array(Float32Array.of(value).buffer), 0);

describe('float16', () => {
  it('means what the standard says, and comes back as the same bits', () => {
    const numbers = fromFloat16(Uint16Array.from(finite));
    finite.forEach((bits, i) => {
      if (!Object.is(numbers[i], float16(bits))) throw new Error(`${bits}: ${numbers[i]} is not ${float16(bits)}`);
    });
    expect([...toFloat16('test', numbers)]).toEqual(finite);
  });

  it('is the nearest there is, ties to even, between any two neighbours', () => {
    // The float32 in the middle of each pair of neighbours, and those just below and above it.
    for (let bits = 0; bits < 0x7bff; bits++) {
      const middle = bitsOf((float16(bits) + float16(bits + 1)) / 2);
      const even = bits % 2 === 0 ? bits : bits + 1;
      const got = [...toFloat16('test', Float32Array.of(float32(middle - 1), float32(middle), float32(middle + 1)))];
      const minus = [...toFloat16('test', Float32Array.of(-float32(middle)))];
      if (`${got} ${minus}` !== `${[bits, even, bits + 1]} ${even | 0x8000}`)
        throw new Error(`${bits}: ${got} ${minus}`);
    }
    expect([...toFloat16('test', Float32Array.of(2 ** -26, -(2 ** -149), 65519.996))]).toEqual([0, 0x8000, 0x7bff]);
  });

  it('refuses what would become infinite', () => {
    expect(() => toFloat16('quantize: w', Float32Array.of(1, -65520))).toThrow(
      new RangeError(
        `quantize: w: expected numbers from -65504 to 65504, got -65520; take weights: 'int8', whose columns have scales`,
      ),
    );
  });
});

describe('int8', () => {
  it('is within half a step of every weight, whose step is a 127th of the largest of its column', () => {
    const value = fc.float({ noNaN: true, min: -(2 ** 127), max: 2 ** 127 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.array(value, { minLength: 7, maxLength: 70 }), (columns, list) => {
        const data = Float32Array.from(list.slice(0, list.length - (list.length % columns)));
        const { values, scales } = toInt8(data, columns);
        const again = dequantize(values, scales);
        data.forEach((value, i) => {
          const column = data.filter((_, k) => k % columns === i % columns);
          const step = column.reduce((most, v) => Math.max(most, Math.abs(v)), 0) / 127;
          // A scale is rounded to float32: 127 of them miss by as many roundings, denormal ones by more.
          const bound = step * (0.5 + 127 * 2 ** -23) + 127 * 2 ** -149;
          if (!(Math.abs(at(again, i) - value) <= bound)) throw new Error(`${value} became ${again[i]}, step ${step}`);
          if (Math.abs(values[i] ?? 128) > 127) throw new Error(`${values[i]} is beyond 127`);
        });
      }),
    );
  });

  it('stores columns of zeros', () => {
    expect(toInt8(Float32Array.of(0, 2, -0, -0.5), 2)).toEqual({
      values: Int8Array.of(0, 127, 0, -32),
      scales: Float32Array.of(0, 2 / 127),
    });
  });
});

const architecture = sequential(64, [dense(100, { activation: 'relu' }), dense(33, { activation: 'tanh' }), dense(10)]);
const x = numbers(9 * 64, 5);
let model: Model;

beforeAll(async () => {
  model = await Model.create(architecture, { seed: 3 });
  model.metadata.note = 'kept';
  const biases = model.parameters.filter(({ shape }) => shape.length === 1);
  model.setParameters(Object.fromEntries(biases.map(({ name, data }, i) => [name, numbers(data.length, i + 1)])));
});

/** Every layer's output in float64. */
function predict(parameters: Model['parameters'], rows: Float32Array): Float64Array {
  let value = Float64Array.from(rows);
  const [tanh, linear] = [Math.tanh, (v: number) => v];
  for (const [layer, act] of [(v: number) => Math.max(0, v), tanh, linear].entries()) {
    const [weight, bias] = parameters.slice(2 * layer, 2 * layer + 2);
    const [inputs = 1, outputs = 1] = weight?.shape ?? [];
    value = Float64Array.from({ length: (value.length / inputs) * outputs }, (_, i) => {
      const [row, column] = [Math.floor(i / outputs), i % outputs];
      let sum = bias?.data[column] ?? Number.NaN;
      for (let k = 0; k < inputs; k++) sum += at(value, row * inputs + k) * (weight?.data[k * outputs + column] ?? 0);
      return act(sum);
    });
  }
  return value;
}

/** How far a layer's outputs can move: what comes in moved by `input`, and weights by `error` of their column. */
function outputBound(parameters: Model['parameters'], relativeError: (largest: number, value: number) => number) {
  let moved = 0;
  let largest = x.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  for (const layer of [0, 1, 2]) {
    const [weight, bias] = parameters.slice(2 * layer, 2 * layer + 2);
    const [inputs = 1, outputs = 1] = weight?.shape ?? [];
    let [most, reach] = [0, 0];
    for (let column = 0; column < outputs; column++) {
      const own = Array.from({ length: inputs }, (_, k) => Math.abs(weight?.data[k * outputs + column] ?? 0));
      const peak = Math.max(...own);
      const errors = own.map(value => relativeError(peak, value));
      const sum = own.reduce((total, value, k) => total + value * moved + (errors[k] ?? 0) * (largest + moved), 0);
      most = Math.max(most, sum);
      reach = Math.max(reach, own.reduce((total, v) => total + v * largest, 0) + Math.abs(bias?.data[column] ?? 0));
    }
    // None of these activations moves further than what it acts on.
    [moved, largest] = [most, layer === 1 ? 1 : reach];
  }
  return moved;
}

describe.each([
  ['int8', 4, (largest: number) => (largest / 127) * 0.501],
  ['float16', 2, (_: number, value: number) => value * 2 ** -11 + 2 ** -25],
] as const)('%s', (weights, times, error) => {
  it('predicts what its weights stand for, and close to what the float32 ones did', async () => {
    const quantized = await model.quantize({ weights });
    expect([model.weights, quantized.weights]).toEqual(['float32', weights]);
    expect(quantized).toBeInstanceOf(Model);
    const got = quantized.predict(x);
    const want = predict(quantized.parameters, x);
    got.forEach((value, i) => {
      expect(Math.abs(value - at(want, i))).toBeLessThan(1e-5);
    });
    const float = model.predict(x);
    const bound = outputBound(model.parameters, error) + 1e-5;
    const moved = got.reduce((most, value, i) => Math.max(most, Math.abs(value - at(float, i))), 0);
    expect(moved).toBeLessThanOrEqual(bound);
    expect(moved).toBeGreaterThan(0);
  });

  it('is stored as such, in as much less, and read by both entries', async () => {
    const quantized = await model.quantize({ weights });
    const bytes = quantized.toBytes();
    const columns = 100 + 33 + 10;
    const matrices = 64 * 100 + 100 * 33 + 33 * 10;
    const data = (matrices * 4) / times + columns * 4 * (weights === 'int8' ? 2 : 1);
    expect(bytes.length).toBe(8 + at(new Uint32Array(bytes.buffer.slice(0, 4)), 0) + data);
    const { tensors, metadata } = readSafetensors(bytes);
    expect(metadata).toMatchObject({ weights, note: 'kept', myelin: '1' });
    const scale = weights === 'int8' ? ['0.dense.weight.scale'] : [];
    expect(tensors.slice(0, 2 + scale.length).map(({ name }) => name)).toEqual([
      '0.dense.weight',
      ...scale,
      '0.dense.bias',
    ]);
    const [again, predictor] = await Promise.all([Model.fromBytes(bytes), Predictor.fromBytes(bytes)]);
    expect([again.weights, predictor.weights, again.metadata.note]).toEqual([weights, weights, 'kept']);
    expect(again.toBytes()).toEqual(bytes);
    expect(again.predict(x)).toEqual(quantized.predict(x));
    const exact = await Model.fromBytes(bytes, { deterministic: true });
    expect(predictor.predict(x)).toEqual(exact.predict(x));
    expect(predictor.predict(x.subarray(64, 128))).toEqual(exact.predict(x).subarray(10, 20));
  });

  it('predicts on threads, shows every layer, and judges', async () => {
    const quantized = await model.quantize({ weights });
    const many = numbers(20_000 * 64, 6);
    expect(await quantized.predictAsync(many, { threads: 2 })).toEqual(quantized.predict(many));
    await quantized.dispose();
    expect(quantized.forward(x).layers[2]?.data).toEqual(quantized.predict(x));
    // With targets of 0 the cost is the mean of the squares.
    const squares = predict(quantized.parameters, x).map(value => value * value);
    const mean = squares.reduce((sum, value) => sum + value, 0) / squares.length;
    const targets = new Float32Array(squares.length);
    expect(quantized.cost(x, targets, { loss: 'meanSquaredError' }) / mean).toBeCloseTo(1, 5);
    const judged = quantized.evaluate({ x, y: targets }, { loss: 'meanSquaredError' });
    expect(judged.loss / mean).toBeCloseTo(1, 5);
    expect(quantized.summary()).toContain('10,173 parameters');
  });

  it('refuses to be trained, set or quantised once more', async () => {
    const quantized = await model.quantize({ weights });
    const options = { loss: 'meanSquaredError', optimizer: 'adam' } as const;
    const targets = new Float32Array(90);
    const message = `expected a model with float32 weights, got one with ${weights} weights; quantised weights are for prediction: train the float32 model and quantise again`;
    await expect(quantized.fit({ x, y: targets }, options)).rejects.toThrow(new TypeError(`fit: ${message}`));
    await expect(quantized.trainer(options)).rejects.toThrow(new TypeError(`trainer: ${message}`));
    expect(() => quantized.gradients(x, targets, { loss: 'meanSquaredError' })).toThrow(`gradients: ${message}`);
    expect(() => quantized.setParameters({})).toThrow(`setParameters: ${message}`);
    await expect(quantized.quantize({ weights: 'int8' })).rejects.toThrow(`quantize: ${message}`);
  });
});

it(`a user's own string under the key 'weights' is left out of files, as for every key that has its meaning there`, async () => {
  const own = await Model.create(architecture);
  own.metadata.weights = 'int8';
  const { weights } = await Model.fromBytes(own.toBytes());
  expect(weights).toBe('float32');
});

describe('refused', () => {
  it.each([
    [{ weights: 'int4' }, `quantize: weights: expected a known name, got 'int4'; did you mean 'int8'?`],
    [{ weights: 'float32' }, `quantize: weights: expected a known name, got 'float32'; did you mean 'float16'?`],
    [{}, 'quantize: weights: expected one of float16, int8, got undefined'],
    [{ weights: 'int8', bits: 4 }, `quantize: expected known options only, got 'bits'; known: weights`],
  ])('%o', async (options, message) => {
    await expect(model.quantize(options as { weights: 'int8' })).rejects.toThrow(message);
  });

  /** A file of the model with some of its tensors exchanged. */
  async function spoilt(weights: 'int8' | 'float16', change: (tensor: Tensor) => Tensor | undefined, says = weights) {
    const { tensors, metadata } = readSafetensors((await model.quantize({ weights })).toBytes());
    const changed = tensors.flatMap(tensor => change(tensor) ?? []);
    return writeSafetensors(changed, { ...metadata, weights: says });
  }
  const scaleOf = (value: number) => (tensor: Tensor) => {
    return tensor.name === '0.dense.weight.scale' ? { ...tensor, data: new Float32Array(100).fill(value) } : tensor;
  };

  it.each([
    ['a scale of NaN', () => spoilt('int8', scaleOf(Number.NaN)), '0.dense.weight.scale[0]: expected a finite float32'],
    [
      'an infinite scale',
      () => spoilt('int8', scaleOf(Infinity)),
      '0.dense.weight.scale[0]: expected a finite float32',
    ],
    [
      'no scale',
      () => spoilt('int8', tensor => (tensor.name === '0.dense.weight.scale' ? undefined : tensor)),
      '0.dense.weight.scale: expected tensor [100], got none',
    ],
    [
      'a scale too few',
      () =>
        spoilt('int8', tensor => {
          if (tensor.name !== '0.dense.weight.scale') return tensor;
          return { ...tensor, shape: [99], data: new Float32Array(99) };
        }),
      '0.dense.weight.scale: expected tensor [100], got [99]',
    ],
    [
      'an infinite weight',
      () =>
        spoilt('float16', tensor => {
          if (tensor.name !== '0.dense.weight') return tensor;
          return { ...tensor, data: new Uint16Array(6400).fill(0xfc00) };
        }),
      '0.dense.weight[0]: expected a finite float16 number, got an infinity or NaN',
    ],
    [
      'a bias in float16',
      () =>
        spoilt('float16', tensor => {
          return tensor.name === '0.dense.bias' ? { ...tensor, data: new Uint16Array(100) } : tensor;
        }),
      '0.dense.bias: expected dtype F32, got F16',
    ],
    ['another kind than it says', () => spoilt('int8', tensor => tensor, 'float16'), 'expected dtype F16, got I8'],
    ['a kind that is not known', () => spoilt('int8', tensor => tensor, 'int4' as 'int8'), `weights: expected a known`],
  ])('%s', async (_, make, message) => {
    const bytes = await make();
    for (const entry of [Model, Predictor]) await expect(entry.fromBytes(bytes)).rejects.toThrow(message);
  });

  it(`quantised weights in a trainer's file`, async () => {
    const trainer = await model.trainer({ loss: 'meanSquaredError', optimizer: 'sgd' });
    const { metadata } = readSafetensors(trainer.toBytes());
    const { tensors } = readSafetensors((await model.quantize({ weights: 'float16' })).toBytes());
    const bytes = writeSafetensors(tensors, { ...metadata, weights: 'float16' });
    await expect(Trainer.fromBytes(bytes)).rejects.toThrow(
      'Trainer.fromBytes: expected a model with float32 weights, got one with float16 weights',
    );
  });
});
