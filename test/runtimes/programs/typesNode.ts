/** Uses the package with @types/node and without the library dom, as servers do. Nothing of this runs. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dense, Model, sequential } from 'myelin';
import * as core from 'myelin/core';
import { local, nesterov, type RoundEvent } from 'myelin/distributed';
import { Model as Predictor } from 'myelin/predict';

export async function use(path: string): Promise<Response> {
  await core.init(readFileSync(path));
  await core.init(new URL('https://example.com/simd.wasm'));
  await core.init(await fetch('https://example.com/simd.wasm'));
  const model = await Model.fromBytes(readFileSync(path));
  const { signal } = new AbortController();
  await model.fit({ x: [[1]], y: [1] }, { loss: 'huber', optimizer: 'sgd', signal });
  writeFileSync(path, model.toBytes());
  const predictor: Predictor = await Predictor.fromBytes(model.toBytes());
  predictor.predict({ x: Buffer.from([1]), scale: 1 / 255 });
  const fresh: Model = await Model.create(sequential(1, [dense(1)]));
  const network = sequential(1, [dense(1)]);
  const onRound = (event: RoundEvent) => void [event.round, event.valR2];
  const run = { id: 'run', architecture: network, shards: 2, rounds: 3, outer: nesterov(), onRound };
  const reader = ({ part }: { part: number }) => ({ x: [[part]], y: [1] });
  const { model: averaged } = await local().averageRounds({
    ...run,
    data: reader,
    local: { loss: 'huber', optimizer: 'sgd' },
  });
  averaged.predict([[1]]);
  // @ts-expect-error core.init takes no file's name
  await core.init(path);
  return new Response(fresh.toBytes());
}
