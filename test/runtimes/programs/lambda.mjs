/** A function as AWS Lambda calls it: loaded once, then called for each request; the model file comes with the deployment. */
import { readFile } from 'node:fs/promises';
import * as myelin from 'myelin';
import { conformance } from './conformance.js';

const file = readFile(new URL('model.safetensors', import.meta.url));

export async function handler() {
  return { statusCode: 200, body: JSON.stringify(await conformance(myelin, new Uint8Array(await file))) };
}
