/**
 * Fits without end, as real use mixes them: one after the other and two at once, with validation and callbacks, aborted
 * at any time, steps between them, predictions beside them. Each has to come back, say what is right, and leave finite
 * parameters; some are compared, bit for bit, with the same on the caller's thread. Uses nothing but what every runtime
 * has.
 */
import { architecture, dataFor, minimizingOf, networks, oneOf, optionsOf, randomFrom, rowsOf } from './kinds.js';

function same(a, b) {
  return a.length === b.length && a.every((value, index) => Object.is(value, b[index]));
}

/** Seconds, in which this thread was free to hear of it, after which what has not come back is held for lost. */
const PATIENCE = 60;

/**
 * Soaks until `seconds` have gone by or `fits` have been done. `threaded` and `alone` are the package's entries with
 * threads and without; `memory` gives the process's bytes, `report` hears of the counts now and then. Throws at the
 * first thing that is wrong.
 */
export async function soak({ threaded, alone, seed, seconds, fits, memory = () => 0, report = () => {} }) {
  const random = randomFrom(seed);
  const below = n => Math.floor(random() * n);
  const chance = share => random() < share;
  const counts = {
    fits: 0,
    aborted: 0,
    atOnce: 0,
    validated: 0,
    steps: 0,
    predictions: 0,
    compared: 0,
    trainers: 0,
    chunked: 0,
  };
  /** What only an abort ends. */
  const never = () => new Promise(() => {});
  const turn = () => new Promise(resolve => setTimeout(resolve, 0));

  let beats = 0;
  let doing = 'nothing';
  let lost;
  const vigil = new Promise((_, reject) => {
    lost = reject;
  });
  vigil.catch(() => {});
  const heart = setInterval(() => {
    beats += 1;
    if (beats === PATIENCE) lost(new Error(`never came back: ${doing}, after ${JSON.stringify(counts)}`));
  }, 1000);

  function check(right, what) {
    if (!right) throw new Error(`${what}, after ${JSON.stringify(counts)}`);
  }

  /** What a trainer whose fit was stopped goes on with: the epoch under way is to end on the same rows. */
  const unfinished = new WeakMap();

  /** Which of the networks each trainer has. */
  const kinds = new WeakMap();
  /** Those that take all rows at once. */
  const minimizing = new WeakSet();

  /** One fit in any way. */
  async function fitOnce(trainer) {
    const kind = kinds.get(trainer);
    const data = unfinished.get(trainer) ?? dataFor(random, kind);
    const options = { epochs: 1 + below(3), ...(!minimizing.has(trainer) && { shuffle: true }) };
    const ends = new AbortController();
    const aborting = below(6);
    if (chance(0.2)) options.validation = rowsOf(random, kind, 1 + below(200));
    if (chance(0.1)) options.onEpoch = () => (aborting < 2 && chance(0.3) ? never() : chance(0.5) ? turn() : undefined);
    if (chance(0.1)) {
      options.onBatch = ({ batch }) => {
        if (aborting === 0 && batch === 3) {
          if (chance(0.5)) ends.abort();
          else setTimeout(() => ends.abort(), 0);
          return chance(0.3) ? turn() : never();
        }
        return chance(0.1) ? turn() : undefined;
      };
    }
    if (aborting < 3) options.signal = ends.signal;
    if (aborting < 2) setTimeout(() => ends.abort(), below(4));
    if (aborting === 2) queueMicrotask(() => ends.abort());
    const history = await trainer.fit(data, options);
    counts.chunked += Number('chunks' in data);
    unfinished.delete(trainer);
    if (history.stopped !== undefined) unfinished.set(trainer, data);
    counts.fits += 1;
    counts.aborted += Number(history.stopped !== undefined);
    counts.validated += Number(options.validation !== undefined);
    check(history.loss.every(Number.isFinite), `a loss of ${history.loss}`);
    check(history.stopped !== undefined || history.loss.length === options.epochs, 'an epoch is missing');
  }

  /** The same in both entries, bit for bit. */
  async function compare(threads) {
    const kind = oneOf(random, Object.keys(networks));
    const data = rowsOf(random, kind, 250 + below(300));
    const some = rowsOf(random, kind, 64);
    const config = { ...optionsOf(random, threaded), threads, batchSize: 64 };
    const epochs = 1 + below(3);
    const results = [];
    for (const entry of [threaded, alone]) {
      const model = await entry.Model.create(architecture(entry, kind), { seed: 5, deterministic: true });
      const trainer = await model.trainer(config);
      const { loss } = await trainer.fit(data, { epochs, validation: data });
      const cost = trainer.stepSync(some.x, some.y);
      await trainer.fit(data);
      const predictions = await model.predictAsync(data.x);
      results.push([Float64Array.of(...loss, cost), predictions, ...model.parameters.map(({ data }) => data)]);
    }
    const [got, want] = results;
    check(
      got.every((values, index) => same(values, want[index])),
      'other bits than on one thread',
    );
    counts.compared += 1;
    counts.fits += 2;
  }

  async function newTrainer() {
    const kind = oneOf(random, Object.keys(networks));
    const choice = { seed: below(1000), deterministic: chance(0.5) };
    const model = await threaded.Model.create(architecture(threaded, kind), choice);
    const minimizes = minimizingOf(random, kind);
    const batches = { ...optionsOf(random, threaded), batchSize: 32 + below(64) };
    const options = { ...(minimizes ?? batches), threads: 1 + below(3) };
    doing = `a trainer of a ${kind} network with ${JSON.stringify(options)}`;
    const trainer = await model.trainer(options);
    kinds.set(trainer, kind);
    if (minimizes) minimizing.add(trainer);
    counts.trainers += 1;
    return trainer;
  }

  async function predictBeside({ model }, kind) {
    const { x } = rowsOf(random, kind, 1 + below(600));
    const want = model.predict(x);
    const got = await model.predictAsync(x, chance(0.3) ? { threads: 1 + below(3) } : {});
    check(same(got, want), 'predictAsync gave other numbers than predict');
    counts.predictions += 1;
  }

  async function round(trainers) {
    const trainer = trainers[0];
    doing = 'fits and predictions';
    const work = [fitOnce(trainer)];
    if (chance(0.3)) {
      work.push(fitOnce(trainers[1]));
      counts.atOnce += 1;
    }
    for (let i = chance(0.2) ? 1 + below(3) : 0; i > 0; i--) {
      const beside = trainers[below(2)];
      work.push(predictBeside(beside, kinds.get(beside)));
    }
    await Promise.all(work);
    if (chance(0.3) && !minimizing.has(trainer)) {
      doing = 'steps';
      const { x, y } = rowsOf(random, kinds.get(trainer), 1 + below(32));
      for (let i = below(4); i >= 0; i--) {
        const cost = chance(0.5) ? trainer.stepSync(x, y) : await trainer.step(x, y);
        check(Number.isFinite(cost), `a cost of ${cost}`);
        counts.steps += 1;
      }
    }
    if (chance(0.02)) {
      const finite = trainer.model.parameters.every(({ data }) => data.every(Number.isFinite));
      check(finite, 'a parameter that is not finite');
    }
    if (chance(0.01)) {
      doing = 'a comparison';
      await compare(1 + below(4));
    }
    if (chance(0.05)) {
      const place = below(2);
      if (chance(0.5)) trainers[place].dispose();
      trainers[place] = await newTrainer();
    }
    if (chance(0.002)) await trainer.model.dispose();
    // Fits of small networks on warm workers never need this thread's timers: they have their turn here.
    if (chance(0.05)) await turn();
  }

  const trainers = [await newTrainer(), await newTrainer()];
  const start = performance.now();
  let next = start;
  let early = 0;
  try {
    for (;;) {
      const now = performance.now();
      const over = now - start > seconds * 1000 || counts.fits >= fits;
      if (over || now > next) {
        const bytes = memory();
        if (counts.fits > 2000) early ||= bytes;
        report({ ...counts, seconds: Math.round((now - start) / 1000), megabytes: Math.round(bytes / 2 ** 20) });
        check(early === 0 || bytes < 2 * early + 2 ** 29, `memory grew from ${early} to ${bytes} bytes`);
        next = now + 10_000;
      }
      if (over) return counts;
      await Promise.race([round(trainers), vigil]);
      beats = 0;
    }
  } finally {
    clearInterval(heart);
  }
}
