/**
 * A dense network as the bytes of an .onnx file, which is a protocol buffer:
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
import type { Chain } from './contest.js';
import { layersOf } from './given.js';

function varint(whole: number): number[] {
  const bytes: number[] = [];
  let value = whole;
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return [...bytes, value];
}

/** A field: whole numbers as they are, text, bytes and messages with their length before them. */
function field(number: number, value: number | string | Uint8Array): Buffer {
  if (typeof value === 'number') return Buffer.from([...varint(number * 8), ...varint(value)]);
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes]);
}

const message = (...fields: readonly Buffer[]) => Buffer.concat(fields);
const FLOAT = 1;

function tensor(name: string, shape: readonly number[], data: Float32Array): Buffer {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return message(...shape.map(size => field(1, size)), field(2, FLOAT), field(8, name), field(9, raw));
}

function node(type: string, inputs: readonly string[], output: string): Buffer {
  return message(...inputs.map(input => field(1, input)), field(2, output), field(4, type));
}

function value(name: string, shape: readonly number[]): Buffer {
  const dimensions = shape.map(size => field(1, field(1, size)));
  return message(field(1, name), field(2, field(1, message(field(1, FLOAT), field(2, message(...dimensions))))));
}

const operators: Readonly<Record<string, string>> = {
  relu: 'Relu',
  tanh: 'Tanh',
  sigmoid: 'Sigmoid',
  softmax: 'Softmax',
};

/** x → each layer with its activation → y, for so many rows; undefined where an activation has no operator. */
export function onnxModel(chain: Chain, parameters: Float32Array<ArrayBuffer>, rows: number): Buffer | undefined {
  const { widths, activations } = chain;
  if (!activations.every(name => name === 'linear' || operators[name])) return undefined;
  const layers = layersOf(widths, parameters);
  let from = 'x';
  const nodes = layers.flatMap((_, layer) => {
    const operator = operators[activations[layer] ?? ''];
    const last = layer === layers.length - 1;
    const [sums, out] = [last && !operator ? 'y' : `z${layer}`, last ? 'y' : `a${layer}`];
    const product = node('Gemm', [from, `w${layer}`, `b${layer}`], sums);
    from = operator ? out : sums;
    return operator ? [product, node(operator, [sums], out)] : [product];
  });
  const graph = message(
    ...nodes.map(one => field(1, one)),
    field(2, 'network'),
    ...layers.flatMap(({ inputs, outputs, weight, bias }, layer) => [
      field(5, tensor(`w${layer}`, [inputs, outputs], weight)),
      field(5, tensor(`b${layer}`, [outputs], bias)),
    ]),
    field(11, value('x', [rows, widths[0] ?? 1])),
    field(12, value('y', [rows, widths.at(-1) ?? 1])),
  );
  return message(field(1, 8), field(7, graph), field(8, message(field(1, ''), field(2, 13))));
}
