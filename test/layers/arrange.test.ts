/** Nodes that put numbers elsewhere, at every size, against float64 and finite differences. */
import { describe, it } from 'vitest';
import { add, concatenate, dense, flatten, graph, permute, repeatVector, slice } from '../../src/index.js';
import { checkNetwork, sizes } from '../checkLayer.js';
import { backends } from '../support/binaries.js';

describe.each(backends)('$binary', backend => {
  it('slice: any columns of any width', () => {
    for (const n of sizes) {
      const start = Math.floor(n / 3);
      const network = graph(4, x => {
        const a = x.to(dense(n, { activation: 'sigmoid' }));
        return concatenate(slice(a, { start }), slice(a, { end: start + 1 }), a).to(dense(2));
      });
      checkNetwork(backend, network, 3);
    }
    checkNetwork(
      backend,
      graph([3, 33], x => slice(x.to(dense(33)), { start: 16, end: 32 }).to(dense(2))),
      5,
    );
  });

  it('permute: axes in any order', () => {
    for (const n of [1, 2, 7, 17]) {
      checkNetwork(
        backend,
        graph([3, n], x => permute(x.to(dense(n)), [1, 0]).to(dense(2))),
        4,
      );
      const network = graph([2, n, 3], x => {
        const a = permute(x.to(dense(5, { activation: 'relu' })), [2, 0, 1]);
        return permute(a, [1, 2, 0]).to(dense(4)).to(flatten()).to(dense(2));
      });
      checkNetwork(backend, network, 3);
    }
  });

  it('repeatVector: at each position', () => {
    for (const n of sizes) {
      const network = graph(5, x => {
        const a = x.to(dense(n, { activation: 'tanh' }));
        return add(repeatVector(a, 3), repeatVector(x.to(dense(n)), 3)).to(dense(2));
      });
      checkNetwork(backend, network, 3);
    }
    for (const times of [1, 2, 17])
      checkNetwork(
        backend,
        graph(3, x => repeatVector(x.to(dense(4)), times)),
        5,
      );
  });
});
