/** The optimisers by name, and what they emit. */
import { checkChoice, checkOptions, wrongType } from '../errors.js';
import { hasKey } from '../kinds.js';
import { isWeight } from '../layers/regularization.js';
import * as minimizers from '../minimize/kinds.js';
import type { Parameter } from '../plan/builder.js';
import { update } from '../plan/ops/optimizer.js';
import type { TrainingBuilder } from '../plan/trainingBuilder.js';
import * as kinds from './kinds.js';
import type { Buffer, OptimizerFactory, Rule, SettingsFactory } from './optimizer.js';

type Configs<F extends Record<string, (options?: never) => unknown>> = { [K in keyof F]: ReturnType<F[K]> }[keyof F];

/** An optimiser that moves parameters by a rule, batch by batch. */
export type RuleConfig = Configs<typeof kinds>;
/** One that looks for a minimum over all rows. */
export type MinimizerConfig = Configs<typeof minimizers>;
export type OptimizerName = keyof typeof kinds | keyof typeof minimizers;
/** An optimiser with its settings, as its factory makes it. */
export type OptimizerConfig = RuleConfig | MinimizerConfig;
/** What options take for an optimiser. */
export type Optimizer = OptimizerName | OptimizerConfig;

const factories: Readonly<Record<OptimizerName, unknown>> = { ...kinds, ...minimizers };
/** Those that move parameters by a rule. */
export const ruleNames = Object.keys(kinds) as (keyof typeof kinds)[];
export const optimizerNames = Object.keys(factories) as OptimizerName[];

function factoryOf(name: OptimizerName): SettingsFactory<OptimizerName, object> {
  return factories[name] as SettingsFactory<OptimizerName, object>;
}

/** A name or a factory's value, checked and complete. */
export function resolveOptimizer(where: string, value: unknown): OptimizerConfig {
  const at = `${where}: optimizer`;
  if (typeof value === 'string') return factoryOf(checkChoice(at, value, optimizerNames))() as OptimizerConfig;
  if (!hasKey(value, 'kind')) {
    throw wrongType(at, `an optimiser such as adam({ learningRate: 1e-3 }), or its name`, value);
  }
  const { kind, ...options } = value;
  const factory = factoryOf(checkChoice(at, kind, optimizerNames));
  checkOptions(`${at} ${kind}`, options, factory.optionNames);
  return factory(options) as OptimizerConfig;
}

/** Whether an optimiser takes all rows at once. */
export function isMinimizer(config: OptimizerConfig): config is MinimizerConfig {
  return hasKey(minimizers, config.kind);
}

function ruleOf(config: RuleConfig): Rule {
  return (factoryOf(config.kind) as OptimizerFactory<OptimizerName, object>).ruleOf(config);
}

/** The buffers that an optimiser keeps, each as large as the parameters. */
export function buffersOf(config: RuleConfig): readonly Buffer[] {
  const { first, second, third } = ruleOf(config);
  return [first, second, third].flatMap(buffer => buffer ?? []);
}

/** Emits the update of all parameters, one record for each of `builder.stretches()`. */
export function emitUpdate(builder: TrainingBuilder, config: RuleConfig): void {
  const { kind, first, second, third, settings, decoupled = false } = ruleOf(config);
  const [s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0] = settings;
  const decayOf = ({ name }: Parameter) =>
    'weightDecay' in config && (config.decayBiasesAndNorms || isWeight(name)) ? config.weightDecay : 0;
  const isAlike = (a: Parameter, b: Parameter) => a.rateFactor === b.rateFactor && decayOf(a) === decayOf(b);
  for (const { state, leader, ...places } of builder.stretches(isAlike)) {
    builder.emit(update, config.kind, {
      ...places,
      first: first ? state(first.name) : 0,
      second: second ? state(second.name) : 0,
      third: third ? state(third.name) : 0,
      kind,
      weightDecay: decayOf(leader),
      decoupled: Number(decoupled),
      rateFactor: leader.rateFactor,
      ...{ s0, s1, s2, s3, s4 },
    });
  }
}
