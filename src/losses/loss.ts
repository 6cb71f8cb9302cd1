/** What every cost function is made of. */
import { wrongValue } from '../errors.js';
import type { ActivationConfig, ActivationName } from '../layers/activations.js';
import type { LossKind } from '../plan/opcodes.js';
import type { LossOp } from '../plan/ops/loss.js';

/** What a cost expects for targets. */
export type TargetSpec =
  | { readonly kind: 'labels'; readonly classes: number }
  | {
      readonly kind: 'values';
      readonly columns: number;
      readonly range: 'any' | 'probability' | 'notNegative' | 'sign';
    };

/** How outputs are judged right or wrong, for the metric `accuracy`. */
export type AccuracySpec =
  | { readonly kind: 'largest' }
  /** Each output is a decision of its own: above the threshold is yes. */
  | { readonly kind: 'threshold'; readonly threshold: number };

/**
 * The largest logit whose sigmoid is ½ in float32, and not above: right and wrong by logits are those by the
 * probabilities that a network predicts.
 */
export const EVEN_LOGIT: number = (1.5 - 2 ** -23) * 2 ** -24;

/** A cost fitted to the end of a network, at each of its positions. */
export interface FittedLoss extends RowLoss {
  readonly positions: number;
  /** Costs that are added to it. */
  readonly more: readonly RowLoss[];
}

/** A cost of rows of outputs. */
export interface RowLoss {
  readonly op: LossOp;
  /** Which function an elementwise loss sums. */
  readonly kind: LossKind | 0;
  readonly setting: number;
  /** What targets of 1 weigh, where the function weighs them. */
  readonly alpha?: number;
  /** The cost is the sum over the batch divided by its rows, those of each position, and by this. */
  readonly divisor: number;
  /** Whether the loss contains the network's last activation, and so reads the logits. */
  readonly fromLogits: boolean;
  readonly target: TargetSpec;
  /** None where there is no right or wrong. */
  readonly accuracy: AccuracySpec | undefined;
}

/** The end of a network that a cost is fitted to. */
export interface Ending {
  readonly activation: ActivationConfig;
  /** Outputs along the last axis, and how many such rows each sample has. */
  readonly columns: number;
  readonly positions: number;
}

export interface LossDefinition<C> {
  /** The keys of its setting, besides `kind`. */
  readonly options: readonly string[];
  /** Validates a factory's options, and gives the config complete and frozen. */
  configure(options: object): C;
  /** Fits the cost to the network's end. Throws RangeError where they do not go together. */
  fit(config: C, ending: Ending): RowLoss;
}

/** The error for a cost on a network that ends otherwise than it needs. */
export function doesNotFit(loss: string, expected: string, ending: Ending, mend: string): RangeError {
  const got = `outputs [rows, ${ending.columns}] with activation ${ending.activation.kind}`;
  return wrongValue(loss, expected, got, mend);
}

/** Activations whose outputs may be negative. A linear end is taken at its word. */
export const negativeActivations: readonly ActivationName[] = ['logSoftmax', 'tanh', 'softsign'];

/** Refuses a network whose end is not what the loss contains. */
export function checkEnding(
  { kind, fromLogits }: { kind: string; fromLogits: boolean },
  ending: Ending,
  activations: readonly string[],
): void {
  const name = activations[0];
  const expected = fromLogits ? ['linear'] : activations;
  if (expected.includes(ending.activation.kind)) return;
  if (fromLogits) {
    const mend = `leave fromLogits out where the network ends with ${name}, and end it without an activation otherwise`;
    throw doesNotFit(kind, 'a last layer without an activation, as fromLogits is true', ending, mend);
  }
  const mend = `end the network with activation: '${name}', or say ${kind}({ fromLogits: true }) where it ends with none`;
  throw doesNotFit(kind, `a last layer with activation ${name}`, ending, mend);
}

/** Refuses a single output where there is to be one for each class. */
export function checkClasses(loss: string, ending: Ending): void {
  if (ending.columns > 1) return;
  const mend = `for two classes take dense(2) here, or dense(1, { activation: 'sigmoid' }) with binaryCrossEntropy`;
  throw doesNotFit(loss, 'at least 2 outputs, one for each class', ending, mend);
}

/** Right and wrong as the last activation tells it; undefined where the outputs are mere numbers. */
export function accuracyByActivation(activation: ActivationName): AccuracySpec | undefined {
  if (activation === 'softmax' || activation === 'logSoftmax') return { kind: 'largest' };
  if (activation === 'sigmoid' || activation === 'hardSigmoid') return { kind: 'threshold', threshold: 0.5 };
  return undefined;
}
