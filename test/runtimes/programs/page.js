/** For browsers: leaves its result where the driver looks. */
import * as myelin from 'myelin';
import * as predict from 'myelin/predict';
import { conformance, predictions } from './conformance.js';

async function run() {
  const file = new Uint8Array(await (await fetch('/model.safetensors')).arrayBuffer());
  const result = await conformance(myelin, file, predict.Model);
  const { hash } = await predictions(predict.Model, file);
  if (hash !== result.predicted) throw new Error('myelin/predict differs');
  return result;
}

window.result = run().catch(error => ({ error: error.stack }));
