/**
 * However long what is given, a message is at most 300 characters, of which at most 80 are the input's own, and none a
 * terminal would obey.
 */
import { describe, expect, it } from 'vitest';
import * as core from '../../src/entries/core.js';
import {
  Architecture,
  activation,
  adam,
  constant,
  dense,
  dropout,
  huber,
  Model,
  sequential,
  Trainer,
} from '../../src/entries/node.js';
import { readSafetensors, writeSafetensors } from '../../src/files/safetensors.js';

const architecture = sequential(2, [dense(3, { activation: 'softmax' })]);
const options = { loss: 'sparseCategoricalCrossEntropy', optimizer: 'sgd' } as const;
const data = { x: new Float32Array(4), y: [0, 1] };

/** What TypeScript would refuse. */
function loosely<T>(value: unknown): T {
  return value as T;
}

/** A model's or a trainer's file with other metadata, or with other text in its header. */
async function altered(change: (metadata: Record<string, string>) => Record<string, string>): Promise<Uint8Array> {
  const trainer = await (await Model.create(architecture)).trainer(options);
  const { tensors, metadata } = readSafetensors(trainer.toBytes());
  return writeSafetensors(tensors, { ...metadata, ...change(metadata) });
}
function header(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  const file = new Uint8Array(8 + bytes.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(bytes.length), true);
  file.set(bytes, 8);
  return file;
}

/** Every way in that repeats a text of the user's, with that text. */
const texts: [where: string, work: (text: string, model: Model) => unknown][] = [
  ['an option', text => Model.create(architecture, loosely({ [text]: 1 }))],
  [
    'many options',
    text => dense(1, loosely(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [text.slice(0, 200) + i, 1])))),
  ],
  ['an option of a factory', text => adam(loosely({ [text]: 1 }))],
  ['an option of an initialiser', text => constant(loosely({ [text]: 1 }))],
  ['an option of a loss', text => huber(loosely({ [text]: 1 }))],
  ['a text for a number', text => dropout(loosely(text))],
  ['a text for units', text => dense(loosely(text))],
  ['an activation', text => activation(loosely(text))],
  ['an initialiser', text => dense(1, { weightInitializer: loosely(text) })],
  ['a kind of initialiser', text => dense(1, { weightInitializer: loosely({ kind: text }) })],
  ['a kind of layer', text => sequential(1, [loosely({ kind: text })])],
  ["a layer's name", text => dense(1, { name: `${text} ` })],
  ['a name twice', text => sequential(1, [dense(1, { name: legal(text) }), dense(1, { name: legal(text) })])],
  [
    'a shape of many lengths',
    () =>
      sequential(
        Array.from({ length: 500 }, () => 7),
        [dense(1)],
      ),
  ],
  ['a shape with a text', text => sequential(loosely([text]), [dense(1)])],
  ['an architecture', text => Model.create(loosely<Architecture>(text))],
  ['JSON that is none', text => Architecture.fromJSON(text)],
  ['JSON with a key', text => Architecture.fromJSON(JSON.stringify({ [text]: 1 }))],
  ['a loss', (text, model) => model.cost(data.x, data.y, { loss: loosely(text) })],
  ['an optimiser', (text, model) => model.fit(data, { ...options, optimizer: loosely(text) })],
  ['a metric', (text, model) => model.fit(data, { ...options, metrics: loosely([text]) })],
  ['an option of fit', (text, model) => model.fit(data, loosely({ ...options, [text]: 1 }))],
  ['a key of the data', (text, model) => model.fit(loosely({ ...data, [text]: 1 }), options)],
  ['threads', (text, model) => model.predictAsync(data.x, { threads: loosely(text) })],
  ['x', (text, model) => model.predict(loosely(text))],
  ['an object for x', (text, model) => model.predict(loosely({ [text]: 1 }))],
  ['a cell of x', (text, model) => model.predict(loosely([[text, 1]]))],
  ['a row of x', (text, model) => model.predict(loosely([text]))],
  ['a label', (text, model) => model.fit(loosely({ ...data, y: [text, 1] }), options)],
  ['targets', (text, model) => model.fit(loosely({ ...data, y: text }), options)],
  ["a parameter's name", (text, model) => model.setParameters({ [text]: [1] })],
  ["a parameter's value", (text, model) => model.setParameters(loosely({ '0.dense.bias': [text, 1, 2] }))],
  ['a quantisation', (text, model) => model.quantize({ weights: loosely(text) })],
  ['bytes', text => Model.fromBytes(loosely(text))],
  ['a path', text => Model.load(`/nowhere/${text}`)],
  ['a path to save to', (text, model) => model.save(`/nowhere/${text}`)],
  ['WebAssembly', text => core.init(loosely(text))],
  ['an address of WebAssembly', text => core.init(new URL(`file:///${text}`))],
  ['a key in a file', text => Model.fromBytes(header(`{${JSON.stringify(text)}:1}`))],
  [
    'a tensor in a file',
    text => Model.fromBytes(header(`{${JSON.stringify(text)}:{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}`)),
  ],
  [
    'a dtype in a file',
    text => Model.fromBytes(header(`{"a":{"dtype":${JSON.stringify(text)},"shape":[1],"data_offsets":[0,8]}}`)),
  ],
  [
    'a shape in a file',
    () => Model.fromBytes(header(`{"a":{"dtype":"F32","shape":[${Array(64).fill(2 ** 40)}],"data_offsets":[0,8]}}`)),
  ],
  ['a version in a file', async text => Model.fromBytes(await altered(() => ({ myelin: text })))],
  ['a seed in a file', async text => Model.fromBytes(await altered(() => ({ seed: text })))],
  ['weights in a file', async text => Model.fromBytes(await altered(() => ({ weights: text })))],
  ['an architecture in a file', async text => Model.fromBytes(await altered(() => ({ architecture: text })))],
  [
    'a kind in a file',
    async text =>
      Model.fromBytes(
        await altered(({ architecture = '' }) => ({
          architecture: architecture.replace('"dense"', JSON.stringify(text)),
        })),
      ),
  ],
  [
    'an activation in a file',
    async text =>
      Model.fromBytes(
        await altered(({ architecture = '' }) => ({
          architecture: architecture.replace('"softmax"', JSON.stringify(text)),
        })),
      ),
  ],
  [
    'a layer named in a file',
    async text =>
      Model.fromBytes(
        await altered(({ architecture = '' }) => ({
          architecture: architecture.replace('"dense"', `"dense","name":"${legal(text)}"`),
        })),
      ),
  ],
  ["a trainer's state", async text => Trainer.fromBytes(await altered(() => ({ trainer: text })))],
  [
    "a key of a trainer's state",
    async text =>
      Trainer.fromBytes(
        await altered(({ trainer = '' }) => ({ trainer: trainer.replace('{', `{${JSON.stringify(text)}:1,`) })),
      ),
  ],
  [
    "a number of a trainer's state",
    async text =>
      Trainer.fromBytes(
        await altered(({ trainer = '' }) => ({
          trainer: trainer.replace(/"epoch":\d+/, `"epoch":${JSON.stringify(text)}`),
        })),
      ),
  ],
];

/** What a layer may be called. */
function legal(text: string): string {
  return text.replace(/[^\w.-]/g, 'Z');
}

describe.each<[what: string, text: string, own: RegExp]>([
  ['a million letters', 'Z'.repeat(1e6), /Z/g],
  ['what a terminal would obey', '\u001b[31m\n\r\u202eZ\u009b'.repeat(2000), /Z/g],
  ['half a surrogate pair', 'Z\ud800'.repeat(100_000), /Z/g],
])('%s', (_, text, own) => {
  it.each(texts)('as %s', async (_, work) => {
    const model = await Model.create(architecture);
    const error = await Promise.resolve()
      .then(() => work(text, model))
      .then(
        () => undefined,
        thrown => thrown as Error,
      );
    expect(error).toBeInstanceOf(Error);
    const message = error?.message ?? '';
    expect(message.length).toBeLessThanOrEqual(300);
    expect(message.match(own)?.length ?? 0).toBeLessThanOrEqual(80);
    expect(message).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
    expect(message).toMatch(/: expected .+, got .+|does not parse/);
  });
});
