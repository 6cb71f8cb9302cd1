/** From an architecture to the plan that judges and trains: forward, cost, backward, update. */
import { type Architecture, outputActivation, outputShape } from './architecture.js';
import { backwardOf, trainingForwardOf } from './layers/backward.js';
import type { AccuracySpec, Ending, FittedLoss } from './losses/loss.js';
import {
  type Arrangement,
  arrange,
  emitForward,
  emitGather,
  extentOf,
  layersOf,
  type NetworkPlan,
  outputOf,
  placeLayers,
  type Step,
} from './network.js';
import { type OptimizerConfig, optimizerDefinition } from './optimizers/index.js';
import { together } from './plan/barriers.js';
import { Builder, type Value } from './plan/builder.js';
import { Gradients } from './plan/gradients.js';
import type { Region } from './plan/memory.js';
import { checkFinite, gather, gatherLabels, nextBatch, rearrange } from './plan/ops/batch.js';
import { categoricalAccuracy, cost, sparseCategoricalAccuracy, thresholdAccuracy } from './plan/ops/loss.js';
import { panelBytes } from './plan/panels.js';
import { emitRowwise } from './plan/rowwise.js';
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
  const builder = new Builder(capacity, {
    training: true,
    paired,
    updates: optimizer !== undefined,
    together: together(threads),
  });
  const places = placeLayers(builder, architecture);
  const inputs = size(architecture.inputShape);
  const shape = outputShape(architecture);
  let steps: Step[] = [];

  function forwardAndCost(training: boolean): Step[] {
    const options = { toLogits: loss.fromLogits, ...(training && { forwardOf: trainingForwardOf }) };
    builder.emit(nextBatch, 'batch', { counts: Number(training) });
    const input = emitGather(builder, architecture);
    const target = emitTargets(builder, loss);
    const forward = emitForward(builder, places, input, options);
    const made = outputOf(forward);
    const output = arrange(builder, forward, made, extentOf(shape, 'lastAxis', made));
    emitCost(builder, output, target, loss);
    if (judgement.accuracy && loss.accuracy) emitAccuracy(builder, output, target, loss, loss.accuracy);
    return forward;
  }

  builder.section('check', () => builder.emit(checkFinite, 'input', { columns: inputs }));
  builder.section('evaluate', () => forwardAndCost(false));
  builder.section(optimizer ? 'step' : 'gradients', () => {
    steps = forwardAndCost(optimizer !== undefined);
    emitBackward(builder, steps);
    if (!optimizer) return;
    const definition = optimizerDefinition(optimizer.kind);
    emitRowwise(builder, Object.keys(definition.state(optimizer)), () => definition.emit(builder, optimizer));
    builder.emitLate();
  });
  const outputs = size(shape);
  return { plan: builder.finish(), inputs, outputs, layers: layersOf(steps) };
}

/**
 * Emits the steps in reverse, each its records in the order they run; none has any where neither it nor anything below
 * it learns. The last output has its gradient from the cost.
 */
function emitBackward(builder: Builder, steps: readonly Step[]): void {
  const learns = (step: Step) =>
    'site' in step && Object.values(step.site.parameters).some(({ trainable }) => trainable);
  const wanted = new Set<Value>();
  for (const step of steps) {
    const from = 'site' in step ? step.site.input : step.from;
    if (learns(step) || wanted.has(from)) wanted.add(step.output);
  }
  const gradients = new Gradients(builder, wanted);
  for (const step of steps.toReversed()) {
    if (!wanted.has(step.output)) continue;
    if ('site' in step) backwardOf(step.site.layer)(builder, step.site, step, gradients);
    else emitArrangedBack(builder, step, gradients);
  }
}

function emitArrangedBack(builder: Builder, { from, output }: Arrangement, gradients: Gradients): void {
  const { positions, columns } = from;
  const emit = (dx: Region) => {
    const fields = { y: dx, x: gradients.of(output), columns, from: output.columns };
    builder.emit(rearrange, from.name, fields, positions);
  };
  gradients.give(from, from.name, emit, gradients.isStopped(output));
}

function emitTargets(builder: Builder, { target, positions }: FittedLoss): Region {
  if (target.kind === 'labels') {
    const labels = builder.region('labels', builder.capacity * positions * 4);
    builder.emit(gatherLabels, 'target', { y: labels, stride: positions, start: 0 }, positions);
    return labels;
  }
  const { columns } = target;
  const values = builder.region('targets', panelBytes(builder.capacity * positions, columns));
  const fields = { y: values, targets: 1, columns, stride: positions * columns, start: 0, ownBytes: 0 };
  builder.emit(gather, 'target', fields, positions);
  return values;
}

function emitCost(builder: Builder, output: Value, target: Region, loss: FittedLoss): void {
  const { data: x, columns, positions } = output;
  const rowCosts = builder.region('rowCosts', builder.capacity * positions * 8);
  const { kind, setting, divisor } = loss;
  const dx = builder.gradientOf(output);
  const weight = 1;
  builder.emit(loss.op, 'loss', { rowCosts, x, dx, target, columns, kind, setting, divisor, weight }, positions);
  builder.emit(cost, 'loss', { rowCosts, tally: 0, divisor, weight, adds: 0 }, positions);
}

function emitAccuracy(builder: Builder, output: Value, target: Region, loss: FittedLoss, accuracy: AccuracySpec): void {
  const { data: x, columns, positions } = output;
  const op =
    accuracy.kind === 'threshold'
      ? thresholdAccuracy
      : loss.target.kind === 'labels'
        ? sparseCategoricalAccuracy
        : categoricalAccuracy;
  const threshold = accuracy.kind === 'threshold' ? accuracy.threshold : 0;
  builder.emit(op, 'accuracy', { x, target, tally: 0, columns, threshold }, positions);
}

/** The end of an architecture that a loss is fitted to. */
export function endingOf(architecture: Architecture): Ending {
  const shape = outputShape(architecture);
  return {
    activation: outputActivation(architecture),
    columns: shape.at(-1) ?? 1,
    positions: size(shape.slice(0, -1)),
  };
}
