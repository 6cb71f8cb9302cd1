/**
 * For runtimes that answer requests: the body is the model file. Workers import this as it is; the edge runtime wraps
 * it.
 */
import * as myelin from 'myelin';
import * as predict from 'myelin/predict';
import * as chains from 'myelin/predict/chains';
import { conformance, predictions } from './conformance.js';

export async function answer(request) {
  try {
    const file = new Uint8Array(await request.arrayBuffer());
    const result = await conformance(myelin, file, predict.Model, chains.Model);
    const { hash } = await predictions(predict.Model, file);
    if (hash !== result.predicted) throw new Error('myelin/predict differs');
    const chain = await predictions(chains.Model, file);
    if (chain.hash !== result.predicted) throw new Error('myelin/predict/chains differs');
    return Response.json(result);
  } catch (error) {
    return Response.json({ error: error.stack });
  }
}
