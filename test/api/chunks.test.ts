/** Training on data that come in chunks: what rows in memory give, wherever they are cut. */
import { describe, expect, it } from 'vitest';
import {
  adam,
  type ChunkedData,
  dense,
  dropout,
  Model,
  normalization,
  sequential,
  type TrainingData,
} from '../../src/entries/node.js';
import { Chunks } from '../../src/rowSource.js';
import { labels, numbers } from '../reference/data.js';

const [rows, inputs, batchSize] = [1000, 6, 8];
const x = numbers(rows * inputs, 1);
const y = labels(rows, 3, 2);
const loss = 'sparseCategoricalCrossEntropy';
const network = sequential(inputs, [
  dense(16, { activation: 'relu' }),
  dropout(0.3),
  dense(3, { activation: 'softmax' }),
]);
const options = {
  loss,
  optimizer: adam({ learningRate: 0.01 }),
  batchSize,
  epochs: 3,
  metrics: ['accuracy', 'f1'],
} as const;

const create = () => Model.create(network, { seed: 3, deterministic: true });
const valuesOf = (model: Model) => model.parameters.map(({ data }) => Array.from(data));

/** The same rows in chunks of so many, asynchronously. */
function cut(size: number, all: { x: Float32Array; y: Int32Array } = { x, y }): () => AsyncGenerator<TrainingData> {
  return async function* () {
    const width = all.x.length / all.y.length;
    for (let first = 0; first < all.y.length; first += size) {
      await new Promise(resolve => setImmediate(resolve));
      const last = Math.min(all.y.length, first + size);
      yield { x: all.x.slice(first * width, last * width), y: all.y.slice(first, last) };
    }
  };
}

async function trained(data: TrainingData | ChunkedData, more: object = {}) {
  const model = await create();
  const { seconds: _, samplesPerSecond: __, ...history } = await model.fit(data, { ...options, ...more });
  return { values: valuesOf(model), history };
}

describe('fit on chunks', () => {
  it('tells chunks which epoch it is, of all that the model began', async () => {
    const told: number[] = [];
    const chunks = (epoch: number) => {
      told.push(epoch);
      return [{ x, y }];
    };
    const trainer = await (await create()).trainer({ loss, optimizer: 'sgd', batchSize });
    await trainer.fit({ chunks }, { epochs: 3 });
    await trainer.fit({ chunks }, { epochs: 1 });
    expect(told).toEqual([0, 1, 2, 3]);
    const model = await Model.create(sequential(inputs, [dense(3, { activation: 'softmax' })]));
    await model.fit({ chunks }, { loss, optimizer: 'lbfgs', epochs: 2 });
    expect(new Set(told.splice(4))).toEqual(new Set([0]));
  });

  it('is under way from its call on, before a chunk has come', async () => {
    const model = await Model.create(sequential(inputs, [normalization(), dense(3, { activation: 'softmax' })]), {
      seed: 3,
    });
    const trainer = await model.trainer({ loss, optimizer: 'sgd', batchSize });
    const fitting = trainer.fit({ chunks: cut(100) });
    const busy = /expected no fit under way on this (trainer|model), got one that runs/;
    expect(() => trainer.dispose()).toThrow(busy);
    expect(() => trainer.stepSync(x.slice(0, inputs), y.slice(0, 1))).toThrow(busy);
    await expect(trainer.fit({ x, y })).rejects.toThrow(busy);
    expect((await fitting).loss).toHaveLength(1);
    trainer.dispose();
  });

  it('gives the bits of rows in memory, wherever they are cut, and on threads', async () => {
    const expected = await trained({ x, y });
    expect(await trained({ chunks: cut(1000) })).toEqual(expected);
    expect(await trained({ chunks: cut(7), rows })).toEqual(expected);
    expect(await trained({ chunks: () => [{ x, y }] }, { threads: 2 })).toEqual(expected);
  });

  it('judges by validation rows in memory', async () => {
    const validation = { x: x.slice(0, 60 * inputs), y: y.slice(0, 60) };
    const expected = await trained({ x, y }, { validation });
    expect(await trained({ chunks: cut(130) }, { validation })).toEqual(expected);
  });

  it('adapts what normalises to all rows', async () => {
    const far = { x: x.map((value, i) => 50 + (i % inputs) * value), y };
    const architecture = sequential(inputs, [
      normalization(),
      dense(4),
      normalization(),
      dense(3, { activation: 'softmax' }),
    ]);
    const states = [];
    for (const data of [far, { chunks: cut(33, far) }]) {
      const model = await Model.create(architecture, { deterministic: true });
      await model.fit(data, { loss, optimizer: adam(), shuffle: false });
      states.push(valuesOf(model));
    }
    expect(states[1]).toEqual(states[0]);
  });

  it('goes on in the middle of an epoch that an abort cut short', async () => {
    const expected = await trained({ x, y });
    const model = await create();
    const { epochs: _, ...own } = options;
    const trainer = await model.trainer(own);
    const stop = new AbortController();
    const onBatch = ({ epoch, batch }: { epoch: number; batch: number }) => {
      if (epoch === 2 && batch === 40) stop.abort();
    };
    const { stopped } = await trainer.fit({ chunks: cut(90) }, { epochs: 3, signal: stop.signal, onBatch });
    expect(stopped).toBe('aborted');
    await trainer.fit({ chunks: cut(51) }, { epochs: 2 });
    expect(valuesOf(model)).toEqual(expected.values);
  });

  it('goes on in a later block where rows are more than 32 MB', async () => {
    const [width, count, batch] = [2 ** 15, 1150, 100];
    const y = Float32Array.from({ length: count }, (_, row) => row % 2);
    const bytes = { x: new Uint8Array(width * count), y };
    for (let row = 0; row < count; row++) bytes.x[row * width + row] = 1;
    const wide = sequential(width, [dense(1)]);
    const own = { loss: 'meanSquaredError', optimizer: adam(), batchSize: batch } as const;
    const states: number[][][] = [];
    for (const last of [undefined, 11]) {
      const trainer = await (await Model.create(wide, { deterministic: true })).trainer(own);
      const stop = new AbortController();
      const onBatch = (event: { batch: number }) => (event.batch === last ? stop.abort() : undefined);
      await trainer.fit({ chunks: () => [bytes] }, { onBatch, signal: stop.signal });
      if (last !== undefined) await trainer.fit({ chunks: () => [bytes], rows: count });
      states.push(valuesOf(trainer.model));
    }
    expect(states[1]).toEqual(states[0]);
  });
});

describe('Chunks', () => {
  const read = (_: string, chunk: unknown) => {
    const [first = 0, rows = 0] = chunk as number[];
    const values = Float32Array.from({ length: rows * 2 }, (_, i) => first + Math.floor(i / 2));
    return { samples: { rows, values, scale: 1 }, targets: Int32Array.from({ length: rows }, (_, i) => first + i) };
  };

  it('makes blocks of whole batches, and reads one ahead', async () => {
    const told: number[] = [];
    async function* chunks() {
      for (const chunk of [
        [0, 3],
        [3, 9],
        [12, 1],
        [13, 6],
        [19, 2],
      ]) {
        told.push(chunk[0] ?? 0);
        yield chunk;
      }
    }
    const source = new Chunks('fit', { chunks: chunks as never }, 2, read, 8 * 12);
    const { samples } = await source.open();
    expect(samples.rows).toBe(8);
    expect(told).toEqual([0, 3]);
    const blocks = source.epoch(false);
    const first = await blocks.next();
    await new Promise(resolve => setTimeout(resolve));
    expect(Array.from(first?.targets ?? [])).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(told).toEqual([0, 3, 12, 13]);
    const second = await blocks.next();
    expect(Array.from(second?.targets ?? [])).toEqual([8, 9, 10, 11, 12, 13, 14, 15]);
    const last = await blocks.next();
    expect(Array.from(last?.samples.values ?? [])).toEqual([16, 16, 17, 17, 18, 18, 19, 19, 20, 20]);
    expect(await blocks.next()).toBeUndefined();
  });

  it("reads the next epoch's first block while the last of this one's is in use", async () => {
    const told: string[] = [];
    let passes = 0;
    async function* chunks() {
      const pass = passes++;
      try {
        for (const row of [0, 4, 8]) {
          told.push(`${pass}: ${row}`);
          yield [row + 100 * pass, 4];
        }
      } finally {
        told.push(`${pass} closed`);
      }
    }
    const settled = () => new Promise(resolve => setTimeout(resolve));
    const source = new Chunks('fit', { chunks: chunks as never }, 2, read, 8 * 12);
    await source.open();
    const blocks = source.epoch(true);
    await blocks.next();
    await settled();
    expect(told).toEqual(['0: 0', '0: 4', '0: 8', '0 closed']);
    const last = await blocks.next();
    await settled();
    expect(told.slice(4)).toEqual(['1: 0', '1: 4']);
    expect(Array.from(last?.targets ?? [])).toEqual([8, 9, 10, 11]);
    expect(await blocks.next()).toBeUndefined();
    const first = await source.epoch(true).next();
    expect(Array.from(first?.targets ?? [])).toEqual([100, 101, 102, 103, 104, 105, 106, 107]);
    await settled();
    expect(told.slice(6)).toEqual(['1: 8', '1 closed']);
  });

  it('closes what it has begun to read for an epoch that does not come', async () => {
    let open = 0;
    async function* chunks() {
      open++;
      try {
        for (let row = 0; row < 24; row += 8) yield [row, 8];
      } finally {
        open--;
      }
    }
    const source = new Chunks('fit', { chunks: chunks as never }, 2, read, 8 * 12);
    const blocks = source.epoch(true);
    while (await blocks.next());
    expect(open).toBe(1);
    source.close();
    await new Promise(resolve => setTimeout(resolve));
    expect(open).toBe(0);
  });

  it('closes what it reads where nobody asks for more', async () => {
    let closed = false;
    async function* chunks() {
      try {
        for (let row = 0; ; row += 8) yield [row, 8];
      } finally {
        closed = true;
      }
    }
    const blocks = new Chunks('fit', { chunks: chunks as never }, 2, read, 8 * 12).epoch(false);
    await blocks.next();
    blocks.close();
    await new Promise(resolve => setTimeout(resolve));
    expect(closed).toBe(true);
  });
});

describe('chunks that are wrong', () => {
  const train = (data: unknown) => create().then(model => model.fit(data as ChunkedData, options));

  it('are refused with their number', async () => {
    const bytes = new Uint8Array(inputs);
    const cases: [unknown, string][] = [
      [
        { chunks: [{ x, y }] },
        'fit: chunks: expected a function that gives an async iterable of { x, y }, got an array',
      ],
      [{ chunks: () => 7 }, 'fit: chunks: expected a function that gives an async iterable of { x, y }, got 7'],
      [{ chunks: cut(100), row: 5 }, "fit: data: expected known options only, got 'row'; did you mean 'rows'?"],
      [{ chunks: () => [] }, 'fit: expected at least one row, got none; give another iterable each time'],
      [{ chunks: cut(400), rows: 900 }, 'fit: rows: expected 900 in all chunks, as it says, got more'],
      [{ chunks: cut(400), rows: 1001 }, 'fit: rows: expected 1001 in all chunks, as it says, got 1000'],
      [
        {
          chunks: () => [
            { x, y },
            { x: new Float32Array(7), y: [1] },
          ],
        },
        'fit: chunk 1: ',
      ],
      [
        {
          chunks: () => [
            { x, y },
            { x: bytes, y: [1] },
          ],
        },
        'fit: chunk 1: expected x of numbers and y of class indices',
      ],
      [{ chunks: () => [{ x, y }, 'rows'] }, 'fit: chunk 1: '],
    ];
    for (const [data, message] of cases) {
      await expect(train(data)).rejects.toThrow(message);
    }
  });

  it('leave the model with its last finished epoch', async () => {
    const model = await create();
    let passes = 0;
    async function* chunks(): AsyncGenerator<TrainingData> {
      yield { x, y };
      if (passes++ > 0) throw new Error('the disk is gone');
    }
    let after: number[][] = [];
    const onEpoch = () => {
      after = valuesOf(model);
    };
    await expect(model.fit({ chunks }, { ...options, onEpoch })).rejects.toThrow('the disk is gone');
    expect(valuesOf(model)).toEqual(after);
  });
});
