/** The optimisers by name. */
import { checkChoice, checkOptions, wrongType } from '../errors.js';
import { hasKey } from '../kinds.js';
import { adamOptimizer, adamWOptimizer } from './adam.js';
import type { OptimizerDefinition } from './optimizer.js';
import { sgdOptimizer } from './sgd.js';

const definitions = { sgd: sgdOptimizer, adam: adamOptimizer, adamW: adamWOptimizer };

export type OptimizerName = keyof typeof definitions;
/** An optimiser with its settings, as its factory makes it. */
export type OptimizerConfig = { [K in OptimizerName]: ReturnType<(typeof definitions)[K]['configure']> }[OptimizerName];
/** What options take for an optimiser. */
export type Optimizer = OptimizerName | OptimizerConfig;

export const optimizerNames = Object.keys(definitions) as OptimizerName[];

/** How the optimiser's kind works. */
export function optimizerDefinition(name: OptimizerName): OptimizerDefinition<OptimizerConfig> {
  return definitions[name] as OptimizerDefinition<OptimizerConfig>;
}

/** A name or a factory's value, checked and complete. */
export function resolveOptimizer(where: string, value: unknown): OptimizerConfig {
  const at = `${where}: optimizer`;
  if (typeof value === 'string') return optimizerDefinition(checkChoice(at, value, optimizerNames)).configure({});
  if (!hasKey(value, 'kind')) {
    throw wrongType(at, `an optimiser such as adam({ learningRate: 1e-3 }), or its name`, value);
  }
  const { kind, ...options } = value;
  const definition = optimizerDefinition(checkChoice(at, kind, optimizerNames));
  checkOptions(`${at} ${kind}`, options, definition.options);
  return definition.configure(options);
}
