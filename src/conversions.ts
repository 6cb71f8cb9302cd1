/** Numbers and bytes that users hold, as the library's own; and how they are made of what is refused. */
import { wrongType, wrongValue } from './errors.js';
import { FORWARD_ONLY } from './forwardOnly.js';
import { arrayKind, type Bytes, hasKey, isHollow, isList, isLost, isNumberArray, isRevoked, kindOf } from './kinds.js';

/** The same memory as a plain `Float32Array`, whatever subclass or realm it was of. */
export function ownFloats(where: string, values: Float32Array): Float32Array {
  if (Object.getPrototypeOf(values) === Float32Array.prototype && values.length > 0) return values;
  refuseLost(where, values);
  return new Float32Array(values.buffer, values.byteOffset, values.length);
}

/** The same memory as a plain `Uint8Array`. */
export function ownBytes(where: string, values: Uint8Array | Uint8ClampedArray): Uint8Array {
  refuseLost(where, values);
  return new Uint8Array(values.buffer, values.byteOffset, values.length);
}

/** Refuses an array without its memory, whose length would be blamed otherwise. */
export function refuseLost(where: string, values: ArrayLike<unknown>): void {
  if (values.length > 0 || !isLost(values)) return;
  throw wrongType(where, 'an array with its memory', values, 'copy it before it is transferred');
}

/** Room for so many numbers; engines have errors of their own where there is none. */
export function roomFor(numbers: number): Float32Array {
  try {
    return new Float32Array(numbers);
  } catch (cause) {
    const expected = `room for ${Math.ceil(numbers / 2 ** 18)} MiB`;
    throw Object.assign(wrongValue('memory', expected, 'a refusal', 'give fewer rows at once'), { cause });
  }
}

/**
 * Bytes of a file as people hold them, checked, and in memory that text decoders, streams and the compiler take: other
 * memory is copied.
 */
export function fileBytes(where: string, value: unknown): Bytes {
  const kind = arrayKind(value);
  if (kind !== 'Uint8Array' && kind !== 'Uint8ClampedArray')
    throw wrongType(where, 'a Uint8Array', value, wrapping(value));
  return plainBytes(ownBytes(where, value as Uint8Array));
}

/** Copies bytes in memory that is shared, or that may grow and shrink. */
export function plainBytes(bytes: Uint8Array): Bytes {
  const { buffer } = bytes;
  const { resizable } = buffer as { resizable?: boolean };
  return kindOf(buffer) === 'ArrayBuffer' && !resizable ? (bytes as Bytes) : bytes.slice();
}

/** How to make a Uint8Array of what holds bytes; where bytes count, of most things that do. */
function wrapping(value: unknown): string {
  if (FORWARD_ONLY) return 'give new Uint8Array(buffer), of a body new Uint8Array(await body.arrayBuffer())';
  const kind = kindOf(value);
  if (ArrayBuffer.isView(value)) return 'give new Uint8Array(view.buffer, view.byteOffset, view.byteLength)';
  if (kind.endsWith('ArrayBuffer')) return 'wrap an ArrayBuffer as new Uint8Array(buffer)';
  if (BODIES.has(kind)) return `give new Uint8Array(await ${kind.toLowerCase()}.arrayBuffer())`;
  if (kind === 'ReadableStream') return 'give new Uint8Array(await new Response(stream).arrayBuffer())';
  if (kind === 'URL') return 'give new Uint8Array(await (await fetch(url)).arrayBuffer())';
  if (kind === 'Model' || kind === 'Trainer') return `give ${kind.toLowerCase()}.toBytes()`;
  if (kind === 'String') {
    return BASE64.test(String(value))
      ? 'of base64 give Uint8Array.from(atob(text), letter => letter.charCodeAt(0))'
      : 'of a file give what node:fs reads, or take Model.load(path)';
  }
  if (isList(value)) return 'give Uint8Array.from(bytes)';
  if (hasKey(value, 'data') && isList(value.data)) return 'of a Buffer out of JSON give Uint8Array.from(value.data)';
  if (isAsyncIterable(value)) return 'give what buffer(stream) of node:stream/consumers collects';
  return 'give the bytes of a whole file, as node:fs or fetch reads them';
}

/** What has an `arrayBuffer()`. */
const BODIES = new Set(['Blob', 'File', 'Response', 'Request']);
/** Longer than names of files are, and without their dots. */
const BASE64 = /^[\w+/=\s-]{100,}$/;

function isAsyncIterable(value: unknown): boolean {
  return hasKey(value, Symbol.asyncIterator);
}

/**
 * How to make numbers that are taken of what is not; `name` is what the user calls it. Where bytes count, of lists
 * alone.
 */
export function conversion(value: unknown, name = 'x'): string | undefined {
  if (FORWARD_ONLY) return hasKey(value, 'length') ? `give Float32Array.from(${name}, Number)` : undefined;
  const kind = arrayKind(value);
  if (kind?.startsWith('Big')) return `give Float32Array.from(${name}, Number)`;
  if (kind !== undefined) return `give Float32Array.from(${name})`;
  if (ArrayBuffer.isView(value)) return 'give new Float32Array(view.buffer, view.byteOffset, numbers)';
  const known = kindOf(value);
  if (known.endsWith('ArrayBuffer')) return 'give new Float32Array(buffer)';
  if (known === 'ImageData') return 'give its bytes: { x: image.data, scale: 1 / 255 }';
  if (BODIES.has(known)) return `give new Float32Array(await ${known.toLowerCase()}.arrayBuffer())`;
  if (typeof value === 'string') return 'make numbers of the text first';
  if (typeof value === 'number') return `give a list, [${name}]`;
  if (typeof value !== 'object' || value === null || isRevoked(value) || isHollow(value)) return undefined;
  if (known === 'Map') return `give Array.from(${name}.values())`;
  if (isAsyncIterable(value)) return `collect it first: for await (const row of ${name}) rows.push(row)`;
  if (hasKey(value, 'dataSync')) return `of a tensor give ${name}.dataSync()`;
  if (hasKey(value, 'data') && isNumberArray(value.data)) return `give ${name}.data`;
  if (Symbol.iterator in value || hasKey(value, 'length')) return `give Array.from(${name})`;
  return '0' in value ? `of an array out of JSON give Float32Array.from(Object.values(${name}))` : undefined;
}

/** What to do about a cell that is no number. */
export function numberMend(cell: unknown, row = 'row'): string {
  if (cell === null || cell === undefined) return 'fill in or leave out such rows';
  return typeof cell === 'object' ? 'give numbers alone' : `make numbers of them first: ${row}.map(Number)`;
}
