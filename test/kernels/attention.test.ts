/**
 * Attention's weights and what goes back through them, with dropout between, against float64; a matrix for each head.
 */
import { describe, expect, it } from 'vitest';
import type { Region } from '../../src/plan/memory.js';
import { AttentionKind } from '../../src/plan/opcodes.js';
import { attention } from '../../src/plan/ops/sequence.js';
import { fromPanels, PANEL, panelBytes, panelCount, toPanels } from '../../src/plan/panels.js';
import { softmax } from '../reference/activations.js';
import { numbers } from '../reference/data.js';
import { expectClose } from '../reference/golden.js';
import { Assembled } from '../support/assemble.js';
import { backends } from '../support/binaries.js';

const samples = 3;
const heads = 2;
const columns = 5;
const width = heads * columns;

/** a · bᵀ of a head's columns, times `scale`: row-major, a row for each query. */
function products(a: Float32Array, b: Float32Array, [queries, keys]: [number, number], place: number, scale: number) {
  const [sample, head] = [Math.floor(place / heads), place % heads];
  const at = (values: Float32Array, row: number, column: number) => values[row * width + head * columns + column] ?? 0;
  return Float64Array.from({ length: queries * keys }, (_, i) => {
    const [query, key] = [sample * queries + Math.floor(i / keys), sample * keys + (i % keys)];
    let sum = 0;
    for (let column = 0; column < columns; column++) sum += at(a, query, column) * at(b, key, column);
    return sum * scale;
  });
}

describe.each(backends)('$binary', backend => {
  it.each([
    [1, 1, false],
    [4, 17, false],
    [35, 37, false],
    [36, 36, true],
    [64, 48, true],
  ])('%i queries of %i keys, causal: %s', (queries, keys, causal) => {
    const height = queries | 1;
    const positions = heads * panelCount(keys) * height;
    const ops = new Assembled(backend, samples, builder => {
      const values = (names: string[], steps: number, wide: number) =>
        names.map(name => builder.value({ name }, { positions: steps, columns: wide }).data);
      const [a, upstream] = values(['a', 'upstream'], queries, width) as [Region, Region];
      const [b, value] = values(['b', 'value'], keys, width) as [Region, Region];
      const [weights, mask, plain, masked] = values(['weights', 'mask', 'plain', 'masked'], positions, PANEL) as [
        Region,
        Region,
        Region,
        Region,
      ];
      const room = 2 * panelBytes(Math.max(queries, keys), columns) + panelBytes(columns + 3, keys);
      const sizes = { queries, keys, heads, columns, paired: 0, lengths: 0, ...builder.scratch(room) };
      const makes = {
        ...sizes,
        kind: AttentionKind.weights,
        scale: 0.7,
        causal: Number(causal),
        weights: 0,
        mask: 0,
      } as const;
      builder.emit(attention, 'test', { ...makes, y: weights, a, b } as const, positions);
      const back = { ...sizes, kind: AttentionKind.weightsGradient, scale: 1, causal: 0, weights };
      builder.emit(attention, 'test', { ...back, y: plain, a: upstream, b: value, mask: 0 } as const, positions);
      builder.emit(attention, 'test', { ...back, y: masked, a: upstream, b: value, mask } as const, positions);
      return { a, b, upstream, value, weights, mask, plain, masked };
    });
    const [a, upstream] = [numbers(samples * queries * width, 1), numbers(samples * queries * width, 2)];
    const [b, value] = [numbers(samples * keys * width, 3), numbers(samples * keys * width, 4)];
    ops.inspector.poison();
    for (const [region, given] of [
      [ops.places.a, a],
      [ops.places.b, b],
      [ops.places.upstream, upstream],
      [ops.places.value, value],
    ] as const) {
      ops.program.floats(region).fill(0);
      ops.write(region, given, width);
    }
    const bytes = panelBytes(height, keys);
    const matrix = (region: Region, place: number) =>
      ops.program.floats(region).subarray((place * bytes) / 4, ((place + 1) * bytes) / 4);
    const masks = Array.from({ length: samples * heads }, (_, place) =>
      numbers(queries * keys, 5 + place).map(number => (number > 0 ? 1.25 : 0)),
    );
    ops.program.floats(ops.places.mask).fill(0);
    masks.forEach((mask, place) => {
      for (let query = 0; query < queries; query++) {
        const row = matrix(ops.places.mask, place);
        const panels = new Float32Array(panelBytes(1, keys) / 4);
        toPanels(panels, mask.subarray(query * keys, (query + 1) * keys), 1, keys);
        for (let i = 0; i < panels.length; i++) {
          row[(Math.floor(i / PANEL) * height + query) * PANEL + (i % PANEL)] = panels[i] ?? 0;
        }
      }
    });
    ops.run();
    const found = (region: Region, place: number) =>
      fromPanels(matrix(region, place), height, keys).subarray(0, queries * keys);
    masks.forEach((mask, place) => {
      const scores = products(a, b, [queries, keys], place, Math.fround(0.7));
      if (causal)
        scores.forEach((_, i) => {
          if (i % keys > Math.floor(i / keys)) scores[i] = -Infinity;
        });
      const weights = softmax.forward(scores, keys);
      expectClose(found(ops.places.weights, place), weights, 2e-6);
      const dy = products(upstream, value, [queries, keys], place, 1);
      const back = (of: Float64Array) =>
        of.map((_, i) => {
          const first = Math.floor(i / keys) * keys;
          let dot = 0;
          for (let key = first; key < first + keys; key++) dot += (weights[key] ?? 0) * (of[key] ?? 0);
          return (weights[i] ?? 0) * ((of[i] ?? 0) - dot);
        });
      expectClose(found(ops.places.plain, place), back(dy), 3e-6);
      expectClose(found(ops.places.masked, place), back(dy.map((each, i) => each * (mask[i] ?? 0))), 3e-6);
    });
    expect(masks).toHaveLength(samples * heads);
  });
});
