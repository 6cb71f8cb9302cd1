/** Whatever has a name has its lines everywhere; what is missing is said. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import * as publicNames from '../../src/index.js';
import { elementwiseActivations } from '../../src/layers/activations.js';
import { layerKinds } from '../../src/layers/index.js';
import { lossNames } from '../../src/losses/index.js';
import { optimizerNames, ruleNames } from '../../src/optimizers/index.js';
import { ActivationKind, LossKind, Opcode, UpdateKind } from '../../src/plan/opcodes.js';
import * as referenceLosses from '../reference/losses.js';
import * as referenceOptimizers from '../reference/optimizers.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The sources of a file, or of all files of a folder. */
function textOf(path: string): string {
  if (path.endsWith('.ts')) return readFileSync(root + path, 'utf8');
  const files = readdirSync(root + path).filter(file => file.endsWith('.ts'));
  return files.map(file => readFileSync(`${root}${path}/${file}`, 'utf8')).join('\n');
}

/** What to write where, for each of the lines that `path` does not have. */
function missing(path: string, names: readonly string[], lineOf: (name: string) => string): string[] {
  const text = textOf(path);
  return names.map(lineOf).flatMap(line => (text.includes(line) ? [] : [`${path} lacks «${line}»`]));
}

const capitalised = (name: string) => (name[0] ?? '').toUpperCase() + name.slice(1);

/** The names of an enum, whose numbers must count up from 0. */
function namesOf(numbers: Record<string, string | number>): string[] {
  const names = Object.keys(numbers).filter(key => !/^\d+$/.test(key));
  expect(names.map(name => numbers[name])).toEqual(names.map((_, index) => index));
  return names;
}

const kinds = namesOf(ActivationKind);
const losses = namesOf(LossKind);

it('every opcode is carried out', () => {
  expect(missing('assembly/run.ts', namesOf(Opcode), name => `case Opcode.${name}:`)).toEqual([]);
});

it('every kind of activation goes forward and backward, has its class, and is offered by a layer', () => {
  const op = 'assembly/ops/activation.ts';
  expect([
    ...missing(op, kinds, kind => `case ActivationKind.${kind}: forward<${capitalised(kind)}>(`),
    ...missing(op, kinds, kind => `case ActivationKind.${kind}: gradient<${capitalised(kind)}>(`),
    ...missing('assembly/ops/activations', kinds, kind => `export class ${capitalised(kind)} {`),
    ...missing('src/layers', kinds, kind => `ActivationKind.${kind}`),
  ]).toEqual([]);
});

it('every elementwise activation is known by the name of its kind', () => {
  for (const [name, { kind }] of Object.entries(elementwiseActivations)) expect(ActivationKind[kind]).toBe(name);
});

it('every kind of loss is summed, has its class, and is used by a loss', () => {
  expect([
    ...missing('assembly/ops/loss.ts', losses, kind => `case LossKind.${kind}: elementwise<${capitalised(kind)}>(`),
    ...missing('assembly/ops/losses', losses, kind => `export class ${capitalised(kind)} {`),
    ...missing('src/losses', losses, kind => `LossKind.${kind}`),
  ]).toEqual([]);
});

it('every rule of an optimiser has its class, and is used by one', () => {
  const rules = namesOf(UpdateKind);
  expect([
    ...missing('assembly/ops/optimizers.ts', rules, kind => `case UpdateKind.${kind}: update<${capitalised(kind)}>(`),
    ...missing('assembly/ops/optimizers.ts', rules, kind => `export class ${capitalised(kind)} extends `),
    ...missing('src/optimizers/kinds.ts', rules, kind => `UpdateKind.${kind}`),
  ]).toEqual([]);
});

it.each(['activations', 'losses'])('every file of assembly/ops/%s is used', folder => {
  const files = readdirSync(`${root}assembly/ops/${folder}`).map(file => file.replace('.ts', ''));
  const op = folder === 'losses' ? 'assembly/ops/loss.ts' : 'assembly/ops/activation.ts';
  expect(missing(op, files, file => `from './${folder}/${file}'`)).toEqual([]);
});

it('every layer, loss and optimiser has a factory among the public names', () => {
  const names = [...layerKinds, ...lossNames, ...optimizerNames];
  expect(names.filter(name => typeof (publicNames as Record<string, unknown>)[name] !== 'function')).toEqual([]);
});

it('every layer has its test', () => {
  const together: Record<string, readonly string[]> = {
    merge: ['add', 'subtract', 'multiply', 'average', 'maximum', 'concatenate'],
    arrange: ['slice', 'permute', 'repeatVector'],
    convolution: ['conv2d', 'conv1d'],
    depthwise: ['depthwiseConv2d', 'depthwiseConv1d', 'separableConv2d', 'separableConv1d'],
    pooling: layerKinds.filter(kind => /Pool[12]d$/.test(kind)),
    recurrent: ['simpleRnn', 'lstm', 'gru'],
    augmentation: layerKinds.filter(kind => /^(random|cutout)/.test(kind)),
    positionEmbedding: ['sinusoidalPositions', 'positionEmbedding', 'groupNormalization'],
    positions: ['reshape', 'zeroPadding2d', 'zeroPadding1d', 'cropping2d', 'upSampling2d'],
  };
  const fileOf = (kind: string) => Object.keys(together).find(file => together[file]?.includes(kind)) ?? kind;
  const files = layerKinds.map(kind => `test/layers/${fileOf(kind)}.test.ts`);
  expect(files.filter(file => !existsSync(root + file))).toEqual([]);
});

it('every loss and optimiser has a float64 reference', () => {
  expect(lossNames.filter(name => !(name in referenceLosses))).toEqual([]);
  expect(ruleNames.filter(name => !(name in referenceOptimizers))).toEqual([]);
});
