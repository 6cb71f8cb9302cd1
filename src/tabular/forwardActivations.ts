/** Activations in float64, by their definitions: what assembly/ops/activations does in SIMD. */
import { describe, wrongKind } from '../errors.js';

const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const hardSigmoid = (x: number) => Math.min(Math.max(x / 6 + 0.5, 0), 1);

/** With its setting, where it has one. */
const elementwise: Readonly<Record<string, (x: number, setting: number) => number>> = {
  linear: x => x,
  relu: x => Math.max(x, 0),
  leakyRelu: (x, slope) => (x < 0 ? slope * x : x),
  elu: (x, alpha) => (x < 0 ? alpha * Math.expm1(x) : x),
  selu: x => SELU_SCALE * (x < 0 ? SELU_ALPHA * Math.expm1(x) : x),
  gelu: x => (x * (1 + erf(x / Math.SQRT2))) / 2,
  geluTanh: x => (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2,
  silu: x => x * sigmoid(x),
  mish: x => x * Math.tanh(softplus(x)),
  softplus,
  softsign: x => x / (1 + Math.abs(x)),
  tanh: Math.tanh,
  sigmoid,
  hardSigmoid,
  hardSwish: x => x * hardSigmoid(x),
  exponential: Math.exp,
};

/** The activation of a row of values, as a file's architecture names it. */
export function applyActivation(config: unknown, x: Float64Array): Float64Array {
  const own =
    typeof config === 'string' ? { kind: config } : ((config ?? { kind: 'linear' }) as Record<string, unknown>);
  const { kind, slope, alpha, approximate } = own as Record<string, unknown>;
  if (kind === 'softmax' || kind === 'logSoftmax') {
    const largest = Math.max(...x);
    const powers = x.map(value => Math.exp(value - largest));
    const sum = powers.reduce((all, power) => all + power, 0);
    return kind === 'softmax' ? powers.map(power => power / sum) : x.map(value => value - largest - Math.log(sum));
  }
  const name = kind === 'gelu' && approximate === 'tanh' ? 'geluTanh' : String(kind);
  const apply = Object.hasOwn(elementwise, name) ? elementwise[name] : undefined;
  if (!apply)
    throw wrongKind('model file: architecture', 'an activation that is known', describe(kind), 'update myelin');
  const setting = Number(slope ?? alpha ?? 0);
  return x.map(value => apply(value, setting));
}

/**
 * The error function, to 1.2e-7.
 *
 * Source: Press et al., «Numerical recipes», 2nd edition, §6.2: Chebyshev fit of erfc.
 */
function erf(x: number): number {
  const t = 1 / (1 + Math.abs(x) / 2);
  const terms = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
  ];
  const polynomial = terms.reduceRight((sum, term) => term + t * sum, 0);
  const complement = t * Math.exp(-x * x + polynomial);
  return x >= 0 ? 1 - complement : complement - 1;
}
