/** From an architecture to plans: the records that predict, and those that judge and train. */
import { type Architecture, outputActivation, outputShape, placedLayers } from './architecture.js';
import { backwardOf } from './layers/backward.js';
import { definitionOf, type Layer } from './layers/index.js';
import type { Site } from './layers/layer.js';
import type { AccuracySpec, FittedLoss } from './losses/loss.js';
import { type OptimizerConfig, optimizerDefinition } from './optimizers/index.js';
import { Builder, type Parameter, type Plan, type Value } from './plan/builder.js';
import type { Region } from './plan/memory.js';
import { panelBytes } from './plan/panels.js';
import { size } from './shape.js';

/** A layer with the value it makes. */
interface Step {
  readonly site: Site<Layer>;
  readonly output: Value;
}

/** A plan and the values that TypeScript reads from it. */
export interface NetworkPlan {
  readonly plan: Plan;
  readonly inputs: number;
  readonly outputs: number;
  /** Each layer's output, in order. */
  readonly layers: readonly { readonly name: string; readonly value: Value }[];
}

/** Gives every parameter its place, and returns them by layer. */
function declareParameters(builder: Builder, architecture: Architecture): Record<string, Parameter>[] {
  return placedLayers(architecture).map(({ name, parameters }) => {
    const own: Record<string, Parameter> = {};
    for (const spec of parameters) own[spec.name] = builder.parameter(`${name}.${spec.name}`, spec.shape);
    return own;
  });
}

function emitForward(
  builder: Builder,
  architecture: Architecture,
  parameters: readonly Record<string, Parameter>[],
  options: { training: boolean; toLogits: boolean },
): Step[] {
  let value = builder.value('input', size(architecture.inputShape));
  const last = architecture.layers.length - 1;
  return placedLayers(architecture).map(({ layer, index, name }) => {
    const site: Site<Layer> = {
      layer,
      index,
      name,
      input: value,
      parameters: parameters[index] ?? {},
      skipActivation: options.toLogits && index === last,
      training: options.training,
    };
    value = definitionOf(layer).forward(builder, site);
    return { site, output: value };
  });
}

/** Emits the layers in reverse, each its own records in the order they run; nothing below the first parameters needs a gradient. */
function emitBackward(builder: Builder, steps: readonly Step[]): void {
  const first = steps.findIndex(({ site }) => Object.keys(site.parameters).length > 0);
  if (first < 0) return;
  for (let index = steps.length - 1; index >= first; index--) {
    const step = steps[index];
    if (step) backwardOf(step.site.layer)(builder, step.site, step.output, index > first);
  }
}

function emitGather(builder: Builder, architecture: Architecture): void {
  const columns = size(architecture.inputShape);
  const input = builder.value('input', columns);
  builder.emit('gather', 'input', { y: input.data, targets: 0, columns });
}

/**
 * The plan that predicts. Section `predict`: checks the samples, and leaves the outputs row-major in region `predictions`.
 */
export function planPrediction(architecture: Architecture, capacity: number, paired: boolean): NetworkPlan {
  const builder = new Builder(capacity, { training: false, paired });
  const parameters = declareParameters(builder, architecture);
  const inputs = size(architecture.inputShape);
  const outputs = size(outputShape(architecture));
  let steps: Step[] = [];
  builder.section('predict', () => {
    builder.emit('checkFinite', 'input', { columns: inputs });
    emitGather(builder, architecture);
    steps = emitForward(builder, architecture, parameters, { training: false, toLogits: false });
    const y = builder.region('predictions', capacity * outputs * 4);
    builder.emit('scatter', 'output', { y, x: outputOf(builder, steps).data, columns: outputs });
  });
  return { plan: builder.finish(), inputs, outputs, layers: layersOf(steps) };
}

function outputOf(builder: Builder, steps: readonly Step[]): Value {
  return steps.at(-1)?.output ?? builder.value('input', 0);
}

function layersOf(steps: readonly Step[]): NetworkPlan['layers'] {
  return steps.map(({ site, output }) => ({ name: site.name, value: output }));
}

/** What a plan that judges is made for. */
export interface Judgement {
  readonly loss: FittedLoss;
  readonly accuracy: boolean;
  /** None where only gradients are asked for. */
  readonly optimizer: OptimizerConfig | undefined;
  /** As in {@link Backend}. */
  readonly paired: boolean;
}

/**
 * The plan that judges and trains. Sections: `check` looks for samples that are no numbers; `evaluate` finds the cost and counts the right answers; `step`
 * takes the next batch of the epoch, with dropout, through to the update, or without an optimiser `gradients` goes as far as the gradients, without dropout.
 */
export function planTraining(architecture: Architecture, capacity: number, judgement: Judgement): NetworkPlan {
  const { loss, optimizer } = judgement;
  const builder = new Builder(capacity, { training: true, paired: judgement.paired });
  const parameters = declareParameters(builder, architecture);
  const inputs = size(architecture.inputShape);
  let steps: Step[] = [];

  function forwardAndCost(training: boolean): Step[] {
    emitGather(builder, architecture);
    const target = emitTargets(builder, loss);
    const forward = emitForward(builder, architecture, parameters, { training, toLogits: loss.fromLogits });
    emitCost(builder, outputOf(builder, forward), target, loss);
    if (judgement.accuracy && loss.accuracy) {
      emitAccuracy(builder, outputOf(builder, forward), target, loss, loss.accuracy);
    }
    return forward;
  }

  builder.section('check', () => builder.emit('checkFinite', 'input', { columns: inputs }));
  builder.section('evaluate', () => forwardAndCost(false));
  builder.section(optimizer ? 'step' : 'gradients', () => {
    if (optimizer) builder.emit('nextBatch', 'batch', {});
    steps = forwardAndCost(optimizer !== undefined);
    emitBackward(builder, steps);
    if (optimizer) optimizerDefinition(optimizer.kind).emit(builder, optimizer);
  });
  const outputs = size(outputShape(architecture));
  return { plan: builder.finish(), inputs, outputs, layers: layersOf(steps) };
}

function emitTargets(builder: Builder, { target }: FittedLoss): Region {
  if (target.kind === 'labels') {
    const labels = builder.region('labels', builder.capacity * 4);
    builder.emit('gatherLabels', 'target', { y: labels });
    return labels;
  }
  const values = builder.region('targets', panelBytes(builder.capacity, target.columns));
  builder.emit('gather', 'target', { y: values, targets: 1, columns: target.columns });
  return values;
}

function emitCost(builder: Builder, output: Value, target: Region, loss: FittedLoss): void {
  const rowCosts = builder.region('rowCosts', builder.capacity * 8);
  const { kind, setting, divisor } = loss;
  const dx = builder.gradientOf(output);
  builder.emit(loss.op, 'loss', {
    rowCosts,
    x: output.data,
    dx,
    target,
    columns: output.columns,
    kind,
    setting,
    divisor,
  });
  builder.emit('cost', 'loss', { rowCosts, divisor });
}

function emitAccuracy(builder: Builder, output: Value, target: Region, loss: FittedLoss, accuracy: AccuracySpec): void {
  const places = { x: output.data, target, columns: output.columns };
  if (accuracy.kind === 'threshold') {
    builder.emit('thresholdAccuracy', 'accuracy', { ...places, threshold: accuracy.threshold });
  } else if (loss.target.kind === 'labels') {
    builder.emit('sparseCategoricalAccuracy', 'accuracy', { ...places, threshold: 0 });
  } else {
    builder.emit('categoricalAccuracy', 'accuracy', { ...places, threshold: 0 });
  }
}

/** The end of an architecture that a loss is fitted to. */
export function endingOf(architecture: Architecture) {
  return { activation: outputActivation(architecture), columns: size(outputShape(architecture)) };
}
