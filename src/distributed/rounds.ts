/** Averaged rounds: shards train by themselves for some epochs, then their parameters become one again. */
import { orAbort } from '../abort.js';
import { placedLayers } from '../architecture.js';
import { checkBoolean, checkInteger, checkOptions, quote, shorten, wrongType, wrongValue } from '../errors.js';
import { checkPath, filesOf } from '../files/access.js';
import { hasKey, kindOf } from '../kinds.js';
import type { Model } from '../model.js';
import type { NamedParameter } from '../parameters.js';
import type { Signal } from '../platform.js';
import { checkSeed } from '../random.js';
import type { FoldFit } from '../search/judged.js';
import { size } from '../shape.js';
import { validationName } from '../sums.js';
import { checkFitOptions, checkFunction, checkSignal, type TrainingData } from '../trainingOptions.js';
import { packState, type RunState, unpackState } from './checkpoint.js';
import { type AveragedRounds, nesterov, type Outer, type RoundEvent, type RoundsOptions } from './cluster.js';
import { optimizerState } from './optimizerState.js';
import { checkOuter, outerStep, type Position, type Values } from './outer.js';
import { plainData } from './plain.js';
import { type Models, partsOf, type RoundsConfig } from './shard.js';
import { type Carried, hashOf, pack, pickBy, type Spec, unpack } from './tensors.js';

/** What a shard made of what is carried, as it came, with what is told of them. */
export interface ShardReport {
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes as the worker found it. */
  readonly hash: string;
  readonly loss: number;
  /** What tells the shard's rows from others. */
  readonly digest: string;
  readonly worker: string;
}

export interface RoundTask {
  readonly id: string;
  readonly config: RoundsConfig;
  /** Counted from 0. */
  readonly round: number;
  /** Parameters, and what else is carried from round to round. */
  readonly carried: Uint8Array;
  readonly signal: Signal | undefined;
}

/** Refuses data of another kind, and names a reader. */
export type CheckData<Data> = (where: string, data: Data) => string | undefined;

/** Who trains shards, and keeps what outlives this process. */
export interface RoundCrew<Data> {
  /** The state that is kept of the run. */
  load(id: string): Promise<Uint8Array | undefined>;
  keep(id: string, state: Uint8Array): Promise<void>;
  /** Trains all shards from what the task carries; gives them in their order. */
  train(task: RoundTask, data: Data): Promise<{ shards: readonly ShardReport[]; bytes: number; waited: number }>;
  /** Has the last round trained anew where the run begins again: what came of it was refused. */
  forget(id: string, round: number): Promise<void>;
  /** Leaves nothing of a run that is done. */
  finish(id: string): Promise<void>;
}

const optionNames = [
  ...['id', 'architecture', 'data', 'shards', 'rounds', 'seed', 'local', 'keepOptimizer', 'outer'],
  ...['parameters', 'validation', 'checkpoint', 'onRound', 'signal'],
];
const WHERE = 'averageRounds';

/** A run of averaged rounds, on whoever trains its shards, who is asked once all options are known to be right. */
export async function averageRounds<Data>(
  models: Models,
  checkData: CheckData<Data>,
  open: () => Promise<RoundCrew<Data>>,
  options: RoundsOptions<Data>,
): Promise<AveragedRounds> {
  const { id, settings, rounds, checkpoint } = checkRounds(checkData, options);
  const { validation, signal, onRound } = options;
  const { shards, local, outer, seed } = settings;
  const model = await models.create(settings.architecture, { seed, deterministic: true });
  await checkLocal(model, local);
  if (options.parameters !== undefined) model.setParameters(options.parameters);
  refuseUnadapted(model);
  const { parameters } = model;
  const kept = settings.keepOptimizer ? optimizerState(WHERE, local.optimizer, parameters) : [];
  const carried = [...parameters, ...kept];
  const start = { ...valuesOf(parameters), ...zerosOf(kept) };
  const publish = (values: Values) => model.setParameters(pickBy(parameters, values));
  const config = { ...settings, parameters: hashOf(pack(parameters, start)) };
  // Refused now, where it does not fit, and not after a round.
  if (validation !== undefined) judged(model, validation, local);
  const files = checkpoint === undefined ? undefined : filesOf(models.host, `${WHERE}: checkpoint`, 'leave it out');
  if (checkpoint !== undefined) await files?.check(checkpoint);
  const crew = await open();
  const stored = [checkpoint && (await readIfThere(() => files?.read(checkpoint))), await crew.load(id)];
  const known = stored.flatMap(bytes => (bytes ? [unpackState(`${WHERE}: run '${id}'`, config, carried, bytes)] : []));
  known.sort((a, b) => b.events.length - a.events.length);
  let state: RunState = known[0] ?? { ...startingAt(outer, carried, start), events: [], digests: [] };
  publish(state.values);
  for (let round = state.events.length; round < rounds; round++) {
    signal?.throwIfAborted();
    const began = performance.now();
    const packed = pack(carried, state.values);
    const trained = await crew.train({ id, config, round, carried: packed, signal }, options.data);
    let position: Position;
    try {
      const read = readShard(carried, packed.length, round, state.digests);
      position = outerStep(outer, carried, state, trained.shards.map(read));
    } catch (error) {
      await crew.forget(id, round);
      throw error;
    }
    publish(position.values);
    const event: RoundEvent = {
      round: round + 1,
      of: rounds,
      loss: trained.shards.reduce((sum, { loss }) => sum + loss, 0) / shards,
      ...(validation && judged(model, validation, local)),
      shards,
      workers: new Set(trained.shards.map(({ worker }) => worker)).size,
      bytes: trained.bytes,
      waited: trained.waited,
      seconds: (performance.now() - began) / 1000,
    };
    const digests = trained.shards.map(({ digest }) => digest);
    state = { ...position, events: [...state.events, event], digests };
    const bytes = packState(config, carried, state);
    await crew.keep(id, bytes);
    if (checkpoint !== undefined) await files?.write(checkpoint, bytes);
    await orAbort(signal, onRound?.(event));
  }
  await crew.finish(id);
  return { model, rounds: state.events, hash: hashOf(pack(parameters, state.values)) };
}

function checkRounds<Data>(checkData: CheckData<Data>, options: RoundsOptions<Data>) {
  checkOptions(WHERE, options, optionNames);
  const { id, architecture, seed = 0, keepOptimizer = false, outer = nesterov() } = options;
  if (typeof id !== 'string') throw wrongType(`${WHERE}: id`, 'a string', id);
  if (!/^[\w.-]{1,64}$/.test(id)) throw wrongValue(`${WHERE}: id`, '1 to 64 letters, digits, _, - and .', quote(id));
  if (!hasKey(architecture, 'layers')) {
    throw wrongType(`${WHERE}: architecture`, 'what sequential(…) makes', architecture);
  }
  if (kindOf(options.local) !== 'Object') {
    throw wrongType(
      `${WHERE}: local`,
      'what shards are trained with, such as { epochs, loss, optimizer }',
      options.local,
    );
  }
  checkFunction(`${WHERE}: onRound`, options.onRound);
  checkSignal(`${WHERE}: signal`, options.signal);
  const data = checkData(`${WHERE}: data`, options.data);
  const settings = {
    architecture: plainData(`${WHERE}: architecture`, JSON.parse(JSON.stringify(architecture))),
    ...(data !== undefined && { data }),
    shards: checkInteger(`${WHERE}: shards`, options.shards, 1, 4096),
    seed: checkSeed(`${WHERE}: seed`, seed),
    local: plainData(`${WHERE}: local`, options.local),
    ...(checkBoolean(`${WHERE}: keepOptimizer`, keepOptimizer) && { keepOptimizer }),
    outer: checkOuter(`${WHERE}: outer`, outer),
  } as Omit<RoundsConfig, 'parameters'>;
  return {
    id,
    settings,
    rounds: checkInteger(`${WHERE}: rounds`, options.rounds, 1, 1e6),
    checkpoint: options.checkpoint === undefined ? undefined : checkPath(`${WHERE}: checkpoint`, options.checkpoint),
  };
}

/** Refuses what no fit of the model takes, before any work. */
async function checkLocal(model: Model, local: FoldFit): Promise<void> {
  const [options, fit] = partsOf(local);
  checkFitOptions(`${WHERE}: local`, fit);
  (await model.trainer(options)).dispose();
}

/** Shards would be adapted each to its own rows, and their parameters then mean different things. */
function refuseUnadapted({ architecture, parameters }: Model): void {
  const layers = placedLayers(architecture).filter(({ layer }) => layer.kind === 'normalization');
  for (const { name } of layers) {
    const state = parameters.filter(parameter => parameter.name.startsWith(`${name}.`));
    if (!state.every(({ data }) => data.every(value => value === 0))) continue;
    const mend = "give parameters with its 'mean' and 'variance', as model.adapt(…) sets them";
    throw wrongValue(`${WHERE}: ${name}`, 'a normalization that is adapted', 'one that is not', mend);
  }
}

function valuesOf(parameters: readonly NamedParameter[]): Values {
  return Object.fromEntries(parameters.map(({ name, data }) => [name, data]));
}

function zerosOf(specs: readonly Spec[]): Values {
  return Object.fromEntries(specs.map(({ name, shape }) => [name, new Float32Array(size(shape))]));
}

/** Nothing moves before the first round. */
function startingAt({ kind }: Outer, carried: readonly Carried[], values: Values): Position {
  return { values, velocity: zerosOf(kind === 'nesterov' ? carried.filter(({ trainable }) => trainable) : []) };
}

/** What a shard made of what is carried, which may come from anywhere; of the same rows as in the round before. */
function readShard(carried: readonly Carried[], length: number, round: number, digests: readonly string[]) {
  return ({ bytes, hash, digest, worker }: ShardReport, shard: number): Values => {
    const where = `round ${round + 1}, shard ${shard} from ${shorten(worker)}`;
    if (bytes.length !== length) throw wrongValue(where, `${length} bytes, as went to it`, bytes.length);
    if (hashOf(bytes) !== hash) throw wrongValue(where, 'the bytes that the worker sent', 'others, by their SHA-256');
    const before = digests[shard] ?? digest;
    if (before !== digest) {
      const mend = 'a reader has to give the same rows on every worker';
      throw wrongValue(where, `the rows of the round before (${before})`, `others (${shorten(digest)})`, mend);
    }
    return unpack(where, carried, bytes);
  };
}

function judged(model: Model, validation: TrainingData, { loss, lossWeights, metrics }: FoldFit) {
  const options = { loss, ...(lossWeights && { lossWeights }), ...(metrics && { metrics }) };
  const { confusionMatrix: _, ...scores } = model.evaluate(validation, options);
  return Object.fromEntries(Object.entries(scores).map(([name, score]) => [validationName(name), score]));
}

async function readIfThere(read: () => Promise<Uint8Array> | undefined): Promise<Uint8Array | undefined> {
  try {
    return await read();
  } catch (error) {
    const { cause } = error as { cause?: { code?: unknown } };
    if (cause?.code === 'ENOENT') return undefined;
    throw error;
  }
}
