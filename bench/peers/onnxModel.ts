/** A dense network as the bytes of an .onnx file, which is a protocol buffer: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */

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

interface Parameter {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

function tensor(name: string, { shape, data }: Parameter): Buffer {
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

/** x → dense, relu → dense, softmax → y, for one row; the parameters in the order of `model.parameters`. */
export function onnxModel(parameters: readonly Parameter[]): Buffer {
  const names = ['w1', 'b1', 'w2', 'b2'];
  const [inputs = 0] = parameters[0]?.shape ?? [];
  const [outputs = 0] = parameters[3]?.shape ?? [];
  const graph = message(
    field(1, node('Gemm', ['x', 'w1', 'b1'], 'z1')),
    field(1, node('Relu', ['z1'], 'a1')),
    field(1, node('Gemm', ['a1', 'w2', 'b2'], 'z2')),
    field(1, node('Softmax', ['z2'], 'y')),
    field(2, 'network'),
    ...parameters.map((parameter, i) => field(5, tensor(names[i] ?? '', parameter))),
    field(11, value('x', [1, inputs])),
    field(12, value('y', [1, outputs])),
  );
  return message(field(1, 8), field(7, graph), field(8, message(field(1, ''), field(2, 13))));
}
