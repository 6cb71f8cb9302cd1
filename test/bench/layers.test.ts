/** Layers over images and sequences, alone: what they come to by hand, and that each of their ways runs. */
import { expect, it } from 'vitest';
import { layerPieces, measureOf, prepareLayer } from '../../src/bench/own/layers.js';
import { chooseSuites } from '../../src/bench/suites.js';
import { chooseBackend, nodeHost } from '../../src/entries/inside.js';

it.each([
  ['14×14×32→64 3×3 forward', 32 * 14 * 14 * 9 * 32 * 64],
  ['14×14×32→64 3×3 dX', 32 * 14 * 14 * 9 * 32 * 64],
  ['14×14×6→16 valid 5×5 dW', 32 * 10 * 10 * 25 * 6 * 16],
  ['32×32×16→32 stride 2 3×3 dX', 32 * 16 * 16 * 9 * 16 * 32],
  ['16×16×64→64 1×1 forward', 32 * 16 * 16 * 64 * 64],
  ['128×9→64 k5 forward', 32 * 128 * 5 * 9 * 64],
  ['16×16×32→16 transposed stride 2 forward', 32 * 16 * 16 * 9 * 32 * 16],
  ['depthwise 16×16×64 dW', 32 * 16 * 16 * 9 * 64],
  ['lstm(64) 100×16 forward', 32 * 100 * 4 * 64 * (16 + 64)],
  ['lstm(64) 100×16 back through time', 32 * 100 * 4 * 64 * 64],
  ['gru(64) 100×16 forward', 32 * 100 * 3 * 64 * (16 + 64)],
  ['attention core 128×64 forward', 16 * 2 * 128 * 128 * 64],
  ['attention core 128×64 back', 16 * 4 * 128 * 128 * 64],
])('%s takes as many multiply-adds as its definition says', (name, multiplyAdds) => {
  const piece = layerPieces.find(each => each.name === name);
  expect(piece && measureOf(piece).multiplyAdds).toBe(multiplyAdds);
});

const small = ['8×8×64→64 3×3', 'depthwise', 'max pool', 'batch norm', 'gru(64)', 'layer norm', 'embedding'];

it.each(small)('runs each way: %s', async begin => {
  const backend = await chooseBackend(nodeHost, { deterministic: false, turbo: false });
  for (const piece of layerPieces.filter(({ name }) => name.startsWith(begin))) {
    expect(await prepareLayer(backend, piece).run(), piece.name).toBeGreaterThan(0);
  }
});

it('gives every case a name of its own, beside one limit', () => {
  const settings = { network: undefined as never, batches: [32], threads: [1], optimizer: 'adam', seconds: 1 } as const;
  const cases = chooseSuites(['conv', 'image', 'sequence']).flatMap(suite => suite.cases(settings));
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  for (const { multiplyAdds = 0, bytes = 0 } of cases) expect(multiplyAdds === 0).toBe(bytes > 0);
});
