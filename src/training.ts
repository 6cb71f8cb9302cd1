/** From an architecture to the plan that judges and trains: forward, cost, backward, update. */
import { type Architecture, outputActivation, outputShape } from './architecture.js';
import { backwardOf } from './layers/backward.js';
import type { AccuracySpec, FittedLoss } from './losses/loss.js';
import { emitForward, emitGather, layersOf, type NetworkPlan, outputOf, placeLayers, type Step } from './network.js';
import { type OptimizerConfig, optimizerDefinition } from './optimizers/index.js';
import { together } from './plan/barriers.js';
import { Builder, type Value } from './plan/builder.js';
import type { Region } from './plan/memory.js';
import { checkFinite, gather, gatherLabels, nextBatch } from './plan/ops/batch.js';
import { categoricalAccuracy, cost, sparseCategoricalAccuracy, thresholdAccuracy } from './plan/ops/loss.js';
import { panelBytes } from './plan/panels.js';
import { size } from './shape.js';

/** What a plan that judges is made for. */
export interface Judgement {
  readonly loss: FittedLoss;
  readonly accuracy: boolean;
  /** None where only gradients are asked for. */
  readonly optimizer: OptimizerConfig | undefined;
  /** As in {@link Backend}. */
  readonly paired: boolean;
  /** How many threads may run the plan together; 1 unless told. */
  readonly threads?: number;
}

/**
 * The plan that judges and trains. Sections: `check` looks for samples that are no numbers; `evaluate` takes the next
 * rows, finds their cost and counts the right answers; `step` takes the next batch of the epoch, with dropout, through
 * to the update, or without an optimiser `gradients` goes as far as the gradients, without dropout.
 */
export function planTraining(architecture: Architecture, capacity: number, judgement: Judgement): NetworkPlan {
  const { loss, optimizer, paired, threads = 1 } = judgement;
  const builder = new Builder(capacity, { training: true, paired, together: together(threads) });
  const places = placeLayers(builder, architecture);
  const inputs = size(architecture.inputShape);
  let steps: Step[] = [];

  function forwardAndCost(training: boolean): Step[] {
    builder.emit(nextBatch, 'batch', { counts: Number(training) });
    const input = emitGather(builder, architecture);
    const target = emitTargets(builder, loss);
    const forward = emitForward(builder, places, input, { training, toLogits: loss.fromLogits });
    const output = outputOf(forward);
    emitCost(builder, output, target, loss);
    if (judgement.accuracy && loss.accuracy) emitAccuracy(builder, output, target, loss, loss.accuracy);
    return forward;
  }

  builder.section('check', () => builder.emit(checkFinite, 'input', { columns: inputs }));
  builder.section('evaluate', () => forwardAndCost(false));
  builder.section(optimizer ? 'step' : 'gradients', () => {
    steps = forwardAndCost(optimizer !== undefined);
    emitBackward(builder, steps);
    if (optimizer) optimizerDefinition(optimizer.kind).emit(builder, optimizer);
  });
  const outputs = size(outputShape(architecture));
  return { plan: builder.finish(), inputs, outputs, layers: layersOf(steps) };
}

/** Emits the layers in reverse, each its records in the order they run; nothing below the first parameters has any. */
function emitBackward(builder: Builder, steps: readonly Step[]): void {
  const first = steps.findIndex(({ site }) => Object.keys(site.parameters).length > 0);
  if (first < 0) return;
  for (let index = steps.length - 1; index >= first; index--) {
    const step = steps[index];
    if (step) backwardOf(step.site.layer)(builder, step.site, step, index > first);
  }
}

function emitTargets(builder: Builder, { target }: FittedLoss): Region {
  if (target.kind === 'labels') {
    const labels = builder.region('labels', builder.capacity * 4);
    builder.emit(gatherLabels, 'target', { y: labels });
    return labels;
  }
  const values = builder.region('targets', panelBytes(builder.capacity, target.columns));
  builder.emit(gather, 'target', { y: values, targets: 1, columns: target.columns, ownBytes: 0 });
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
  builder.emit(cost, 'loss', { rowCosts, divisor });
}

function emitAccuracy(builder: Builder, output: Value, target: Region, loss: FittedLoss, accuracy: AccuracySpec): void {
  const places = { x: output.data, target, columns: output.columns };
  if (accuracy.kind === 'threshold') {
    builder.emit(thresholdAccuracy, 'accuracy', { ...places, threshold: accuracy.threshold });
  } else if (loss.target.kind === 'labels') {
    builder.emit(sparseCategoricalAccuracy, 'accuracy', { ...places, threshold: 0 });
  } else {
    builder.emit(categoricalAccuracy, 'accuracy', { ...places, threshold: 0 });
  }
}

/** The end of an architecture that a loss is fitted to. */
export function endingOf(architecture: Architecture) {
  return { activation: outputActivation(architecture), columns: size(outputShape(architecture)) };
}
