/** What every optimiser is made of. */
import { checkBoolean, checkInteger, checkNumber, checkOptions, wrongType, wrongValue } from '../errors.js';
import { isList } from '../kinds.js';
import type { UpdateKind } from '../plan/opcodes.js';
import { type LearningRate, resolveRate } from './schedules.js';

/** A setting: what it is by default, and what refuses values that make no sense. */
export interface Setting<T> {
  readonly unlessTold: T;
  check(where: string, value: T): T;
}

/** What an optimiser keeps of each parameter: its name, and what its numbers always are. */
export interface Buffer {
  readonly name: string;
  readonly rule: 'finite' | 'notNegative';
}

/** What the machine is told of an optimiser: its rule, the buffers and numbers that this works with. */
export interface Rule {
  readonly kind: UpdateKind;
  readonly first?: Buffer;
  readonly second?: Buffer;
  readonly third?: Buffer;
  /** As the rule's class in assembly/ops/optimizers.ts reads them, `s0` first. */
  readonly settings: readonly number[];
  /** Whether weight decay shrinks the parameters themselves; false by default: it is added to the gradient. */
  readonly decoupled?: boolean;
}

/** An optimiser with all of its settings, as plain frozen data. */
export type Config<K extends string, O> = Readonly<{ kind: K } & Required<O>>;

/** The factory that users call, `adam({ learningRate: 1e-3 })`, with what training needs of it. */
export interface OptimizerFactory<K extends string, O> extends SettingsFactory<K, O> {
  ruleOf(config: Config<K, O>): Rule;
}

/** The factory of an optimiser's settings, with their names. */
export interface SettingsFactory<K extends string, O> {
  (options?: O): Config<K, O>;
  readonly optionNames: readonly string[];
}

/** Makes such a factory; `check` refuses settings that do not go together. */
export function defineSettings<K extends string, O extends object>(
  kind: K,
  settings: { readonly [S in keyof Required<O>]: Setting<Required<O>[S]> },
  check?: (config: Config<K, O>) => void,
): SettingsFactory<K, O> {
  const optionNames = Object.keys(settings);
  function configure(options: O = {} as O): Config<K, O> {
    checkOptions(kind, options, optionNames);
    const values = Object.entries<Setting<unknown>>(settings).map(([name, setting]) => {
      // Null is a value, and a wrong one.
      const { [name as keyof O]: value = setting.unlessTold } = options as Record<keyof O, unknown>;
      return [name, setting.check(`${kind}: ${name}`, value)];
    });
    const config = Object.freeze({ kind, ...Object.fromEntries(values) }) as Config<K, O>;
    check?.(config);
    return config;
  }
  return Object.assign(configure, { optionNames });
}

/** Makes the factory of an optimiser that moves parameters by a rule, with what the machine is told of it. */
export function defineOptimizer<K extends string, O extends object>(
  kind: K,
  settings: { readonly [S in keyof Required<O>]: Setting<Required<O>[S]> },
  ruleOf: (config: Config<K, O>) => Rule,
  check?: (config: Config<K, O>) => void,
): OptimizerFactory<K, O> {
  return Object.assign(defineSettings(kind, settings, check), { ruleOf });
}

/** A number that is not negative. */
export function amount(unlessTold: number): Setting<number> {
  return { unlessTold, check: (where, value) => checkNumber(where, value, { min: 0 }) };
}

/** A number above 0. */
export function positive(unlessTold: number): Setting<number> {
  return { unlessTold, check: (where, value) => checkNumber(where, value, { above: 0 }) };
}

/** A whole number in such bounds. */
export function whole(unlessTold: number, min: number, max: number): Setting<number> {
  return { unlessTold, check: (where, value) => checkInteger(where, value, min, max) };
}

/** A learning rate: a number, a schedule or a function of the step. */
export function rate(unlessTold: number): Setting<LearningRate> {
  return { unlessTold, check: resolveRate };
}

/** How much of an average is kept from step to step. */
export function share(unlessTold: number): Setting<number> {
  return { unlessTold, check: (where, value) => checkNumber(where, value, { min: 0, below: 1 }) };
}

export function flag(unlessTold: boolean): Setting<boolean> {
  return { unlessTold, check: checkBoolean };
}

/** Two numbers that must go together. */
export function pair(
  unlessTold: readonly [number, number],
  expected: string,
  fits: (numbers: readonly [number, number]) => boolean,
): Setting<readonly [number, number]> {
  return {
    unlessTold,
    check(where, value) {
      if (!isList(value) || value.length !== 2) throw wrongType(where, 'two numbers', value);
      const numbers = [checkNumber(`${where}[0]`, value[0]), checkNumber(`${where}[1]`, value[1])] as const;
      if (!fits(numbers)) throw wrongValue(where, expected, `${numbers[0]} and ${numbers[1]}`);
      return Object.freeze(numbers);
    },
  };
}

export const finite = (name: string): Buffer => ({ name, rule: 'finite' });
export const notNegative = (name: string): Buffer => ({ name, rule: 'notNegative' });
