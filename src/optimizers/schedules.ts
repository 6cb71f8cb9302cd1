/** Learning rates that change from step to step, as plain data, and the rate that each gives. */
import { cosineOfTurns, powerOf } from '../elementary.js';
import { checkChoice, checkInteger, checkNumber, checkOptions, wrongType, wrongValue } from '../errors.js';
import { hasKey } from '../kinds.js';

/** `initial · factor^⌊step / every⌋` */
export interface StepDecay {
  readonly kind: 'stepDecay';
  readonly initial: number;
  readonly every: number;
  readonly factor: number;
}

/** The first of `values` before the first of `boundaries`, which are steps, then the second, and so on. */
export interface Piecewise {
  readonly kind: 'piecewise';
  readonly values: readonly number[];
  readonly boundaries: readonly number[];
}

/** `initial · factor^step` */
export interface ExponentialDecay {
  readonly kind: 'exponentialDecay';
  readonly initial: number;
  readonly factor: number;
}

/** `final + (initial − final) · (1 − step / steps)^power`, and `final` after so many steps. */
export interface PolynomialDecay {
  readonly kind: 'polynomialDecay';
  readonly initial: number;
  readonly final: number;
  readonly steps: number;
  readonly power: number;
}

/** `warmup` steps up to `initial`, then half a cosine down to `final`, which stays. */
export interface CosineDecay {
  readonly kind: 'cosineDecay';
  readonly initial: number;
  readonly final: number;
  readonly steps: number;
  readonly warmup: number;
}

/** Half a cosine over `steps`, then again over `multiply` times as many, and so on. */
export interface CosineRestarts {
  readonly kind: 'cosineRestarts';
  readonly initial: number;
  readonly final: number;
  readonly steps: number;
  readonly multiply: number;
}

/** Half a cosine up to `peak`, and one down to next to nothing. */
export interface OneCycle {
  readonly kind: 'oneCycle';
  readonly peak: number;
  readonly steps: number;
  readonly rising: number;
  readonly startDivisor: number;
  readonly endDivisor: number;
}

export type Schedule =
  | StepDecay
  | Piecewise
  | ExponentialDecay
  | PolynomialDecay
  | CosineDecay
  | CosineRestarts
  | OneCycle;

/** A rate for all steps, a schedule, or any function of the step, which counts from 0. */
export type LearningRate = number | Schedule | ((step: number) => number);

const amount = (where: string, value: unknown) => checkNumber(where, value, { min: 0 });
const steps = (where: string, value: unknown) => checkInteger(where, value as number, 1);

/** `initial`, times `factor` after each `every` steps (0.1 and 1 by default). */
export function stepDecay(options: Pick<StepDecay, 'initial' | 'every'> & { factor?: number }): StepDecay {
  const where = 'stepDecay';
  checkOptions(where, options, ['initial', 'every', 'factor']);
  const { initial, every, factor = 0.1 } = options;
  return Object.freeze({
    kind: where,
    initial: amount(`${where}: initial`, initial),
    every: steps(`${where}: every`, every),
    factor: amount(`${where}: factor`, factor),
  });
}

/** `values[0]` up to step `boundaries[0]`, from that step on `values[1]`, and so on: one value more than boundaries. */
export function piecewise(options: Omit<Piecewise, 'kind'>): Piecewise {
  const where = 'piecewise';
  checkOptions(where, options, ['values', 'boundaries']);
  const { values, boundaries } = options;
  if (!Array.isArray(values)) throw wrongType(`${where}: values`, 'an array of rates', values);
  if (!Array.isArray(boundaries)) throw wrongType(`${where}: boundaries`, 'an array of steps', boundaries);
  if (values.length !== boundaries.length + 1) {
    throw wrongValue(`${where}: values`, `${boundaries.length + 1}, one more than boundaries`, values.length);
  }
  const ends = boundaries.map((boundary, i) => steps(`${where}: boundaries[${i}]`, boundary));
  ends.forEach((end, i) => {
    const before = ends[i - 1];
    if (before !== undefined && end <= before) {
      throw wrongValue(`${where}: boundaries[${i}]`, `more than the one before, ${before}`, end);
    }
  });
  return Object.freeze({
    kind: where,
    values: Object.freeze(values.map((value, i) => amount(`${where}: values[${i}]`, value))),
    boundaries: Object.freeze(ends),
  });
}

/** `initial`, times `factor` after every step. */
export function exponentialDecay(options: Omit<ExponentialDecay, 'kind'>): ExponentialDecay {
  const where = 'exponentialDecay';
  checkOptions(where, options, ['initial', 'factor']);
  return Object.freeze({
    kind: where,
    initial: amount(`${where}: initial`, options.initial),
    factor: amount(`${where}: factor`, options.factor),
  });
}

/** From `initial` to `final` (0 by default) over `steps`, by the power of what is left of them (1 by default). */
export function polynomialDecay(
  options: Pick<PolynomialDecay, 'initial' | 'steps'> & { final?: number; power?: number },
): PolynomialDecay {
  const where = 'polynomialDecay';
  checkOptions(where, options, ['initial', 'final', 'steps', 'power']);
  const { initial, final = 0, power = 1 } = options;
  return Object.freeze({
    kind: where,
    initial: amount(`${where}: initial`, initial),
    final: amount(`${where}: final`, final),
    steps: steps(`${where}: steps`, options.steps),
    power: checkNumber(`${where}: power`, power, { above: 0 }),
  });
}

/**
 * From `initial` to `final` (0 by default) over `steps` along half a cosine (Loshchilov and Hutter 2017). `warmup`
 * steps, 0 by default, come before those: step i of them is at (i + 1) / warmup of `initial`.
 */
export function cosineDecay(
  options: Pick<CosineDecay, 'initial' | 'steps'> & { final?: number; warmup?: number },
): CosineDecay {
  const where = 'cosineDecay';
  checkOptions(where, options, ['initial', 'final', 'steps', 'warmup']);
  const { initial, final = 0, warmup = 0 } = options;
  return Object.freeze({
    kind: where,
    initial: amount(`${where}: initial`, initial),
    final: amount(`${where}: final`, final),
    steps: steps(`${where}: steps`, options.steps),
    warmup: checkInteger(`${where}: warmup`, warmup, 0),
  });
}

/**
 * From `initial` to `final` (0 by default) over `steps` along half a cosine, and from `initial` again, each time over
 * `multiply` times as many steps (1 by default; Loshchilov and Hutter 2017).
 */
export function cosineRestarts(
  options: Pick<CosineRestarts, 'initial' | 'steps'> & { final?: number; multiply?: number },
): CosineRestarts {
  const where = 'cosineRestarts';
  checkOptions(where, options, ['initial', 'final', 'steps', 'multiply']);
  const { initial, final = 0, multiply = 1 } = options;
  return Object.freeze({
    kind: where,
    initial: amount(`${where}: initial`, initial),
    final: amount(`${where}: final`, final),
    steps: steps(`${where}: steps`, options.steps),
    multiply: checkInteger(`${where}: multiply`, multiply, 1, 2 ** 20),
  });
}

/**
 * One cycle over `steps` (Smith and Topin 2018): from `peak / startDivisor` (25) along half a cosine up to `peak` in
 * the share `rising` (0.3) of them, then down to `peak / startDivisor / endDivisor` (10,000), which stays.
 */
export function oneCycle(
  options: Pick<OneCycle, 'peak' | 'steps'> & { rising?: number; startDivisor?: number; endDivisor?: number },
): OneCycle {
  const where = 'oneCycle';
  checkOptions(where, options, ['peak', 'steps', 'rising', 'startDivisor', 'endDivisor']);
  const { peak, rising = 0.3, startDivisor = 25, endDivisor = 1e4 } = options;
  return Object.freeze({
    kind: where,
    peak: amount(`${where}: peak`, peak),
    steps: steps(`${where}: steps`, options.steps),
    rising: checkNumber(`${where}: rising`, rising, { min: 0, max: 1 }),
    startDivisor: checkNumber(`${where}: startDivisor`, startDivisor, { above: 0 }),
    endDivisor: checkNumber(`${where}: endDivisor`, endDivisor, { above: 0 }),
  });
}

const factories = {
  stepDecay,
  piecewise,
  exponentialDecay,
  polynomialDecay,
  cosineDecay,
  cosineRestarts,
  oneCycle,
} as const;

export const scheduleNames = Object.keys(factories) as (keyof typeof factories)[];

/** A rate as options take it, checked. */
export function resolveRate(where: string, value: unknown): LearningRate {
  if (typeof value === 'function') return value as (step: number) => number;
  if (!hasKey(value, 'kind')) return amount(where, value);
  const { kind, ...options } = value;
  const factory = factories[checkChoice(where, kind, scheduleNames)] as (options: object) => Schedule;
  return factory(options);
}

/** The rate of a step, counted from 0. */
export function rateAt(rate: LearningRate, step: number): number {
  if (typeof rate === 'number') return rate;
  return typeof rate === 'function' ? rate(step) : scheduled(rate, step);
}

function scheduled(rate: Schedule, step: number): number {
  switch (rate.kind) {
    case 'stepDecay':
      return rate.initial * toWhole(rate.factor, Math.floor(step / rate.every));
    case 'piecewise':
      return rate.values[rate.boundaries.filter(boundary => boundary <= step).length] ?? 0;
    case 'exponentialDecay':
      return rate.initial * toWhole(rate.factor, step);
    case 'polynomialDecay': {
      const { initial, final, power } = rate;
      const left = 1 - Math.min(step, rate.steps) / rate.steps;
      if (left === 0) return final;
      return final + (initial - final) * (Number.isInteger(power) ? toWhole(left, power) : powerOf(left, power));
    }
    case 'cosineDecay': {
      const { initial, final, warmup } = rate;
      if (step < warmup) return (initial * (step + 1)) / warmup;
      return between(initial, final, Math.min(step - warmup, rate.steps) / rate.steps);
    }
    case 'cosineRestarts': {
      let [at, length] = [step, rate.steps];
      if (rate.multiply === 1) at %= length;
      for (; at >= length; length *= rate.multiply) at -= length;
      return between(rate.initial, rate.final, at / length);
    }
    case 'oneCycle': {
      const { peak, rising, startDivisor, endDivisor } = rate;
      const start = peak / startDivisor;
      const top = rising * rate.steps - 1;
      const end = rate.steps - 1;
      if (step < top) return between(start, peak, step / top);
      // Where it rises in all of its steps, the last one is at the peak.
      if (step === top) return peak;
      return between(peak, start / endDivisor, end > top ? Math.min((step - top) / (end - top), 1) : 1);
    }
  }
}

/** From one rate to another, as far along half a cosine as that share of the way. */
function between(from: number, to: number, way: number): number {
  return to + ((from - to) * (1 + cosineOfTurns(way))) / 2;
}

/** base to a whole exponent, by squaring. */
function toWhole(base: number, exponent: number): number {
  let result = 1;
  for (let [square, left] = [base, exponent]; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}

/** @throws where a function gave something else than a rate for the step. */
export function checkRate(where: string, rate: LearningRate, step: number): number {
  return checkNumber(`${where}: learningRate of step ${step}`, rateAt(rate, step), { min: 0 });
}
