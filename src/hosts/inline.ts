/** WebAssembly inside the JavaScript. */
import type { Host } from '../runtime/binaries.js';
import { compileBytes } from '../runtime/source.js';
import { base64 } from './inlineBytes.js';

export const inlineHost: Host = {
  binaries: ['simd'],
  alone: 'myelin/inline has no workers',
  compile: () =>
    compileBytes(
      'myelin/inline',
      Uint8Array.from(atob(base64), letter => letter.charCodeAt(0)),
    ),
};
