/** The cost functions by name. */
import { checkChoice, checkNumber, checkOptions, wrongType, wrongValue } from '../errors.js';
import { hasKey, isList } from '../kinds.js';
import { type Sum, sumOf, termsOf, type Weighted } from './combined.js';
import { cosineSimilarityLoss } from './cosineSimilarity.js';
import {
  binaryCrossEntropyLoss,
  categoricalCrossEntropyLoss,
  sparseCategoricalCrossEntropyLoss,
} from './crossEntropy.js';
import { focalLoss } from './focal.js';
import { categoricalHingeLoss, hingeLoss, squaredHingeLoss } from './hinge.js';
import { klDivergenceLoss } from './klDivergence.js';
import { doesNotFit, type Ending, type FittedLoss, type LossDefinition, type RowLoss } from './loss.js';
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
export type NamedLoss = { [K in LossName]: ReturnType<(typeof definitions)[K]['configure']> }[LossName];
/** The same, or a cost made of such. */
export type LossConfig = NamedLoss | Weighted | Sum;
/** What options take for a loss. */
export type Loss = LossName | LossConfig;

export const lossNames = Object.keys(definitions) as LossName[];

function definitionOf(name: LossName): LossDefinition<NamedLoss> {
  return definitions[name] as LossDefinition<NamedLoss>;
}

/** A name or a factory's value, checked and complete. */
export function resolveLoss(where: string, value: unknown): LossConfig {
  if (typeof value === 'string') return definitionOf(checkChoice(`${where}: loss`, value, lossNames)).configure({});
  if (!hasKey(value, 'kind')) {
    throw wrongType(`${where}: loss`, `a loss's name, such as 'meanSquaredError', or a factory's value`, value);
  }
  const { kind, ...options } = value;
  if (kind === 'weighted') return resolveWeighted(`${where}: weighted`, options);
  if (kind === 'sum') return resolveSum(`${where}: sum`, options);
  const definition = definitionOf(checkChoice(`${where}: loss`, kind, lossNames));
  checkOptions(`${where}: loss ${kind}`, options, definition.options);
  return definition.configure(options);
}

/** Terms that a sum has at most. */
const MOST_TERMS = 16;

function resolveWeighted(at: string, given: object): Weighted {
  checkOptions(at, given, ['loss', 'weight']);
  const { loss, weight } = given as Partial<Weighted>;
  return Object.freeze({
    kind: 'weighted',
    loss: resolveLoss(at, loss),
    weight: checkNumber(`${at}: weight`, weight, { above: 0 }),
  });
}

function resolveSum(at: string, given: object): Sum {
  checkOptions(at, given, ['losses']);
  const { losses } = given as Partial<Sum>;
  if (!isList(losses)) throw wrongType(`${at}: losses`, 'a list of losses', losses);
  const sum: Sum = Object.freeze({
    kind: 'sum',
    losses: Object.freeze(Array.from(losses, loss => resolveLoss(at, loss))),
  });
  const { length } = termsOf(sum);
  if (length < 1 || length > MOST_TERMS) throw wrongValue(at, `from 1 to ${MOST_TERMS} losses`, length);
  return sum;
}

/** A cost that counts `weight` times as much, above 0: a term of {@link sum}. */
export function weighted(loss: Loss, weight: number): Weighted {
  return resolveWeighted('weighted', { loss, weight });
}

/**
 * The sum of several costs of the same output and targets, such as
 * `sum(weighted('meanSquaredError', 0.7), weighted('meanAbsoluteError', 0.3))`.
 *
 * @throws once it is used, where they read other targets, or one of them contains the last activation and another not
 */
export function sum(...losses: readonly Loss[]): Sum {
  return resolveSum('sum', { losses });
}

/** Whether a cost may be below 0: in earnest, or by a rounding. */
export function mayBeNegative(config: LossConfig): boolean {
  return termsOf(config).some(({ config: { kind } }) => {
    return kind === 'klDivergence' || kind === 'cosineSimilarity' || kind === 'poisson';
  });
}

/** Fits a cost to a network's end. */
export function fitLoss(config: LossConfig, ending: Ending): FittedLoss {
  const terms = termsOf(config);
  const fitted = terms.map(({ config: own, weight }): RowLoss => {
    const loss = definitionOf(own.kind).fit(own, ending);
    return { ...loss, divisor: loss.divisor / weight };
  });
  const names = terms.map(({ config: { kind } }) => kind);
  return { ...sumOf(names, fitted, ending), positions: ending.positions };
}

/**
 * Refuses a network whose one output can be one value alone, or has a sign where a direction is asked for: it would
 * learn nothing, and say nothing of it.
 */
export function refuseConstant(config: LossConfig, ending: Ending): void {
  if (ending.columns > 1) return;
  for (const { config: own } of termsOf(config)) refuseConstantTerm(own.kind, ending);
}

function refuseConstantTerm(kind: LossName, ending: Ending): void {
  const { activation } = ending;
  if (activation.kind === 'softmax' || activation.kind === 'logSoftmax') {
    const mend = `softmax of one output is always 1: end the network with 'sigmoid', or with an output for each class`;
    throw doesNotFit(kind, 'outputs that can vary', ending, mend);
  }
  if (kind === 'cosineSimilarity') {
    throw doesNotFit(kind, 'outputs with a direction', ending, `for one number take 'meanSquaredError'`);
  }
}
