/**
 * The server that bench/serve.ts measures, a process of its own. `POST /predict` and `POST /predictAsync` answer rows
 * of float32 with their outputs; `?network=1` takes another of the networks given; `POST /fit` begins or ends a fit
 * beside them; `GET /held` tells how many milliseconds the event loop was held at most since last asked.
 */
import { createServer, type IncomingMessage } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { dense, Model, sequential } from '../../src/entries/node.js';

const networks: readonly (readonly number[])[] = JSON.parse(process.argv[2] ?? '[]');
const models = await Promise.all(
  networks.map(([inputs = 1, ...units]) => {
    const layers = units.map((n, i) => dense(n, { activation: i === units.length - 1 ? 'softmax' : 'relu' }));
    return Model.create(sequential(inputs, layers), { seed: 1 });
  }),
);
const resolution = 1;
const held = monitorEventLoopDelay({ resolution });
held.enable();
let ends: AbortController | undefined;

/** Trains a network of its own until told otherwise. */
async function train(signal: AbortSignal): Promise<void> {
  const model = await Model.create(sequential([784], [dense(512, { activation: 'relu' }), dense(10)]));
  const x = Float32Array.from({ length: 2560 * 784 }, (_, i) => ((i * 97) % 251) / 251);
  const options = { loss: 'meanSquaredError', optimizer: 'adam', batchSize: 128, epochs: 1e6, signal } as const;
  await model.fit({ x, y: new Float32Array(2560 * 10) }, options);
}

async function bodyOf(request: IncomingMessage): Promise<Float32Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return new Float32Array(new Uint8Array(Buffer.concat(chunks)).buffer);
}

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
  const model = models[Number(searchParams.get('network'))];
  const x = await bodyOf(request);
  if (pathname === '/held') {
    response.end(`${Math.max(0, held.max / 1e6 - resolution)}`);
    held.reset();
  } else if (pathname === '/fit') {
    if (ends) ends.abort();
    ends = ends ? undefined : new AbortController();
    if (ends) void train(ends.signal);
    response.end();
  } else {
    const out = await (pathname === '/predict' ? model?.predict(x) : model?.predictAsync(x));
    response.end(new Uint8Array(out?.buffer ?? new ArrayBuffer(0)));
  }
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as { port: number }).port));
