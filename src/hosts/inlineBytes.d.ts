/** wasm/simd.wasm, which scripts/inlineWasm.js writes into dist. */
export const base64: string;
