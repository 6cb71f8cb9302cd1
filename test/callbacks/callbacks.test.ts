/** What callbacks do while a network is trained, in files, and in what goes on from them. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Training, Watcher } from '../../src/callbacks/callback.js';
import { reduceOnPlateauCallback } from '../../src/callbacks/plateaus.js';
import {
  type Callback,
  checkpoint,
  csvLogger,
  dense,
  earlyStopping,
  type FitOptions,
  f1,
  graph,
  jsonLogger,
  Model,
  reduceOnPlateau,
  sequential,
  sgd,
  Trainer,
  tensorBoard,
} from '../../src/entries/node.js';
import { readCsv } from '../../src/readers/csv.js';

const folder = mkdtempSync(join(tmpdir(), 'myelin-callbacks-'));
afterAll(() => rmSync(folder, { recursive: true }));

const x = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i));
const y = x.map(value => 2 * value);
/** The further training gets, the worse these rows are predicted. */
const against = { x, y: y.map(value => -value) };

async function trainer(callbacks: readonly Callback[] = []): Promise<Trainer> {
  const model = await Model.create(sequential(1, [dense(1, { weightInitializer: 'zeros' })]), { seed: 3 });
  const optimizer = sgd({ learningRate: 0.05, momentum: 0.5 });
  return (await model.trainer({ loss: 'meanSquaredError', optimizer, batchSize: 4, callbacks })) as Trainer;
}

const train = (made: Trainer, options: FitOptions) => made.fit({ x, y }, { validation: against, ...options });
const numbers = ({ model }: Trainer) => model.parameters.map(({ data }) => [...data]);

/** So many epochs without callbacks. */
async function plain(epochs: number): Promise<Trainer> {
  const made = await trainer();
  await train(made, { epochs });
  return made;
}

it('what watches a metric that is not defined for the validation rows says so', async () => {
  for (const watching of [
    earlyStopping({ monitor: 'valRocAuc' }),
    reduceOnPlateau({ monitor: 'valRocAuc' }),
    checkpoint({ to: () => Promise.resolve(), best: 'valRocAuc' }),
  ]) {
    const model = await Model.create(sequential(1, [dense(1, { activation: 'sigmoid' })]));
    const labels = Float32Array.from(x, (_, row) => row % 2);
    const fit = model.fit(
      { x, y: labels },
      {
        ...{ loss: 'binaryCrossEntropy', optimizer: 'sgd', metrics: ['rocAuc'], callbacks: [watching] },
        validation: { x, y: labels.map(() => 1) },
      },
    );
    await expect(fit).rejects.toThrow(`${watching.kind}: valRocAuc: expected a number, got none after epoch 1`);
    expect(model.predict([[1]])[0]).toBeGreaterThan(0);
  }
});

describe('earlyStopping', () => {
  it('ends where nothing gets better, and puts the best back', async () => {
    const made = await trainer([earlyStopping({ patience: 3 })]);
    const history = await train(made, { epochs: 20 });
    expect(history.stopped).toBe('earlyStopping');
    expect(history.loss).toHaveLength(4);
    expect(numbers(made)).toEqual(numbers(await plain(1)));
    // It has ended: until callbacks are given anew.
    expect(await train(made, { epochs: 20 })).toMatchObject({ loss: [], stopped: 'earlyStopping' });
    const again = await train(made, { epochs: 2, callbacks: [earlyStopping({ patience: 3, restoreBest: false })] });
    expect(again.loss).toHaveLength(2);
    expect(again.stopped).toBeUndefined();
  });

  it('waits on as long as it gets better by minDelta', async () => {
    const made = await trainer([earlyStopping({ monitor: 'loss', patience: 1 })]);
    expect((await train(made, { epochs: 6 })).stopped).toBeUndefined();
    expect(numbers(made)).toEqual(numbers(await plain(6)));
    const never = earlyStopping({ monitor: 'loss', patience: 2, minDelta: 100, restoreBest: false });
    expect((await train(await trainer([never]), { epochs: 6 })).loss).toHaveLength(3);
    const more = earlyStopping({ monitor: 'valLoss', mode: 'max', patience: 1 });
    expect((await train(await trainer([more]), { epochs: 6 })).loss).toHaveLength(6);
  });

  it('has its state and the best parameters in the trainer’s file', async () => {
    const callbacks = [earlyStopping({ patience: 4 })];
    const whole = await trainer(callbacks);
    const bytes: Uint8Array[] = [];
    const history = await train(whole, { epochs: 9, onEpoch: () => void bytes.push(whole.toBytes()) });
    const resumed = await Trainer.fromBytes(bytes[1] ?? new Uint8Array());
    const rest = await train(resumed, { epochs: 7 });
    expect(rest).toMatchObject({ loss: history.loss.slice(2), stopped: 'earlyStopping' });
    expect(numbers(resumed)).toEqual(numbers(whole));
    expect(resumed.toBytes()).toEqual(whole.toBytes());
  });
});

describe('reduceOnPlateau', () => {
  it('lowers the rate as PyTorch’s ReduceLROnPlateau does', () => {
    // factor 0.5, patience 1, cooldown 1, min_lr 0.15; worked out by hand from its step().
    const config = reduceOnPlateau({ factor: 0.5, patience: 1, cooldown: 1, minLearningRate: 0.15 });
    const watcher: Watcher = reduceOnPlateauCallback.watch(config, undefined);
    const rates: number[] = [];
    const training = {
      learningRate: 1,
      setLearningRate: (rate: number) => Object.assign(training, { learningRate: rate }),
    };
    // Bad from the second on; 0.99995 is no better than 1 by a share of 1e-4.
    for (const valLoss of [1, 0.99995, 2, 2, 2, 2, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6]) {
      watcher.epoch?.({ valLoss } as never, training as unknown as Training);
      rates.push(training.learningRate);
    }
    expect(rates).toEqual([1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.15, 0.15, 0.15, 0.15, 0.15]);
  });

  it('has the machine take the lower rate, from then on and in what goes on from it', async () => {
    const callbacks = [reduceOnPlateau({ factor: 0.5, patience: 0 })];
    const whole = await trainer(callbacks);
    const bytes: Uint8Array[] = [];
    await train(whole, { epochs: 5, onEpoch: () => void bytes.push(whole.toBytes()) });
    const resumed = await Trainer.fromBytes(bytes[2] ?? new Uint8Array());
    await train(resumed, { epochs: 2 });
    expect(numbers(resumed)).toEqual(numbers(whole));
    expect(numbers(whole)).not.toEqual(numbers(await plain(5)));
    // Nothing is lowered before the second epoch has ended.
    const two = await trainer(callbacks);
    await train(two, { epochs: 2 });
    expect(numbers(two)).toEqual(numbers(await plain(2)));
  });
});

describe('checkpoint', () => {
  it('saves what goes on bit for bit, and keeps older ones', async () => {
    const path = join(folder, 'kept.safetensors');
    const whole = await trainer([checkpoint({ to: path, every: 2, keep: 2 })]);
    await train(whole, { epochs: 7 });
    const resumed = await Trainer.load(path);
    expect(resumed.epoch).toBe(6);
    expect((await Trainer.load(`${path}.1`)).epoch).toBe(4);
    expect(readdirSync(folder).filter(name => name.startsWith('kept'))).toHaveLength(2);
    await train(resumed, { epochs: 1 });
    expect(numbers(resumed)).toEqual(numbers(whole));
  });

  it('saves the best alone, where it is told by what', async () => {
    const path = join(folder, 'best.safetensors');
    await train(await trainer([checkpoint({ to: path, best: 'valLoss' })]), { epochs: 4 });
    expect((await Trainer.load(path)).epoch).toBe(1);
    await train(await trainer([checkpoint({ to: path, best: 'loss' })]), { epochs: 4 });
    expect((await Trainer.load(path)).epoch).toBe(4);
  });

  it('gives the bytes to a function, which is to be given again', async () => {
    const given: Uint8Array[] = [];
    const to = (bytes: Uint8Array) => void given.push(bytes);
    await train(await trainer([checkpoint({ to }), earlyStopping({ patience: 9 })]), { epochs: 2 });
    const [first = new Uint8Array()] = given;
    expect(given).toHaveLength(2);
    await expect(Trainer.fromBytes(first)).rejects.toThrow(
      /callbacks: expected functions to be given again, got none in/,
    );
    const resumed = await Trainer.fromBytes(first, { callbacks: [checkpoint({ to }), earlyStopping({ patience: 9 })] });
    await train(resumed, { epochs: 1 });
    expect(given[2]).toEqual(given[1]);
  });
});

describe('loggers', () => {
  it('write a line for each epoch, and go on behind those that they were resumed from', async () => {
    const [csv, json, saved] = ['log.csv', 'log.jsonl', 'log.safetensors'].map(name => join(folder, name));
    const callbacks = [
      csvLogger({ path: csv ?? '' }),
      jsonLogger({ path: json ?? '' }),
      checkpoint({ to: saved ?? '' }),
    ];
    const made = await trainer(callbacks);
    const history = await train(made, { epochs: 3 });
    const lines = () =>
      readFileSync(csv ?? '', 'utf8')
        .trim()
        .split('\n');
    expect(lines()[0]).toBe('epoch,loss,valLoss,seconds,samplesPerSecond');
    expect(
      lines()
        .slice(1)
        .map(line => Number(line.split(',')[1])),
    ).toEqual(history.loss);
    // Killed after a line was written and before the checkpoint was.
    writeFileSync(csv ?? '', `${readFileSync(csv ?? '', 'utf8')}4,0,0,0,0\n`);
    const resumed = await Trainer.load(saved ?? '');
    const rest = await train(resumed, { epochs: 2 });
    expect(
      lines()
        .slice(1)
        .map(line => Number(line.split(',')[1])),
    ).toEqual([...history.loss, ...rest.loss]);
    const events = readFileSync(json ?? '', 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(events.map(({ epoch, loss }) => [epoch, loss])).toEqual(
      [...history.loss, ...rest.loss].map((loss, i) => [i + 1, loss]),
    );
    await expect(resumed.fit({ x, y })).rejects.toThrow(
      /csvLogger: path: expected a file with the columns of this fit/,
    );
  });

  it('quote names that have commas', async () => {
    const path = join(folder, 'quoted.csv');
    const named = graph(1, given => ({ 'up, "so"\nto say': given.to(dense(1, { activation: 'sigmoid' })) }));
    const made = await (await Model.create(named)).trainer({
      loss: 'binaryCrossEntropy',
      optimizer: 'sgd',
      metrics: { 'up, "so"\nto say': [f1({ average: 'micro', threshold: 0.3 })] },
      callbacks: [csvLogger({ path })],
    });
    const labels = { 'up, "so"\nto say': Float32Array.from(x, (_, row) => row % 2) };
    await made.fit({ x, y: labels });
    await made.fit({ x, y: labels });
    const { rows, names } = await readCsv(path);
    expect([rows, names[3]]).toEqual([2, 'up, "so"\nto say.f1(micro, 0.3)']);
    expect(readFileSync(path, 'utf8')).toContain('"up, ""so""\nto say.f1(micro, 0.3)"');
  });

  it('write what TensorBoard reads', async () => {
    const directory = join(folder, 'runs', 'first');
    const history = await train(await trainer([tensorBoard({ directory })]), { epochs: 2 });
    const [file = ''] = readdirSync(directory);
    expect(file).toMatch(/^events\.out\.tfevents\.\d+\./);
    const records = recordsOf(readFileSync(join(directory, file)));
    expect(records).toHaveLength(3);
    expect(records[0]?.includes('brain.Event:2')).toBe(true);
    const at = records[2]?.indexOf('valLoss') ?? -1;
    // The step is field 2; behind a value's tag comes its float32.
    expect([records[2]?.[9], records[2]?.[10]]).toEqual([16, 2]);
    expect(records[2]?.[at + 7]).toBe(0x15);
    expect(records[2]?.readFloatLE(at + 8)).toBeCloseTo(history.valLoss?.[1] ?? 0, 6);
  });
});

/** The records of an event file, each with checksums that are right. */
function recordsOf(bytes: Buffer): Buffer[] {
  const table = Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
    return c;
  });
  const crc = (data: Uint8Array) => ~data.reduce((c, byte) => (table[(c ^ byte) & 255] ?? 0) ^ (c >>> 8), -1) >>> 0;
  const masked = (data: Uint8Array) => ((((crc(data) >>> 15) | (crc(data) << 17)) >>> 0) + 0xa282ead8) >>> 0;
  // The check value that is published of CRC-32C.
  expect(crc(Buffer.from('123456789'))).toBe(0xe3069283);
  const records: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    expect(bytes.readUInt32LE(at + 8)).toBe(masked(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(bytes.readUInt32LE(at + 12 + length)).toBe(masked(data));
    records.push(data);
    at += length + 16;
  }
  return records;
}

describe('events', () => {
  it('are yielded one by one, and training waits', async () => {
    const made = await trainer();
    const losses: number[] = [];
    for await (const { epoch, loss } of made.events({ x, y }, { epochs: 3 })) {
      expect(made.epoch).toBe(epoch);
      losses.push(loss);
    }
    const other = await trainer();
    expect((await other.fit({ x, y }, { epochs: 3 })).loss).toEqual(losses);
    const run = other.events({ x, y }, { epochs: 1 });
    await run.next();
    expect(await run.next()).toMatchObject({ done: true, value: { loss: [expect.any(Number)] } });
  });

  it('end the fit where the loop is left, and fail as it does', async () => {
    const made = await trainer();
    for await (const { epoch } of made.events({ x, y }, { epochs: 100 })) if (epoch === 2) break;
    expect(made.epoch).toBe(2);
    await made.fit({ x, y });
    expect(made.epoch).toBe(3);
    await expect(made.events({ x, y: [1] }).next()).rejects.toThrow(/y: expected/);
    expect(() => made.events({ x, y }, { epochs: 0 })).toThrow(/events: epochs/);
  });
});

describe('refused before any work', () => {
  it.each<[string, () => Callback, RegExp]>([
    [
      'a monitor that no history has',
      () => earlyStopping({ monitor: 'valF1' }),
      /earlyStopping: monitor: expected one of loss/,
    ],
    ['a best that no history has', () => checkpoint({ to: () => {}, best: 'x' }), /checkpoint: monitor: .*got 'x'/],
    ['a folder that is not there', () => checkpoint({ to: join(folder, 'none', 'a') }), /none.*no such file or folder/],
    ['a folder for a file', () => checkpoint({ to: folder }), /got a folder/],
    ['a log without its folder', () => csvLogger({ path: join(folder, 'none', 'a') }), /no such file or folder/],
    ['a file for a folder', () => tensorBoard({ directory: join(folder, 'a-file') }), /file/],
    // Where Node 20's own recursion never ends.
    ['a folder where none can be made', () => tensorBoard({ directory: '/proc/none/logs' }), /folder/],
  ])('%s', async (_, callback, message) => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'a-file'), '');
    const made = await trainer([callback()]);
    await expect(train(made, { epochs: 2 })).rejects.toThrow(message);
    expect(made.epoch).toBe(0);
    await train(made, { callbacks: [] });
  });

  it.each<[string, () => unknown, RegExp]>([
    ['half a patience', () => earlyStopping({ patience: 0.5 }), /earlyStopping: patience/],
    ['a negative delta', () => earlyStopping({ minDelta: -1 }), /earlyStopping: minDelta/],
    ['an unknown mode', () => earlyStopping({ mode: 'low' as 'min' }), /earlyStopping: mode/],
    ['a factor of 1', () => reduceOnPlateau({ factor: 1 }), /reduceOnPlateau: factor/],
    ['no place', () => checkpoint({} as never), /checkpoint: to: expected a path or a function/],
    ['no epochs', () => checkpoint({ to: 'a', every: 0 }), /checkpoint: every/],
    ['what a function keeps', () => checkpoint({ to: () => {}, keep: 2 }), /checkpoint: keep/],
    ['no path', () => csvLogger({ path: '' }), /csvLogger: path/],
    ['an unknown setting', () => jsonLogger({ file: 'a' } as never), /jsonLogger: .*'file'/],
  ])('%s', (_, work, message) => expect(work).toThrow(message));

  it('what is no list of callbacks', async () => {
    await expect(trainer('a' as never)).rejects.toThrow(/trainer: callbacks: expected a list/);
    await expect(trainer([{ kind: 'earlyStop' } as never])).rejects.toThrow(/did you mean 'earlyStopping'/);
  });
});
