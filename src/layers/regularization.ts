/** What holds a layer's parameters down: penalties on them, part of the training cost, and constraints. */
import { checkNumber, checkOptions, wrongType } from '../errors.js';
import { hasKey } from '../kinds.js';

/** The penalty l1 · Σ|w| + l2 · Σw². */
export interface Regularizer {
  readonly kind: 'l1l2';
  readonly l1: number;
  readonly l2: number;
}

/** What the weights that come into each unit are held to after every update. */
export type Constraint =
  | { readonly kind: 'maxNorm'; readonly limit: number }
  | { readonly kind: 'unitNorm' }
  | { readonly kind: 'nonNegative' };

export interface RegularizationOptions {
  /** A penalty on the weights, such as `l2(0.01)`: part of `loss`, and of neither `valLoss` nor `evaluate`. */
  readonly weightRegularizer?: Regularizer;
  /** The same on the biases. */
  readonly biasRegularizer?: Regularizer;
  /** What each unit's weights are held to, such as `maxNorm(1)`. */
  readonly weightConstraint?: Constraint;
}

/** What layers without a bias take of it. */
export type WeightRegularization = Omit<RegularizationOptions, 'biasRegularizer'>;

export const regularizationNames = ['weightRegularizer', 'biasRegularizer', 'weightConstraint'] as const;

/** The penalty a · Σ|w|. */
export function l1(a: number): Regularizer {
  return Object.freeze({ kind: 'l1l2', l1: checkNumber('l1', a, { min: 0 }), l2: 0 });
}

/** The penalty a · Σw². */
export function l2(a: number): Regularizer {
  return Object.freeze({ kind: 'l1l2', l1: 0, l2: checkNumber('l2', a, { min: 0 }) });
}

/** The penalty a · Σ|w| + b · Σw². */
export function l1l2(a: number, b: number): Regularizer {
  return Object.freeze({
    kind: 'l1l2',
    l1: checkNumber('l1l2: l1', a, { min: 0 }),
    l2: checkNumber('l1l2: l2', b, { min: 0 }),
  });
}

/** Scales the weights that come into a unit down where their norm is above `limit` (Srebro and Shraibman 2005). */
export function maxNorm(limit: number): Constraint {
  return Object.freeze({ kind: 'maxNorm', limit: checkNumber('maxNorm', limit, { above: 0 }) });
}

/** Scales the weights that come into a unit to the norm 1. */
export function unitNorm(): Constraint {
  return Object.freeze({ kind: 'unitNorm' });
}

/** Makes weights that are negative 0. */
export function nonNegative(): Constraint {
  return Object.freeze({ kind: 'nonNegative' });
}

function checkRegularizer(where: string, value: unknown): Regularizer {
  if (!hasKey(value, 'kind') || value.kind !== 'l1l2') throw wrongType(where, 'a penalty such as l2(0.01)', value);
  const { kind: _, ...sizes } = value;
  checkOptions(where, sizes, ['l1', 'l2']);
  return l1l2((sizes as Partial<Regularizer>).l1 as number, (sizes as Partial<Regularizer>).l2 as number);
}

function checkConstraint(where: string, value: unknown): Constraint {
  const kind = hasKey(value, 'kind') ? value.kind : undefined;
  if (kind === 'maxNorm' && hasKey(value, 'limit')) return maxNorm(value.limit as number);
  if (kind === 'unitNorm') return unitNorm();
  if (kind === 'nonNegative') return nonNegative();
  throw wrongType(where, 'a constraint such as maxNorm(1)', value);
}

/** The same, checked; what is not told is left out. */
export function checkRegularization(where: string, options: RegularizationOptions): RegularizationOptions {
  const { weightRegularizer, biasRegularizer, weightConstraint } = options;
  return {
    ...(weightRegularizer !== undefined && {
      weightRegularizer: checkRegularizer(`${where}: weightRegularizer`, weightRegularizer),
    }),
    ...(biasRegularizer !== undefined && {
      biasRegularizer: checkRegularizer(`${where}: biasRegularizer`, biasRegularizer),
    }),
    ...(weightConstraint !== undefined && {
      weightConstraint: checkConstraint(`${where}: weightConstraint`, weightConstraint),
    }),
  };
}

/** What a layer asks of its own parameters, or of those of the layer within it. */
function askedOf(layer: object): RegularizationOptions {
  return hasKey(layer, 'layer') ? (layer.layer as RegularizationOptions) : layer;
}

/** The penalty on a layer's parameter of that name. */
export function regularizerOf(layer: object, parameter: string): Regularizer | undefined {
  const { weightRegularizer, biasRegularizer } = askedOf(layer);
  return isWeight(parameter) ? weightRegularizer : /(^|\.)bias$|Bias$/.test(parameter) ? biasRegularizer : undefined;
}

export function constraintOf(layer: object, parameter: string): Constraint | undefined {
  return isWeight(parameter) ? askedOf(layer).weightConstraint : undefined;
}

/** Whether a parameter's name says that it is weights: no bias, and nothing of a layer that normalises. */
export function isWeight(parameter: string): boolean {
  return /(^|\.)weight$|Weight$/.test(parameter);
}

/** How many units have a row of the matrix for each tap, as of a transposed convolution; 0 where units are columns. */
export function unitRowsOf(layer: object): number {
  const { kind, filters = 0 } = layer as { readonly kind?: string; readonly filters?: number };
  return kind === 'conv2dTranspose' ? filters : 0;
}
