/** A run's state between two rounds, as bytes: what it takes to go on from there. */
import { describe, quote, wrongValue } from '../errors.js';
import { readSafetensors } from '../files/safetensors.js';
import { parseStrictly } from '../files/strictJson.js';
import { type Bytes, isList, kindOf } from '../kinds.js';
import type { RoundEvent } from './cluster.js';
import type { Position } from './outer.js';
import { difference } from './plain.js';
import type { RoundsConfig } from './shard.js';
import { type Carried, checkTensors, pack, pickBy, type Spec } from './tensors.js';

const KEY = 'myelin.rounds';
const VELOCITY = 'outer.velocity.';

/** Where a run stands after so many rounds. */
export interface RunState extends Position {
  readonly events: readonly RoundEvent[];
  /** What tells each shard's rows from others; none before the first round. */
  readonly digests: readonly string[];
}

/** The tensors of a state: what is carried, and the velocity of what learns. */
function specsOf({ outer }: RoundsConfig, carried: readonly Carried[]): Spec[] {
  const moving = outer.kind === 'nesterov' ? carried.filter(({ trainable }) => trainable) : [];
  return [...carried, ...moving.map(({ name, shape }) => ({ name: VELOCITY + name, shape }))];
}

export function packState(config: RoundsConfig, carried: readonly Carried[], state: RunState): Bytes {
  const { values, velocity, events, digests } = state;
  const all: Record<string, Float32Array> = { ...values };
  for (const [name, speed] of Object.entries(velocity)) all[VELOCITY + name] = speed;
  return pack(specsOf(config, carried), all, { [KEY]: JSON.stringify({ config, events, digests }) });
}

/**
 * What {@link packState} wrote.
 *
 * @throws where it is another run's, and says in what
 */
export function unpackState(
  where: string,
  config: RoundsConfig,
  carried: readonly Carried[],
  bytes: Uint8Array,
): RunState {
  const { tensors, metadata } = readSafetensors(bytes);
  const told = parseStrictly(where, metadata[KEY] ?? '{}') as { config?: unknown; events?: unknown; digests?: unknown };
  const { events, digests } = told;
  if (kindOf(told.config) !== 'Object' || !isList(events) || !isList(digests)) {
    throw wrongValue(where, 'the state of averaged rounds', 'another file');
  }
  const found = difference(config, told.config);
  if (found) {
    const expected = `the same run, whose ${quote(found.path)} is ${describe(found.a)}`;
    throw wrongValue(where, expected, describe(found.b), 'give it another id, or remove what is kept of the other');
  }
  const all = checkTensors(where, specsOf(config, carried), tensors);
  const moving = Object.entries(all).filter(([name]) => name.startsWith(VELOCITY));
  const velocity = Object.fromEntries(moving.map(([name, speed]) => [name.slice(VELOCITY.length), speed]));
  return { values: pickBy(carried, all), velocity, events: events as RoundEvent[], digests: digests as string[] };
}
