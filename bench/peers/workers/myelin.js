/** Predicts with the model that it is sent. */
import { Model } from '../../../dist/entries/predict.workerd.js';

export default {
  async fetch(request) {
    const model = await Model.fromBytes(new Uint8Array(await request.arrayBuffer()));
    return Response.json([...model.predict(Float32Array.from({ length: 784 }, (_, i) => (i % 16) / 16))]);
  },
};
