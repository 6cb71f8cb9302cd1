/** Training on chunks takes the memory of some blocks, however many rows there are. */
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';

const program = `
  import { dense, Model, sequential, sgd } from '${pathToFileURL(resolve('dist/entries/node.js'))}';
  const [width, rows, count] = [2 ** 14, 512, 256];
  let peak = 0;
  async function* chunks() {
    for (let i = 0; i < count; i++) {
      peak = Math.max(peak, process.memoryUsage.rss());
      yield { x: new Uint8Array(rows * width), y: new Float32Array(rows) };
    }
  }
  const model = await Model.create(sequential(width, [dense(1)]));
  await model.fit({ chunks, rows: rows * count }, { loss: 'meanSquaredError', optimizer: sgd(), batchSize: 512 });
  await model.dispose();
  console.log(peak);
`;

it('stays below 600 MB where the rows take 2 GB', () => {
  const out = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
  // Blocks and the engine take some 250.
  expect(Number(out) / 2 ** 20).toBeLessThan(600);
});
