/** Nodes that take several others, in graphs of every size, against float64 and finite differences. */
import { describe, expect, it } from 'vitest';
import {
  add,
  average,
  concatenate,
  dense,
  dropout,
  flatten,
  type GraphNode,
  graph,
  layerNormalization,
  maximum,
  multiply,
  shared,
  subtract,
} from '../../src/index.js';
import { checkNetwork, sizes } from '../checkLayer.js';
import { backends } from '../support/binaries.js';

const merges = { add, multiply, average, maximum, concatenate } as const;
type Merge = (...nodes: GraphNode[]) => GraphNode;

describe.each(backends)('$binary', backend => {
  it.each(Object.entries<Merge>({ ...merges, subtract: (a, b = a) => subtract(a, b) }))('%s of two', (_, merge) => {
    for (const n of sizes) {
      const branches = (x: GraphNode) => merge(x.to(dense(n)), x.to(dense(n, { activation: 'relu' })));
      checkNetwork(
        backend,
        graph(5, x => branches(x).to(dense(3))),
        3,
      );
      checkNetwork(
        backend,
        graph(n, x => merge(x, x.to(dense(n, { activation: 'tanh' })))),
        5,
      );
    }
    for (const rows of sizes) {
      checkNetwork(
        backend,
        graph(4, x => merge(x.to(dense(10)), x.to(dense(10)))),
        rows,
      );
    }
  });

  it.each(Object.entries<Merge>(merges))('%s of several, some of them twice', (_, merge) => {
    for (const n of [1, 10, 16, 17, 33]) {
      const network = graph(5, x => {
        const [a, b, c] = [x.to(dense(n, { activation: 'relu' })), x.to(dense(n)), x.to(dense(n))];
        return merge(a, b, a, c, b).to(dense(2));
      });
      checkNetwork(backend, network, 3);
    }
  });

  it('concatenate of every width beside every other', () => {
    for (const a of [1, 3, 4, 15, 16, 17]) {
      for (const b of [1, 4, 13, 16, 31]) {
        const network = graph(3, x => {
          const front = x.to(dense(a, { activation: 'sigmoid' }));
          return concatenate(front, x.to(dense(b, { activation: 'softplus' })), front).to(dense(2));
        });
        checkNetwork(backend, network, 5);
      }
    }
  });

  it('of values with positions, and of such whose numbers lie otherwise', () => {
    for (const n of [1, 5, 17]) {
      const network = graph([3, n], x => {
        const a = x.to(dense(n, { activation: 'relu' }));
        return concatenate(add(a, x.to(dropout(0.3))), a.to(layerNormalization()))
          .to(flatten())
          .to(dense(3));
      });
      checkNetwork(backend, network, 4);
    }
  });

  it('a node that many read, by layers that stop its zeros and by others', () => {
    const network = graph(6, x => {
      const a = x.to(dense(17, { activation: 'relu' }));
      return add(a.to(dense(9)), a.to(dense(9, { activation: 'relu' })), subtract(a, multiply(a, a)).to(dense(9)));
    });
    checkNetwork(backend, network, 7);
    checkNetwork(
      backend,
      graph(6, x => {
        const a = x.to(dense(17, { activation: 'relu' }));
        return concatenate(a.to(dense(5)), a.to(dense(4))).to(dense(2));
      }),
      7,
    );
  });

  it('shared layers, whose gradients come from each place', () => {
    for (const n of [1, 10, 17]) {
      const network = graph(n, x => {
        const [layer, norm] = [shared(dense(n, { activation: 'tanh' })), shared(layerNormalization())];
        const a = x.to(layer).to(norm);
        return add(a.to(layer).to(norm), a, x.to(layer)).to(dense(2));
      });
      checkNetwork(backend, network, 5);
    }
  });

  it('residual blocks, frozen in part', () => {
    const network = graph(8, x => {
      let h = x.to(dense(12));
      for (const trainable of [true, false, true]) {
        const inner = h
          .to(layerNormalization())
          .to(dense(20, { activation: 'gelu', trainable }))
          .to(dropout(0.2));
        h = add(h, inner.to(dense(12)));
      }
      return h.to(layerNormalization()).to(dense(2));
    });
    checkNetwork(backend, network, 6);
  });
});

it('the same value twice is a branch, the same layer twice is two', () => {
  const layer = dense(3);
  const two = graph(3, x => add(x.to(layer), x.to(layer)));
  const one = graph(3, x => {
    const a = x.to(layer);
    return add(a, a);
  });
  expect([two.layers.length, one.layers.length]).toEqual([3, 2]);
});
