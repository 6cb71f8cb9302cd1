// What a route of Next's answers, bundled for Node by Turbopack.
import { dense, Model, sequential } from 'myelin';
import { Model as Predictor } from 'myelin/predict';

export const dynamic = 'force-dynamic';

export async function GET() {
  const model = await Model.create(sequential(2, [dense(3, { activation: 'tanh' }), dense(1)]), {
    deterministic: true,
  });
  const data = {
    x: [
      [0, 1],
      [1, 0],
    ],
    y: [1, 0],
  };
  await model.fit(data, { loss: 'meanSquaredError', optimizer: 'sgd', epochs: 3 });
  const predictor = await Predictor.fromBytes(model.toBytes(), { deterministic: true });
  return Response.json({ result: [...model.predict([[1, 2]]), ...predictor.predict([[1, 2]])] });
}
