// What is bundled: training, with threads where they come along, predicting by the small entries, and reading files
// without the package that Parquet needs.
import { dense, Model, sequential } from 'myelin';
import { readCsv } from 'myelin/data';
import { Model as Predictor } from 'myelin/predict';
import { Model as Chain } from 'myelin/predict/chains';
import { run } from './run.js';

run(async () => {
  const model = await Model.create(sequential(2, [dense(3, { activation: 'tanh' }), dense(1)]), {
    deterministic: true,
  });
  const table = await readCsv(new TextEncoder().encode('a,b,c\n0,1,1\n1,0,0\n'));
  await model.fit(
    { x: table.numbers(['a', 'b']), y: Float32Array.from(table.column('c')) },
    { loss: 'meanSquaredError', optimizer: 'sgd', epochs: 3 },
  );
  const predictor = await Predictor.fromBytes(model.toBytes(), { deterministic: true });
  const chain = await Chain.fromBytes(model.toBytes(), { deterministic: true });
  if (chain.predict([[1, 2]])[0] !== predictor.predict([[1, 2]])[0]) throw new Error('a chain predicts otherwise');
  const wide = await Model.create(sequential(512, [dense(512), dense(512)]));
  await wide.predictAsync(new Float32Array(512 * 64));
  return [...model.predict([[1, 2]]), ...predictor.predict([[1, 2]])];
});
