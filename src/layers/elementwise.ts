/** Activations inside a network: those of dense layers and those that are layers themselves emit the same records. */
import type { Builder, Value } from '../plan/builder.js';
import type { Region } from '../plan/memory.js';
import { ActivationKind } from '../plan/opcodes.js';
import {
  activationForward,
  activationGradient,
  logSoftmaxForward,
  logSoftmaxGradient,
  softmaxForward,
  softmaxGradient,
} from '../plan/ops/elementwise.js';
import { type ActivationConfig, elementwiseActivations } from './activations.js';

/** Whether f′ follows from f(x), so that the output may overwrite the input. */
export function runsInPlace(config: ActivationConfig): boolean {
  if (config.kind === 'linear' || config.kind === 'softmax' || config.kind === 'logSoftmax') return true;
  if (isSteep(config)) return false;
  return elementwiseActivations[config.kind].gradientFrom === 'output';
}

/**
 * Whether an elu's output has lost the digits that its derivative is made of: eˣ is what is left when alpha is added to
 * it.
 */
function isSteep(config: ActivationConfig): boolean {
  return config.kind === 'elu' && config.alpha > 2;
}

function kindAndSetting(config: ActivationConfig): { kind: ActivationKind; setting: number } | undefined {
  if (config.kind === 'linear' || config.kind === 'softmax' || config.kind === 'logSoftmax') return undefined;
  if (config.kind === 'leakyRelu') return { kind: ActivationKind.leakyRelu, setting: config.slope };
  if (config.kind === 'elu') {
    return { kind: isSteep(config) ? ActivationKind.steepElu : ActivationKind.elu, setting: config.alpha };
  }
  if (config.kind === 'gelu') {
    return { kind: config.approximate === 'tanh' ? ActivationKind.geluTanh : ActivationKind.gelu, setting: 0 };
  }
  return { kind: elementwiseActivations[config.kind].kind, setting: 0 };
}

/** y = f(x) */
export function emitActivation(builder: Builder, owner: string, config: ActivationConfig, x: Value, y: Value): void {
  const places = { x: x.data, y: y.data, columns: x.columns };
  const elementwise = kindAndSetting(config);
  if (elementwise) builder.emit(activationForward, owner, { ...places, ...elementwise }, x.positions);
  else if (config.kind === 'softmax') builder.emit(softmaxForward, owner, places, x.positions);
  else if (config.kind === 'logSoftmax') builder.emit(logSoftmaxForward, owner, places, x.positions);
  else throw new Error(`${config.kind} emits no record`);
}

/** dx = dy · f′(x) */
export function emitActivationGradient(
  builder: Builder,
  owner: string,
  config: ActivationConfig,
  x: Value,
  y: Value,
  { dx, dy }: { dx: Region; dy: Region },
): void {
  const places = { x: x.data, y: y.data, dx, dy, columns: x.columns };
  const elementwise = kindAndSetting(config);
  if (elementwise) builder.emit(activationGradient, owner, { ...places, ...elementwise }, x.positions);
  else if (config.kind === 'softmax') builder.emit(softmaxGradient, owner, places, x.positions);
  else if (config.kind === 'logSoftmax') builder.emit(logSoftmaxGradient, owner, places, x.positions);
  else throw new Error(`${config.kind} emits no record`);
}
