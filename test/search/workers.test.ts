/** Folds and trials on worker threads: what they come to is what this thread comes to, whatever happens. */
import { describe, expect, it, vi } from 'vitest';
import { adam, choice, crossValidate, dense, Model, search, sequential } from '../../src/entries/node.js';
import { TableModel } from '../../src/entries/tabular.node.js';
import { nodeRuns } from '../../src/hosts/nodeRuns.js';
import { Random } from '../../src/random.js';
import { type RunHost, runsOn } from '../../src/search/crewRuns.js';
import { crossValidationBy } from '../../src/search/crossValidate.js';
import { cellsOf } from '../../src/tabular/cells.js';
import { checkTableOptions } from '../../src/tabular/fitTable.js';
import { crossValidateCells } from '../../src/tabular/folds.js';

const random = new Random(5, 0, 0);
const y = Int32Array.from({ length: 60 }, (_, row) => row % 3);
const x = Float32Array.from({ length: 240 }, (_, i) => (y[i >> 2] ?? 0) + random.uniform());
const network = (units: number) =>
  sequential(4, [dense(units, { activation: 'relu' }), dense(3, { activation: 'softmax' })]);
const fit = { loss: 'sparseCategoricalCrossEntropy', optimizer: adam(), epochs: 3 } as const;
const options = { folds: 4, fit, metrics: ['accuracy'] } as const;
const space = { units: choice(2, 4, 8) };
const create = (...given: Parameters<typeof Model.create>) => Model.create(...given);

/** The host's workers, counted. */
function counting() {
  const open = vi.fn<RunHost['open']>((...given) => nodeRuns.open(...given));
  return { cores: 2, open };
}

describe('on worker threads', () => {
  it('folds give what they give here, in their order, and so do trials', async () => {
    const order: number[] = [];
    const onProgress = ({ fold }: { fold: number }) => void order.push(fold);
    const here = await crossValidate(network(8), { x, y }, { ...options, workers: 1 });
    expect(await crossValidate(network(8), { x, y }, { ...options, workers: 3, onProgress })).toEqual(here);
    expect(order).toEqual([0, 1, 2, 3]);
    const wish = {
      method: 'halving',
      trials: 3,
      build: ({ units }: { units: number }) => network(units),
      fit,
    } as const;
    const found = await search(space, { x, y }, { ...wish, workers: 1 });
    expect(await search(space, { x, y }, { ...wish, workers: 2 })).toEqual(found);
  });

  it('tables give the same figures', async () => {
    const kinds = ['a', 'b', 'c'];
    const rows = Array.from(y, (label, row) => ({
      kind: kinds[row % 3],
      size: x[4 * row],
      when: new Date(row * 1e9),
      y: label > 0,
    }));
    const cells = cellsOf('test', rows).pick(Array.from({ length: 50 }, (_, row) => row + 5));
    const asked = checkTableOptions('test', { target: 'y', epochs: 3, hidden: [4] });
    const [here, there] = [1, 2].map(workers =>
      crossValidateCells(TableModel, cells, asked, { folds: 3, seeds: [0], workers }, () => {}),
    );
    expect(await there).toEqual(await here);
  });

  it('start only where this thread is not done at once', async () => {
    const host = counting();
    await crossValidationBy(create, runsOn(host))(network(2), { x, y }, options);
    expect(host.open).not.toHaveBeenCalled();
    const long = { ...fit, epochs: 1e6 };
    // Ended when workers are asked for, however long that takes.
    const ending = new AbortController();
    const { signal } = ending;
    host.open.mockImplementation(async () => {
      ending.abort();
      return undefined;
    });
    await expect(
      crossValidationBy(create, runsOn(host))(network(64), { x, y }, { ...options, fit: long, signal }),
    ).rejects.toThrow(signal.reason);
    expect(host.open).toHaveBeenCalledWith('fit', expect.anything(), 2, signal);
  });

  it('are not asked for what has functions, which then runs here', async () => {
    const host = counting();
    const scheduled = { ...fit, optimizer: adam({ learningRate: () => 1e-3 }) };
    const own = await crossValidationBy(create, runsOn(host))(
      network(2),
      { x, y },
      { ...options, fit: scheduled, workers: 2 },
    );
    expect(host.open).not.toHaveBeenCalled();
    expect(own).toEqual(await crossValidate(network(2), { x, y }, { ...options, workers: 1 }));
  });

  it('are done without where they cannot be had', async () => {
    const host = { cores: 2, open: async () => undefined };
    const own = await crossValidationBy(create, runsOn(host))(network(2), { x, y }, { ...options, workers: 2 });
    expect(own).toEqual(await crossValidate(network(2), { x, y }, { ...options, workers: 1 }));
  });

  it('tell of errors as this thread does', async () => {
    const bad = x.map((value, i) => (i === 77 ? Number.NaN : value));
    const [here, there] = [1, 2].map(workers => crossValidate(network(2), { x: bad, y }, { ...options, workers }));
    const error = await here?.catch(caught => caught);
    expect(error).toBeInstanceOf(RangeError);
    await expect(there).rejects.toEqual(error);
  });

  it.each([0, 1.5, 'two'])('are refused as %j', async workers => {
    const asked = { ...options, workers: workers as number };
    await expect(crossValidate(network(2), { x, y }, asked)).rejects.toThrow('crossValidate: workers: expected');
  });
});
