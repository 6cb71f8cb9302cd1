/** Memories are handed on, dirty as they are, without a bit of anybody's changing. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { dense, Model, type ModelOptions, sequential, type Trainer } from '../../src/entries/node.js';
import { Memories, ownMemories, Tenancy } from '../../src/runtime/memories.js';
import { type WorkerHandle, WorkerPool } from '../../src/runtime/workers.js';
import { architectureOf, arraysOf, type Case, cases, dataOf } from '../threads/cases.js';
import { hostWith, modelOn, watchedThreads } from '../threads/hosts.js';

const PAGE = 65536;

describe('a pool of memories', () => {
  const bytesOf = (memory: WebAssembly.Memory) => memory.buffer.byteLength;

  it.each([false, true])('hands on the smallest that is large enough, cleared as far as asked (shared: %s)', shared => {
    const memories = new Memories(shared);
    const [small, large] = [memories.take(PAGE), memories.take(3 * PAGE, 5 * PAGE)];
    expect([bytesOf(small), bytesOf(large)]).toEqual([PAGE, 8 * PAGE]);
    for (const memory of [large, small]) {
      new Uint8Array(memory.buffer).fill(255);
      memories.give(memory);
    }
    const again = memories.take(2000, 4 * PAGE);
    expect(again).toBe(large);
    const bytes = new Uint8Array(again.buffer);
    const at = [0, 767, 768, 1023, 1024, 1999, 2000, bytes.length - 1];
    expect(at.map(i => bytes[i])).toEqual([0, 0, 255, 255, 0, 0, 255, 255]);
    expect(memories.take(PAGE)).toBe(small);
    expect([small, large]).not.toContain(memories.take(PAGE));
  });

  it('lets the largest grow where none is large enough, and gives nobody to keep what is far too large', () => {
    const memories = new Memories(false);
    const given = [memories.take(PAGE), memories.take(2 * PAGE)];
    for (const memory of given) memories.give(memory);
    const grown = memories.take(2 ** 23, 2 ** 25);
    expect(grown).toBe(given[1]);
    expect(bytesOf(grown)).toBe(2 ** 23 + 2 ** 25);
    memories.give(grown);
    expect(memories.take(PAGE, 0, true)).toBe(given[0]);
    expect(memories.take(PAGE, 0, true)).not.toBe(grown);
    expect(memories.take(PAGE)).toBe(grown);
  });

  it('a tenant who has lost his memory and needs it again keeps the next, until he gives that away', () => {
    const memories = new Memories(false);
    const saved = vi.fn();
    const tenant = new Tenancy(memories, saved);
    const first = tenant.take(PAGE);
    tenant.offerOnce();
    tenant.hold();
    expect(memories.take(PAGE)).not.toBe(first);
    tenant.offerOnce();
    expect(memories.take(PAGE)).toBe(first);
    expect(saved).toHaveBeenCalledTimes(1);
    const second = tenant.take(PAGE);
    tenant.offerOnce();
    expect(memories.take(PAGE)).not.toBe(second);
    tenant.offer();
    expect(memories.take(PAGE)).toBe(second);
    expect(saved).toHaveBeenCalledTimes(2);
    const third = tenant.take(PAGE);
    tenant.end(true);
    expect(memories.take(PAGE)).not.toBe(third);
  });

  it('tells a holder to leave before another takes what he holds, unless he takes it back', () => {
    const memories = new Memories(false);
    const memory = memories.take(PAGE);
    const leave = vi.fn();
    memories.give(memory, { leave })();
    expect(memories.take(PAGE)).not.toBe(memory);
    expect(leave).not.toHaveBeenCalled();
    memories.give(memory, { leave });
    expect(memories.take(PAGE)).toBe(memory);
    expect(leave).toHaveBeenCalledTimes(1);
    expect(memories.take(PAGE)).not.toBe(memory);
  });
});

describe('what ran out is said', () => {
  afterEach(() => vi.unstubAllGlobals());

  /** An engine that gives memories of so many pages at most. */
  function engineWith(most: number): void {
    const Memory = new Proxy(WebAssembly.Memory, {
      construct(target, [descriptor]: [WebAssembly.MemoryDescriptor]) {
        if (descriptor.initial > most) throw new RangeError('WebAssembly.Memory(): could not allocate memory');
        return new target(descriptor);
      },
    });
    vi.stubGlobal('WebAssembly', Object.assign(Object.create(WebAssembly), { Memory }));
  }

  it.each([
    ['address space', 0, 1000 * PAGE, /expected addresses for one more, got none: address space has run out/],
    ['memory', 999, 1000 * PAGE, /expected 63 MiB in one piece, got a refusal: memory has run out; take fewer units/],
    [
      "WebAssembly's own limit",
      70_000,
      2 ** 32 + 1,
      /expected at most the 4096 MiB that WebAssembly can address, got 4097/,
    ],
  ])('%s', (_, most, bytes, message) => {
    engineWith(most);
    for (const shared of [false, true]) {
      const taking = () => new Memories(shared).take(bytes);
      expect(taking).toThrow(RangeError);
      expect(taking).toThrow(message);
      expect(taking).toThrow(/^memory: .{1,292}$/);
    }
  });

  it('of a memory that cannot grow, and of a model', async () => {
    engineWith(0);
    await expect(Model.create(sequential(3, [dense(2)]))).rejects.toThrow(/address space has run out.*let go of some/);
  });
});

const threads = watchedThreads();
const together = hostWith(threads.host);
const worlds = [
  { name: 'one thread', Class: modelOn(hostWith(undefined)), memories: ownMemories },
  { name: 'three', Class: modelOn(together), memories: WorkerPool.of(threads.host).memories },
];
afterAll(async () => {
  for (const { Class } of worlds) await (await Class.create(sequential(1, [dense(1)]))).dispose();
});

/** All memories that may be handed on are out of the way as long as what is returned lives. */
function emptied(memories: Memories): WebAssembly.Memory[] {
  return Array.from({ length: 12 }, () => memories.take(1024));
}

/** Bytes that are not a number, wherever they are read; where threads meet stays as they left it. */
function spoiled(memories: Memories): void {
  for (const memory of emptied(memories)) {
    const bytes = new Uint8Array(memory.buffer);
    bytes.fill(255, 0, 768);
    bytes.fill(255, 1024);
    memories.give(memory);
  }
}

function digest(...arrays: readonly (Float32Array | readonly number[])[]): string {
  const hash = createHash('sha256');
  for (const array of arrays) hash.update(new Uint8Array(Float64Array.from(array).buffer));
  return hash.digest('hex');
}

/** All that a case leaves. */
async function result(Class: typeof Model, each: Case, options: ModelOptions): Promise<string> {
  const model = await Class.create(architectureOf(each), { seed: 5, ...options });
  const { loss, optimizer, batchSize, rows } = each;
  const data = dataOf(each, rows, 1);
  const validation = dataOf(each, batchSize + 3, 7);
  const history = await model.fit(data, { loss, optimizer, batchSize, threads: 3, epochs: 2, validation });
  const predictions = await model.predictAsync(validation.x, { threads: 3 });
  const { cost, gradients } = model.gradients(validation.x, validation.y, { loss });
  const numbers = [...history.loss, ...(history.valLoss ?? []), cost, model.cost(data.x, data.y, { loss })];
  return digest(
    numbers,
    ...arraysOf(predictions),
    ...Object.values(gradients),
    ...model.parameters.map(({ data }) => data),
  );
}

describe.each(worlds)('over the memories of others, on $name', ({ Class, memories }) => {
  it('networks of all sizes, one after the other in any order, have the bits that they have over new ones', async () => {
    const fresh = new Map<Case, string>();
    const keeping: unknown[] = [];
    const some = fc.uniqueArray(fc.constantFrom(...cases), { minLength: 3, maxLength: 6 });
    const check = fc.asyncProperty(some, fc.boolean(), async (sequence, deterministic) => {
      for (const each of sequence) {
        if (!fresh.has(each)) {
          const others = emptied(memories);
          fresh.set(each, await result(Class, each, { deterministic: true }));
          keeping.push(others.length);
        }
      }
      if (deterministic) spoiled(memories);
      for (const each of sequence) {
        expect(await result(Class, each, { deterministic: true }), each.name).toBe(fresh.get(each));
      }
    });
    await fc.assert(check, { numRuns: 3 });
  });

  it('trainers whose memories others have meanwhile go on as if nobody had', async () => {
    const some = fc.constantFrom(...cases);
    const actions = fc.array(fc.constantFrom('fit', 'step', 'save', 'abort'), { minLength: 3, maxLength: 6 });
    const check = fc.asyncProperty(some, some, actions, async (one, other, order) => {
      const whole = dataOf(one, one.rows, 1);
      const batch = dataOf(one, Math.max(1, one.batchSize - 5), 2);
      const start = async () => {
        const model = await Class.create(architectureOf(one), { seed: 3, deterministic: true });
        return model.trainer({ loss: one.loss, optimizer: one.optimizer, batchSize: one.batchSize, threads: 3 });
      };
      const act = async (trainer: Trainer, action: string) => {
        if (action === 'step') return [trainer.stepSync(batch.x, batch.y)];
        if (action === 'save') return trainer.toBytes();
        const signal = action === 'abort' ? AbortSignal.abort() : new AbortController().signal;
        return (await trainer.fit(whole, { signal })).loss;
      };
      const [kept, disturbed] = [await start(), await start()];
      const rival = await Class.create(architectureOf(other), { deterministic: true });
      const { loss, optimizer, batchSize, rows } = other;
      for (const action of order) {
        const want = await act(kept, action);
        // After a step nobody may have its memory.
        kept.stepSync(batch.x, batch.y);
        expect(await act(disturbed, action)).toEqual(want);
        if (action !== 'step') spoiled(memories);
        await rival.fit(dataOf(other, rows, 1), { loss, optimizer, batchSize, threads: 3 });
        spoiled(memories);
        disturbed.stepSync(batch.x, batch.y);
      }
      expect(disturbed.model.parameters).toEqual(kept.model.parameters);
      expect(disturbed.toBytes()).toEqual(kept.toBytes());
    });
    await fc.assert(check, { numRuns: 5 });
  });
});

const inputs = 200;
const x = new Float32Array(500 * inputs).fill(0.25);
const y = Int32Array.from({ length: 500 }, (_, row) => row % 10);
const architecture = sequential(inputs, [dense(96, { activation: 'relu' }), dense(10, { activation: 'softmax' })]);
const options = { loss: 'sparseCategoricalCrossEntropy', optimizer: 'adam', batchSize: 100 } as const;

/** How many memories `work` makes the engine make. */
async function counted(work: () => Promise<unknown>): Promise<number> {
  let made = 0;
  const Memory = new Proxy(WebAssembly.Memory, {
    construct(target, args: [WebAssembly.MemoryDescriptor]) {
      made += 1;
      return new target(...args);
    },
  });
  vi.stubGlobal('WebAssembly', Object.assign(Object.create(WebAssembly), { Memory }));
  try {
    await work();
    return made;
  } finally {
    vi.unstubAllGlobals();
  }
}

describe.each([1, 2])('on %s threads', threads => {
  const mine = watchedThreads();
  const Class = modelOn(hostWith(threads > 1 ? mine.host : undefined));
  const settings = { ...options, threads };
  const create = () => Class.create(architecture);
  afterAll(async () => (await create()).dispose());

  it('one memory does for any number of fits, whatever their end, by model.fit and by trainers', async () => {
    const model = await create();
    await model.fit({ x, y }, settings);
    const half = { x: x.subarray(0, 250 * inputs), y: y.subarray(0, 250) };
    const fail = () => {
      throw new Error('mine');
    };
    const made = await counted(async () => {
      for (let i = 0; i < 5; i++) {
        await model.fit({ x, y }, settings);
        await model.fit(half, settings);
        const control = new AbortController();
        await model.fit({ x, y }, { ...settings, signal: control.signal, onBatch: () => control.abort() });
        await expect(model.fit({ x, y }, { ...settings, onEpoch: fail })).rejects.toThrow('mine');
        const trainer = await model.trainer(settings);
        await trainer.fit({ x, y });
        await trainer.fit(half);
        {
          using disposed = await model.trainer(settings);
          disposed.stepSync(half.x.subarray(0, 7 * inputs), half.y.subarray(0, 7));
        }
      }
    });
    expect(made).toBe(0);
  });

  it('a batchSize beyond the rows takes room for the rows alone', async () => {
    const model = await create();
    const large = 2 ** 20;
    const trainer = await model.trainer({ ...settings, batchSize: large });
    expect(trainer.plan.end).toBeGreaterThan(2 ** 30);
    await trainer.fit({ x, y });
    const { end } = await (await model.trainer({ ...settings, batchSize: 500 })).plan;
    expect(trainer.plan.end).toBe(end);
    const twin = await create();
    await twin.fit({ x, y }, { ...settings, batchSize: 500 });
    expect(model.parameters).toEqual(twin.parameters);
  });

  it('a trainer that was disposed of says so, and its model has all of it', async () => {
    const [model, twin] = [await create(), await create()];
    const [trainer, kept] = [await model.trainer(settings), await twin.trainer(settings)];
    for (const each of [trainer, kept]) {
      await each.fit({ x, y });
      each.stepSync(x.subarray(0, 20 * inputs), y.subarray(0, 20));
    }
    trainer.dispose();
    trainer[Symbol.dispose]();
    expect(model.parameters).toEqual(twin.parameters);
    expect([trainer.epoch, trainer.steps]).toEqual([1, 6]);
    const message = /: expected a trainer that can go on, got one that was disposed of; make another$/;
    await expect(trainer.fit({ x, y })).rejects.toThrow(message);
    expect(() => trainer.stepSync(x, y)).toThrow(message);
    await expect(trainer.step(x, y)).rejects.toThrow(message);
    expect(() => trainer.toBytes()).toThrow(message);
    await model.fit({ x, y }, settings);
    await twin.fit({ x, y }, settings);
    expect(model.parameters).toEqual(twin.parameters);
  });

  it('is not disposed of while its fit runs', async () => {
    const model = await create();
    const trainer = await model.trainer(settings);
    const fitting = trainer.fit({ x, y });
    const message = /^dispose: expected no fit under way on this trainer, got one that runs; abort and await it first$/;
    expect(() => trainer.dispose()).toThrow(message);
    expect((await fitting).loss).toHaveLength(1);
    trainer.dispose();
  });

  it('a trainer that ended with an error may be disposed of', async () => {
    const model = await create();
    const trainer = await model.trainer({ ...settings, optimizer: { kind: 'sgd', learningRate: 1e38 } as never });
    await expect(trainer.fit({ x, y }, { epochs: 3 })).rejects.toThrow(/finite/);
    trainer.dispose();
    trainer.dispose();
    await expect(trainer.fit({ x, y })).rejects.toThrow(/ended with/);
  });
});

it('the memory that a dead worker was in is nobody else’s', async () => {
  const handles: WorkerHandle[] = [];
  const mine = watchedThreads(handle => {
    handles.push(handle);
    return handle;
  });
  const model = await modelOn(hostWith(mine.host)).create(architecture);
  const settings = { ...options, threads: 2 };
  await model.fit({ x, y }, settings);
  for (const long of [true, false]) {
    const made = await counted(async () => {
      const fitting = model.fit({ x, y }, { ...settings, epochs: long ? 100_000 : 1 });
      if (long) setTimeout(() => handles.at(-1)?.terminate(), 50);
      await fitting.catch(() => {});
      await model.fit({ x, y }, settings);
    });
    expect(made).toBe(long ? 1 : 0);
  }
  await model.dispose();
});
