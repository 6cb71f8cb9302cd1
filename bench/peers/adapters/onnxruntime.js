/** onnxruntime, which predicts: `onnxruntime.js web|node THREADS`. */
import { Unable } from '../../../src/bench/contest.js';
import { readGiven } from '../../../src/bench/given.js';
import { load } from '../../../src/bench/installed.js';
import { onnxModel } from '../../../src/bench/onnxModel.js';

export async function open(build, threads) {
  const { names: ort, version } = await load(`onnxruntime-${build}`);
  if (build === 'web') ort.env.wasm.numThreads = 1;
  const options =
    build === 'web'
      ? { executionProviders: ['wasm'] }
      : { executionProviders: ['cpu'], intraOpNumThreads: threads, interOpNumThreads: 1 };
  return {
    name: `onnxruntime-${build}`,
    version,
    async prepare(task) {
      if (task.kind !== 'inference') throw new Unable('it predicts alone');
      const { x, parameters } = readGiven(task);
      const { batchSize, chain } = task;
      const model = chain && onnxModel(chain, parameters, batchSize);
      if (!model) throw new Unable('fully connected layers alone, with common activations');
      const session = await ort.InferenceSession.create(new Uint8Array(model), options);
      const batch = x.slice(0, batchSize * chain.widths[0]);
      const predict = async () => {
        const { y } = await session.run({ x: new ort.Tensor('float32', batch, [batchSize, chain.widths[0]]) });
        return y.data;
      };
      return {
        output: [...(await predict()).subarray(0, 64)],
        async run() {
          await predict();
          return batchSize;
        },
        drop: () => session.release(),
      };
    },
  };
}
