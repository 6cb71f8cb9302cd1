/** The cost functions by name. */
import { checkChoice, checkOptions, wrongType } from '../errors.js';
import { hasKey } from '../kinds.js';
import { cosineSimilarityLoss } from './cosineSimilarity.js';
import {
  binaryCrossEntropyLoss,
  categoricalCrossEntropyLoss,
  sparseCategoricalCrossEntropyLoss,
} from './crossEntropy.js';
import { focalLoss } from './focal.js';
import { categoricalHingeLoss, hingeLoss, squaredHingeLoss } from './hinge.js';
import { klDivergenceLoss } from './klDivergence.js';
import { doesNotFit, type Ending, type FittedLoss, type LossDefinition } from './loss.js';
import { poissonLoss } from './poisson.js';
import {
  huberLoss,
  logCoshLoss,
  meanAbsoluteErrorLoss,
  meanAbsolutePercentageErrorLoss,
  meanSquaredErrorLoss,
  quantileLoss,
} from './regression.js';

const definitions = {
  meanSquaredError: meanSquaredErrorLoss,
  meanAbsoluteError: meanAbsoluteErrorLoss,
  huber: huberLoss,
  logCosh: logCoshLoss,
  binaryCrossEntropy: binaryCrossEntropyLoss,
  categoricalCrossEntropy: categoricalCrossEntropyLoss,
  sparseCategoricalCrossEntropy: sparseCategoricalCrossEntropyLoss,
  hinge: hingeLoss,
  klDivergence: klDivergenceLoss,
  cosineSimilarity: cosineSimilarityLoss,
  focal: focalLoss,
  poisson: poissonLoss,
  quantile: quantileLoss,
  meanAbsolutePercentageError: meanAbsolutePercentageErrorLoss,
  squaredHinge: squaredHingeLoss,
  categoricalHinge: categoricalHingeLoss,
};

export type LossName = keyof typeof definitions;
/** A loss with its settings, as its factory makes it. */
export type LossConfig = { [K in LossName]: ReturnType<(typeof definitions)[K]['configure']> }[LossName];
/** What options take for a loss. */
export type Loss = LossName | LossConfig;

export const lossNames = Object.keys(definitions) as LossName[];

function definitionOf(name: LossName): LossDefinition<LossConfig> {
  return definitions[name] as LossDefinition<LossConfig>;
}

/** A name or a factory's value, checked and complete. */
export function resolveLoss(where: string, value: unknown): LossConfig {
  if (typeof value === 'string') return definitionOf(checkChoice(`${where}: loss`, value, lossNames)).configure({});
  if (!hasKey(value, 'kind')) {
    throw wrongType(`${where}: loss`, `a loss's name, such as 'meanSquaredError', or a factory's value`, value);
  }
  const { kind, ...options } = value;
  const definition = definitionOf(checkChoice(`${where}: loss`, kind, lossNames));
  checkOptions(`${where}: loss ${kind}`, options, definition.options);
  return definition.configure(options);
}

/** Whether a cost may be below 0: in earnest, or by a rounding. */
export function mayBeNegative({ kind }: LossConfig): boolean {
  return kind === 'klDivergence' || kind === 'cosineSimilarity' || kind === 'poisson';
}

/** Fits a cost to a network's end. */
export function fitLoss(config: LossConfig, ending: Ending): FittedLoss {
  return { ...definitionOf(config.kind).fit(config, ending), positions: ending.positions };
}

/**
 * Refuses a network whose one output can be one value alone, or has a sign where a direction is asked for: it would
 * learn nothing, and say nothing of it.
 */
export function refuseConstant({ kind }: LossConfig, ending: Ending): void {
  const { activation, columns } = ending;
  if (columns > 1) return;
  if (activation.kind === 'softmax' || activation.kind === 'logSoftmax') {
    const mend = `softmax of one output is always 1: end the network with 'sigmoid', or with an output for each class`;
    throw doesNotFit(kind, 'outputs that can vary', ending, mend);
  }
  if (kind === 'cosineSimilarity') {
    throw doesNotFit(kind, 'outputs with a direction', ending, `for one number take 'meanSquaredError'`);
  }
}
