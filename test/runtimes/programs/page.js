/** For browsers: leaves its result where the driver looks. */
import * as myelin from 'myelin';
import * as predict from 'myelin/predict';
import * as chains from 'myelin/predict/chains';
import { conformance, predictions } from './conformance.js';

async function run() {
  const file = new Uint8Array(await (await fetch('/model.safetensors')).arrayBuffer());
  const result = await conformance(myelin, file, predict.Model, chains.Model);
  const { hash } = await predictions(predict.Model, file);
  if (hash !== result.predicted) throw new Error('myelin/predict differs');
  const chain = await predictions(chains.Model, file);
  if (chain.hash !== result.predicted) throw new Error('myelin/predict/chains differs');
  return result;
}

window.result = run().catch(error => ({ error: error.stack }));
