/** Writes wasm/simd.wasm as base64 into a module beside the entry `myelin/inline`. */
import { readFileSync, writeFileSync } from 'node:fs';

const base64 = readFileSync('wasm/simd.wasm').toString('base64');
writeFileSync('dist/hosts/inlineBytes.js', `export const base64 = '${base64}';\n`);
