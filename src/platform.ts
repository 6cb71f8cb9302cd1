/**
 * What is the platform's and not JavaScript's, as types. They are taken from whatever the user's TypeScript knows of
 * the platform, and are `never` where it knows nothing: the package's declarations then need neither the library dom
 * nor @types/node. Declarations that are shipped name such classes here alone.
 */

/** The instances of a global class. */
type Instance<Name extends string> = typeof globalThis extends Record<Name, { prototype: infer I }> ? I : never;

/** WebAssembly's modules, which some libraries declare as a namespace. */
type WasmModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer I } } } ? I : never;

/** A compiled module, the bytes of a .wasm file, a response with them, or where to fetch them. */
export type WasmSource = WasmModule | Uint8Array | ArrayBuffer | DataView | Instance<'Response'> | Instance<'URL'>;

/** What an AbortController hands out. */
export type Signal = Instance<'AbortSignal'>;

/** Where data comes from: a path, an address, bytes, or what streams them. */
export type DataSource =
  | string
  | Uint8Array
  | ArrayBuffer
  | AsyncIterable<Uint8Array>
  | Instance<'URL'>
  | Instance<'Blob'>
  | Instance<'Response'>
  | Instance<'ReadableStream'>;
