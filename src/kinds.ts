/**
 * What a value is, by what its engine knows of it. `instanceof` knows the classes of one realm alone, and jest, jsdom,
 * vm contexts and iframes each bring their own; tags that engines keep tell them all apart. Nothing here throws,
 * whatever the value.
 */

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

/**
 * Bytes that lie in memory no other thread can change, as web interfaces want them; `Uint8Array<ArrayBuffer>` to those
 * TypeScripts that know it.
 */
export type Bytes = ReturnType<Uint8Array['slice']>;

/** What every typed array inherits. */
const arrays: Uint8Array = Object.getPrototypeOf(Uint8Array.prototype);

/** Its class's name where it is one, undefined where it is not. */
const className = Object.getOwnPropertyDescriptor(arrays, Symbol.toStringTag)?.get;

/**
 * The class of a typed array, of any realm and of subclasses too: `'Uint8Array'` of a Buffer. Undefined of everything
 * else, a DataView among it.
 */
export function arrayKind(value: unknown): string | undefined {
  return className?.call(value);
}

/** Whether it is a Float32Array; of this realm, which most are, quicker than its tag tells. */
export function isFloat32Array(value: unknown): value is Float32Array {
  // A Proxy of one is an instance of it, but no view.
  return ArrayBuffer.isView(value) && (value instanceof Float32Array || arrayKind(value) === 'Float32Array');
}

/** Whether `value` is a typed array whose elements are numbers and not BigInts. */
export function isNumberArray(value: unknown): value is NumberArray {
  const kind = arrayKind(value);
  return kind !== undefined && !kind.startsWith('Big');
}

/** `'Object'` of a plain object, `'Map'`, `'Promise'` …, of any realm. */
export function kindOf(value: unknown): string {
  // Arrays are met most, and their own tag takes no text apart.
  const array = arrayKind(value);
  if (array !== undefined) return array;
  return isRevoked(value) ? 'Proxy' : Object.prototype.toString.call(value).slice(8, -1);
}

/** `Array.isArray`, which throws at a revoked Proxy. */
export function isList(value: unknown): value is readonly unknown[] {
  return !isRevoked(value) && Array.isArray(value);
}

/** Whether it has keys. */
export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** Whether it is an object with the key, its own or inherited. */
export function hasKey<K extends PropertyKey>(value: unknown, key: K): value is Readonly<Record<K, unknown>> {
  return isObject(value) && !isRevoked(value) && key in value;
}

export function isPromise(value: unknown): boolean {
  return hasKey(value, 'then') && typeof value.then === 'function';
}

/** Whether it is a Proxy that was revoked, as Immer's drafts are in the end: whatever is done with it throws. */
export function isRevoked(value: unknown): boolean {
  try {
    Array.isArray(value);
    return false;
  } catch {
    return true;
  }
}

/**
 * Whether it is a Proxy of a typed array, a buffer, a Map or the like: what they inherit throws on it, as it has
 * nothing of what they keep.
 */
export function isHollow(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || isRevoked(value)) return false;
  try {
    for (const key of ['length', 'byteLength', 'size', 'ok', 'locked']) Reflect.get(value, key);
    return false;
  } catch (error) {
    return kindOf(error) === 'Error' && hasKey(error, 'name') && error.name === 'TypeError';
  }
}

/** Whether a view or a buffer has lost its memory: it was transferred, or shrank. */
export function isLost(value: unknown): boolean {
  try {
    // Each throws at memory that is no longer there.
    if (arrayKind(value) !== undefined) arrays.keys.call(value as Uint8Array);
    else if (ArrayBuffer.isView(value)) Reflect.get(value, 'byteOffset');
    else if (kindOf(value) === 'ArrayBuffer') new Uint8Array(value as ArrayBuffer);
    return false;
  } catch {
    return true;
  }
}
