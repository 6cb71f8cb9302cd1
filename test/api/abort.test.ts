/** Aborts end a fit whatever it awaits, and what a callback throws comes out of it as it is. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  dense,
  type FitOptions,
  type History,
  type Model,
  sequential,
  type TrainingData,
} from '../../src/entries/node.js';
import { labels, numbers } from '../reference/data.js';
import { hostWith, modelOn, watchedThreads } from '../threads/hosts.js';

const [rows, inputs, classes] = [330, 128, 10];
const data = { x: numbers(rows * inputs, 1), y: labels(rows, classes, 2) };
const architecture = sequential(inputs, [
  dense(128, { activation: 'relu' }),
  dense(classes, { activation: 'softmax' }),
]);
const options = { loss: 'sparseCategoricalCrossEntropy', optimizer: 'adam', batchSize: 66, threads: 2 } as const;

/** Node's threads, of which it is known how many runs they were told of and have not answered. */
function countedThreads(drops: (kind: string) => boolean = () => false) {
  let unanswered = 0;
  const threads = watchedThreads(handle => ({
    ...handle,
    post(message) {
      if (drops(message.kind)) return;
      if (message.kind === 'run') unanswered += 1;
      handle.post(message);
    },
    listen(onMessage, onEnd) {
      handle.listen(message => {
        if (message.kind === 'finished') unanswered -= 1;
        onMessage(message);
      }, onEnd);
    },
  }));
  return {
    threads,
    get unanswered() {
      return unanswered;
    },
  };
}

const many = numbers(40_000 * inputs, 3);

type Train = (model: Model, data: TrainingData, more: FitOptions) => Promise<History>;
const ways: [string, Train][] = [
  ['model.fit', (model, rows, more) => model.fit(rows, { ...options, ...more })],
  ['trainer.fit', async (model, rows, more) => (await model.trainer(options)).fit(rows, more)],
];

const never = () => new Promise<void>(() => {});
const turn = () => new Promise<void>(resolve => setImmediate(resolve));

/** Rejections that nobody has heard of. */
const unheard: unknown[] = [];
const hear = (reason: unknown) => unheard.push(reason);
beforeAll(() => void process.on('unhandledRejection', hear));
afterAll(() => {
  process.off('unhandledRejection', hear);
  expect(unheard).toEqual([]);
});

async function expectUsable(model: Model): Promise<void> {
  const predictions = model.predict(data.x);
  expect(predictions.every(Number.isFinite)).toBe(true);
  const { loss, stopped } = await model.fit(data, options);
  expect(loss.every(Number.isFinite) && loss.length === 1 && stopped === undefined).toBe(true);
  expect(model.predict(data.x)).not.toEqual(predictions);
}

const counted = countedThreads();
const worlds: [string, typeof Model][] = [
  ["the caller's thread", modelOn(hostWith(undefined))],
  ['threads', modelOn(hostWith(counted.threads.host))],
];

describe.each(worlds)('on %s', (world, OwnModel) => {
  afterAll(async () => {
    if (world === 'threads') expect(counted.threads.runs).toBeGreaterThan(0);
    await (await OwnModel.create(architecture)).dispose();
  });

  describe.each(ways)('%s', (_, train) => {
    it.each(['onBatch', 'onEpoch'] as const)('ends while %s never comes back', async name => {
      const model = await OwnModel.create(architecture);
      const control = new AbortController();
      let called = 0;
      const callback = () => {
        called += 1;
        setImmediate(() => control.abort());
        return never();
      };
      const history = await train(model, data, { epochs: 3, signal: control.signal, [name]: callback });
      expect(history).toMatchObject({ stopped: 'aborted' });
      expect([called, history.loss.length]).toEqual([1, name === 'onBatch' ? 0 : 1]);
      expect(counted.unanswered).toBe(0);
      await expectUsable(model);
    });

    it.each(['onBatch', 'onEpoch'] as const)('ends where %s aborts and then never comes back', async name => {
      const model = await OwnModel.create(architecture);
      const control = new AbortController();
      const callback = () => {
        control.abort();
        return never();
      };
      const { stopped } = await train(model, data, { epochs: 3, signal: control.signal, [name]: callback });
      expect(stopped).toBe('aborted');
      await expectUsable(model);
    });

    it('ends before any step where the signal was aborted before, and calls nobody', async () => {
      const model = await OwnModel.create(architecture);
      const before = model.parameters;
      let called = 0;
      const callback = () => {
        called += 1;
      };
      const reason = new Error('changed my mind');
      const signal = AbortSignal.abort(reason);
      const history = await train(model, data, { epochs: 3, signal, onBatch: callback, onEpoch: callback });
      expect(history).toEqual({ loss: [], seconds: [], samplesPerSecond: [], stopped: 'aborted' });
      expect(called).toBe(0);
      expect(signal.reason).toBe(reason);
      expect(model.parameters).toEqual(before);
      expect(model.trained).toEqual({ epochs: 0, steps: 0 });
      await expectUsable(model);
    });

    it('ends while steps are under way, and leaves no worker busy', async () => {
      const model = await OwnModel.create(architecture);
      for (let i = 0; i < 20; i++) {
        const control = new AbortController();
        const fitting = train(model, data, { epochs: 1000, signal: control.signal });
        for (let turns = 0; turns < i; turns++) await turn();
        control.abort();
        expect((await fitting).stopped).toBe('aborted');
        expect(counted.unanswered).toBe(0);
      }
      await expectUsable(model);
    });

    it('ends during validation', async () => {
      const model = await OwnModel.create(architecture);
      const control = new AbortController();
      let called = 0;
      const history = await train(model, data, {
        epochs: 3,
        signal: control.signal,
        // Far more of it than is done in one turn.
        validation: { x: many, y: labels(many.length / inputs, classes, 4) },
        onBatch: ({ batch }) => {
          if (batch === rows / options.batchSize) setImmediate(() => control.abort());
        },
        onEpoch: () => {
          called += 1;
        },
      });
      expect(history).toMatchObject({ loss: [], valLoss: [], stopped: 'aborted' });
      expect(called).toBe(0);
      await expectUsable(model);
    });

    it('does not care what becomes of a callback that it no longer waits for', async () => {
      for (const late of ['resolves', 'rejects']) {
        const model = await OwnModel.create(architecture);
        const control = new AbortController();
        let settle = () => {};
        const onBatch = () => {
          setImmediate(() => control.abort());
          return new Promise<void>((resolve, reject) => {
            settle = late === 'resolves' ? resolve : () => reject(new Error('too late'));
          });
        };
        await train(model, data, { signal: control.signal, onBatch });
        const parameters = model.parameters;
        settle();
        await turn();
        await turn();
        expect(model.parameters).toEqual(parameters);
        await expectUsable(model);
      }
    });

    const error = new Error("the user's own");
    const throwing: [string, () => void | Promise<void>, unknown][] = [
      [
        'throws',
        () => {
          throw error;
        },
        error,
      ],
      [
        'throws undefined',
        () => {
          throw undefined;
        },
        undefined,
      ],
      ['rejects', () => Promise.reject(error), error],
      ['rejects later', () => turn().then(() => Promise.reject(error)), error],
      ['rejects with undefined', () => Promise.reject(undefined), undefined],
    ];
    describe.each(['onBatch', 'onEpoch'] as const)('whose %s', name => {
      it.each(throwing)('%s rejects with that', async (_, callback, reason) => {
        const model = await OwnModel.create(architecture);
        const { signal } = new AbortController();
        for (const more of [{}, { signal }]) {
          const outcome = await train(model, data, { ...more, [name]: callback }).then(
            () => 'resolved',
            (got: unknown) => [got],
          );
          expect(outcome).toEqual([reason]);
          expect((outcome as unknown[])[0]).toBe(reason);
        }
        expect(counted.unanswered).toBe(0);
        await expectUsable(model);
      });
    });

    it('rejects where a callback aborts and throws, for the fit was not over', async () => {
      const model = await OwnModel.create(architecture);
      const control = new AbortController();
      const onBatch = async () => {
        control.abort();
        throw error;
      };
      await expect(train(model, data, { signal: control.signal, onBatch })).rejects.toBe(error);
      await expectUsable(model);
    });
  });

  it('a trainer whose fits are aborted anywhere comes to what one never aborted does', async () => {
    const [model, twin] = [await OwnModel.create(architecture), await OwnModel.create(architecture)];
    const [trainer, whole] = [await model.trainer(options), await twin.trainer(options)];
    const validation = { x: data.x.subarray(0, 301 * inputs), y: data.y.subarray(0, 301) };
    const wanted = await whole.fit(data, { epochs: 4, validation });
    const losses: number[][] = [];
    for (let i = 1; trainer.epoch < 4; i++) {
      const control = new AbortController();
      let left = i % 5;
      const onBatch = () => {
        left -= 1;
        if (left < 0) setImmediate(() => control.abort());
        return left < 0 ? never() : undefined;
      };
      const onEpoch = () => {
        if (i % 3 > 0) return undefined;
        control.abort();
        return never();
      };
      const more = i % 2 ? { onBatch } : { onEpoch };
      const { loss, valLoss } = await trainer.fit(data, { validation, signal: control.signal, ...more });
      losses.push(...loss.map((cost, epoch) => [cost, valLoss?.[epoch] ?? Number.NaN]));
    }
    expect(losses).toEqual(wanted.loss.map((cost, epoch) => [cost, wanted.valLoss?.[epoch]]));
    expect(model.parameters).toEqual(twin.parameters);
    expect(trainer.toBytes()).toEqual(whole.toBytes());
  });
});

describe('workers that never answer', () => {
  async function abortSoon(start: (signal: AbortSignal) => Promise<History>): Promise<void> {
    const control = new AbortController();
    const fitting = start(control.signal);
    await turn();
    control.abort();
    expect((await fitting).stopped).toBe('aborted');
  }

  it('do not keep a fit from ending, neither in the test before the first nor when they are to join', async () => {
    let silent = true;
    const { threads } = countedThreads(kind => silent && kind === 'join');
    const model = await modelOn(hostWith(threads.host)).create(architecture);
    await abortSoon(signal => model.fit(data, { ...options, signal }));
    await model.dispose();

    silent = false;
    const others = countedThreads(kind => silent && kind === 'join');
    const other = await modelOn(hostWith(others.threads.host)).create(architecture);
    const trainer = await other.trainer(options);
    silent = true;
    await abortSoon(signal => trainer.fit(data, { signal }));
    await other.dispose();
  });
});
