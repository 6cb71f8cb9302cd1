/**
 * What a value is, by what its engine knows of it. `instanceof` knows the classes of one realm alone, and jest, jsdom, vm contexts and iframes each bring
 * their own; tags that engines keep tell them all apart.
 */
import { wrongType, wrongValue } from './errors.js';

/** Arrays of numbers by the classes of any realm. */
export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array;

/** Bytes that lie in memory no other thread can change, as web interfaces want them; `Uint8Array<ArrayBuffer>` to those TypeScripts that know it. */
export type Bytes = ReturnType<Uint8Array['slice']>;

/** What every typed array inherits: its class's name where it is one, undefined where it is not. */
const className = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)?.get;

/** The class of a typed array, of any realm and of subclasses too: `'Uint8Array'` of a Buffer. Undefined of everything else, a DataView among it. */
export function arrayKind(value: unknown): string | undefined {
  return className?.call(value);
}

/** Whether it is a Float32Array; of this realm, which most are, quicker than its tag tells. */
export function isFloat32Array(value: unknown): value is Float32Array {
  return value instanceof Float32Array || arrayKind(value) === 'Float32Array';
}

/** `'Object'` of a plain object, `'Map'`, `'Promise'` …, of any realm. */
export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** Whether `value` is a typed array whose elements are numbers and not BigInts. */
export function isNumberArray(value: unknown): value is NumberArray {
  const kind = arrayKind(value);
  return kind !== undefined && !kind.startsWith('Big');
}

/** The same memory as a plain `Float32Array`, whatever subclass or realm it was of; `where` for memory that has gone to another thread. */
export function ownFloats(where: string, values: Float32Array): Float32Array {
  if (Object.getPrototypeOf(values) === Float32Array.prototype && values.length > 0) return values;
  refuseDetached(where, values);
  return new Float32Array(values.buffer, values.byteOffset, values.length);
}

/** The same memory as a plain `Uint8Array`. */
export function ownBytes(where: string, values: Uint8Array | Uint8ClampedArray): Uint8Array {
  refuseDetached(where, values);
  return new Uint8Array(values.buffer, values.byteOffset, values.length);
}

/** Bytes of a file as people hold them, checked, and in memory that text decoders, streams and the compiler take: other memory is copied. */
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

/** How to make a Uint8Array of what holds bytes. */
function wrapping(value: unknown): string | undefined {
  const kind = kindOf(value);
  if (ArrayBuffer.isView(value)) return 'give new Uint8Array(view.buffer, view.byteOffset, view.byteLength)';
  if (kind === 'Blob' || kind === 'File' || kind === 'Response') {
    return `give new Uint8Array(await ${kind.toLowerCase()}.arrayBuffer())`;
  }
  if (kind === 'String') return 'of a file give what node:fs reads, or take Model.load(path)';
  return kind === 'Promise' ? undefined : 'wrap an ArrayBuffer as new Uint8Array(buffer)';
}

/** How to make numbers that are taken of what is not; `name` is what the user calls it. */
export function conversion(value: unknown, name = 'x'): string | undefined {
  const kind = arrayKind(value);
  if (kind?.startsWith('Big')) return `give Float32Array.from(${name}, Number)`;
  if (kind !== undefined) return `give Float32Array.from(${name})`;
  if (ArrayBuffer.isView(value)) return 'give new Float32Array(view.buffer, view.byteOffset, numbers)';
  if (kindOf(value).endsWith('ArrayBuffer')) return 'give new Float32Array(buffer)';
  const { length } = (value ?? {}) as { length?: unknown };
  const iterable = typeof (value as Iterable<unknown> | undefined)?.[Symbol.iterator] === 'function';
  return typeof value === 'object' && (iterable || typeof length === 'number') ? `give Array.from(${name})` : undefined;
}

function refuseDetached(where: string, { buffer, length }: NumberArray): void {
  if (length > 0) return;
  try {
    new Uint8Array(buffer);
  } catch {
    throw wrongValue(
      where,
      'an array with its memory',
      'one whose memory was transferred',
      'copy it before it is sent',
    );
  }
}
