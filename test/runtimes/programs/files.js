/** For runtimes with files: node, bun and deno. Checks every entry of the package, and prints what came of it. */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import * as myelin from 'myelin';
import * as core from 'myelin/core';
import * as inline from 'myelin/inline';
import * as predict from 'myelin/predict';
import * as chains from 'myelin/predict/chains';
import { conformance, predictions } from './conformance.js';

const file = new Uint8Array(readFileSync('model.safetensors'));
const result = await conformance(myelin, file, predict.Model, chains.Model);
const wasm = name => readFileSync(new URL(import.meta.resolve(`myelin/wasm/${name}.wasm`)));
await core.init(wasm('simd'));
const others = { core: await conformance(core, file), inline: await conformance(inline, file) };
for (const [entry, { predicted, trained }] of Object.entries(others)) {
  if (predicted !== result.predicted || trained !== result.trained) throw new Error(`myelin/${entry} differs`);
}
if ((await predictions(predict.Model, file)).hash !== result.predicted) throw new Error('myelin/predict differs');
if ((await predictions(chains.Model, file)).hash !== result.predicted) throw new Error('myelin/predict/chains differs');
await predict.init(await WebAssembly.compile(wasm('predict')));
if ((await predictions(predict.Model, file)).hash !== result.predicted)
  throw new Error('myelin/predict with init differs');
await chains.init(await WebAssembly.compile(wasm('chains')));
if ((await predictions(chains.Model, file)).hash !== result.predicted)
  throw new Error('myelin/predict/chains with init differs');
console.log(JSON.stringify(result));
process.exit(0);
