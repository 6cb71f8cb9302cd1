/** The same with the WebAssembly inside the JavaScript, for bundlers that copy no files. */
import * as myelin from 'myelin/inline';
import { conformance } from './conformance.js';

async function run() {
  const file = new Uint8Array(await (await fetch('/model.safetensors')).arrayBuffer());
  return conformance(myelin, file);
}

window.result = run().catch(error => ({ error: error.stack }));
