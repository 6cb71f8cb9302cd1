/** The activation functions by name: what the machine calls them, and which of their values the gradient needs. */
import { checkChoice, checkNumber, checkOptions, wrongType } from '../errors.js';
import { hasKey } from '../kinds.js';
import { ActivationKind } from '../plan/opcodes.js';

interface ElementwiseEntry {
  readonly kind: ActivationKind;
  /** `output`: f′ follows from f(x) alone, so that the output may take the input's place. */
  readonly gradientFrom: 'input' | 'output';
  /** The one setting, its default and its smallest value. */
  readonly setting?: { readonly name: 'slope' | 'alpha'; readonly default: number };
  /** Whether a finite number's value may be beyond float32. */
  readonly overflows?: true;
}

/** Functions of each element alone. */
export const elementwiseActivations = {
  relu: { kind: ActivationKind.relu, gradientFrom: 'output' },
  leakyRelu: { kind: ActivationKind.leakyRelu, gradientFrom: 'output', setting: { name: 'slope', default: 0.01 } },
  elu: { kind: ActivationKind.elu, gradientFrom: 'output', setting: { name: 'alpha', default: 1 } },
  selu: { kind: ActivationKind.selu, gradientFrom: 'output', overflows: true },
  gelu: { kind: ActivationKind.gelu, gradientFrom: 'input' },
  silu: { kind: ActivationKind.silu, gradientFrom: 'input' },
  mish: { kind: ActivationKind.mish, gradientFrom: 'input' },
  softplus: { kind: ActivationKind.softplus, gradientFrom: 'input' },
  softsign: { kind: ActivationKind.softsign, gradientFrom: 'input' },
  tanh: { kind: ActivationKind.tanh, gradientFrom: 'output' },
  sigmoid: { kind: ActivationKind.sigmoid, gradientFrom: 'output' },
  hardSigmoid: { kind: ActivationKind.hardSigmoid, gradientFrom: 'input' },
  hardSwish: { kind: ActivationKind.hardSwish, gradientFrom: 'input' },
  exponential: { kind: ActivationKind.exponential, gradientFrom: 'output', overflows: true },
} as const satisfies Record<string, ElementwiseEntry>;

/** Whether the activation's own value may be an infinity. */
export function mayOverflow(config: ActivationConfig): boolean {
  if (config.kind === 'leakyRelu') return config.slope > 1;
  const entries: Readonly<Record<string, ElementwiseEntry>> = elementwiseActivations;
  return entries[config.kind]?.overflows ?? false;
}

export type ElementwiseName = keyof typeof elementwiseActivations;
/** Every activation's name. */
export type ActivationName = ElementwiseName | 'linear' | 'softmax' | 'logSoftmax';

/** An activation with its setting, as an architecture keeps it. */
export type ActivationConfig =
  | { readonly kind: Exclude<ActivationName, 'leakyRelu' | 'elu' | 'gelu'> }
  | { readonly kind: 'leakyRelu'; readonly slope: number }
  | { readonly kind: 'elu'; readonly alpha: number }
  | { readonly kind: 'gelu'; readonly approximate: 'none' | 'tanh' };

export const activationNames: readonly ActivationName[] = [
  'linear',
  ...(Object.keys(elementwiseActivations) as ElementwiseName[]),
  'softmax',
  'logSoftmax',
];

/** x, or slope · x where x is negative. `slope` is at least 0, 0.01 by default. */
export function leakyRelu(options: { slope?: number } = {}): ActivationConfig {
  checkOptions('leakyRelu', options, ['slope']);
  const { slope = 0.01 } = options;
  return Object.freeze({ kind: 'leakyRelu', slope: checkNumber('leakyRelu: slope', slope, { min: 0 }) });
}

/** x, or alpha · (eˣ − 1) where x is negative (Clevert et al. 2016). `alpha` is at least 0, 1 by default. */
export function elu(options: { alpha?: number } = {}): ActivationConfig {
  checkOptions('elu', options, ['alpha']);
  const { alpha = 1 } = options;
  return Object.freeze({ kind: 'elu', alpha: checkNumber('elu: alpha', alpha, { min: 0 }) });
}

/** x · Φ(x) (Hendrycks and Gimpel 2016): exactly, which is the default, or by the authors' formula with tanh. */
export function gelu(options: { approximate?: 'none' | 'tanh' } = {}): ActivationConfig {
  checkOptions('gelu', options, ['approximate']);
  const { approximate = 'none' } = options;
  return Object.freeze({ kind: 'gelu', approximate: checkChoice('gelu: approximate', approximate, ['none', 'tanh']) });
}

/** A name, or a factory's value, or the same read from JSON. */
export function resolveActivation(where: string, value: unknown): ActivationConfig {
  if (typeof value === 'string') return withDefaults(checkChoice(where, value, activationNames));
  if (!hasKey(value, 'kind')) {
    throw wrongType(where, `an activation's name, such as 'relu', or a factory's value`, value);
  }
  const { kind, ...settings } = value;
  const name = checkChoice(where, kind, activationNames);
  if (name === 'leakyRelu') return leakyRelu(settings);
  if (name === 'elu') return elu(settings);
  if (name === 'gelu') return gelu(settings);
  checkOptions(`${where}: ${name}`, settings, []);
  return withDefaults(name);
}

function withDefaults(name: ActivationName): ActivationConfig {
  if (name === 'leakyRelu') return leakyRelu();
  if (name === 'elu') return elu();
  if (name === 'gelu') return gelu();
  return Object.freeze({ kind: name });
}

/** `leakyRelu(0.01)`, as summaries and messages write it. */
export function describeActivation(config: ActivationConfig): string {
  if (config.kind === 'leakyRelu') return `leakyRelu(${config.slope})`;
  if (config.kind === 'elu') return `elu(${config.alpha})`;
  if (config.kind === 'gelu' && config.approximate === 'tanh') return 'gelu(tanh)';
  return config.kind;
}
