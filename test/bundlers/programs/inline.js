// The way that works in every bundle.
import { dense, Model, sequential } from 'myelin/inline';
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
  return [...model.predict([[1, 2]]), ...model.predict([[1, 2]])];
});
