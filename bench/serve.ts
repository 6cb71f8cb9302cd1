/**
 * What does an HTTP server answer that predicts with `predict`, with `predictAsync`, and with a fit beside it?
 *
 *     npx tsx bench/serve.ts [SECONDS]
 *
 * Fifty connections ask again as soon as they are answered. The ways take turns of a second, in one run, so that ratios
 * hold on a busy machine too. Requests a second, the median and the 99th percentile of milliseconds until the answer,
 * and the longest time that the server's event loop was held.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { machine } from './support/machine.js';

const CONNECTIONS = 50;
const rounds = Number(process.argv[2] ?? 8);

const networks = [
  [784, 128, 10],
  [784, 512, 256, 10],
] as const;
/** What is asked for: rows for one of the networks. */
const loads = [
  { network: 0, rows: 1 },
  { network: 0, rows: 32 },
  { network: 1, rows: 256 },
] as const;
const ways = [
  { path: '/predict', fit: false },
  { path: '/predictAsync', fit: false },
  { path: '/predict', fit: true },
  { path: '/predictAsync', fit: true },
] as const;

const server: ChildProcess = fork(
  fileURLToPath(new URL('support/server.ts', import.meta.url)),
  [JSON.stringify(networks)],
  { execArgv: [...process.execArgv] },
);
const [port] = await once(server, 'message');
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

function ask(path: string, body: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', path, method: 'POST', agent }, response => {
      const chunks: Buffer[] = [];
      response.on('data', chunk => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks)));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** Milliseconds that each request took. */
async function turn(path: string, body: Uint8Array): Promise<number[]> {
  const times: number[] = [];
  const start = performance.now();
  const connection = async () => {
    for (let now = performance.now(); now - start < 1000; ) {
      const asked = now;
      await ask(path, body);
      now = performance.now();
      times.push(now - asked);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  return times;
}

console.log(machine());
for (const { network, rows } of loads) {
  const inputs = networks[network][0];
  const body = new Uint8Array(Float32Array.from({ length: rows * inputs }, (_, i) => ((i * 97) % 251) / 251).buffer);
  const found = ways.map(() => ({ times: [] as number[], seconds: 0, held: 0 }));
  for (let round = -1; round < rounds; round++) {
    for (const [index, { path, fit }] of ways.entries()) {
      if (fit) await ask('/fit', new Uint8Array());
      await ask('/held', new Uint8Array());
      const start = performance.now();
      const times = await turn(`${path}?network=${network}`, body);
      const seconds = (performance.now() - start) / 1000;
      const held = Number((await ask('/held', new Uint8Array())).toString());
      if (fit) await ask('/fit', new Uint8Array());
      const way = found[index];
      // The first round warms up.
      if (!way || round < 0) continue;
      way.times.push(...times);
      way.seconds += seconds;
      way.held = Math.max(way.held, held);
    }
  }
  console.log(`\n## ${networks[network].join('-')}, ${rows} ${rows === 1 ? 'row' : 'rows'} a request\n`);
  console.log(
    '| way | requests/s | to `predict` | p50 ms | p99 ms | loop held ms |\n| --- | --- | --- | --- | --- | --- |',
  );
  const speeds = found.map(({ times, seconds }) => times.length / seconds);
  for (const [index, { path, fit }] of ways.entries()) {
    const { times, held } = found[index] ?? { times: [], held: 0 };
    times.sort((a, b) => a - b);
    const at = (share: number) => (times[Math.floor(share * times.length)] ?? 0).toFixed(1);
    const speed = speeds[index] ?? 0;
    const way = `\`${path.slice(1)}\`${fit ? ', a fit beside it' : ''}`;
    const ratio = speed / (speeds[0] ?? 1);
    console.log(
      `| ${way} | ${speed.toFixed(0)} | ${ratio.toFixed(2)} | ${at(0.5)} | ${at(0.99)} | ${held.toFixed(1)} |`,
    );
  }
}
agent.destroy();
server.kill();
