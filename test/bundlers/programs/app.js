// What is bundled: training, with threads where they come along, and predicting by the small entry.
import { dense, Model, sequential } from 'myelin';
import { Model as Predictor } from 'myelin/predict';
import { run } from './run.js';

run(async () => {
  const model = await Model.create(sequential(2, [dense(3, { activation: 'tanh' }), dense(1)]), {
    deterministic: true,
  });
  await model.fit(
    {
      x: [
        [0, 1],
        [1, 0],
      ],
      y: [1, 0],
    },
    { loss: 'meanSquaredError', optimizer: 'sgd', epochs: 3 },
  );
  const predictor = await Predictor.fromBytes(model.toBytes(), { deterministic: true });
  const wide = await Model.create(sequential(512, [dense(512), dense(512)]));
  await wide.predictAsync(new Float32Array(512 * 64));
  return [...model.predict([[1, 2]]), ...predictor.predict([[1, 2]])];
});
