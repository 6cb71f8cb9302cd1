/** From an architecture to the plan that judges and trains: forward, cost, backward, update. */
import { type Architecture, type Output, outputsOf } from './architecture.js';
import { backwardOf, trainingForwardOf } from './layers/backward.js';
import { emitActivation } from './layers/elementwise.js';
import type { Place } from './layers/layer.js';
import type { Ending, FittedLoss } from './losses/loss.js';
import {
  type Arrangement,
  emitArranged,
  emitForward,
  emitInputs,
  extentOf,
  type Forward,
  type Lengths,
  type NetworkPlan,
  placeNetwork,
  type Step,
  type Tally,
  WHOLE,
} from './network.js';
import { buffersOf, emitUpdate, isMinimizer, type OptimizerConfig } from './optimizers/index.js';
import { emitAccumulation, emitAveraging } from './plan/accumulation.js';
import { together } from './plan/barriers.js';
import type { Owner, Value } from './plan/builder.js';
import { type Clipping, emitClipping } from './plan/clipping.js';
import { Gradients } from './plan/gradients.js';
import type { Region } from './plan/memory.js';
import { checkFinite, gather, gatherLabels, nextBatch, scatter } from './plan/ops/batch.js';
import {
  categoricalAccuracy,
  cost,
  maskCosts,
  sparseCategoricalAccuracy,
  thresholdAccuracy,
  weighRows,
} from './plan/ops/loss.js';
import { panelBytes } from './plan/panels.js';
import { emitConstraints, emitPenalties } from './plan/regularization.js';
import { emitRowwise } from './plan/rowwise.js';
import { LEAST_SHARED } from './plan/sharing.js';
import { TrainingBuilder } from './plan/trainingBuilder.js';
import { size } from './shape.js';

/** Room for the rates of so many steps of one call, in float64. */
const RATES_BYTES = 8 * 1024;

/** What is asked of an output. */
export interface Goal {
  readonly loss: FittedLoss;
  /** What its cost counts among those of all outputs. */
  readonly weight: number;
  readonly accuracy: boolean;
  /** Whether its outputs are kept for metrics; false by default. */
  readonly kept?: boolean;
  /** Whether what a row's cost counts stands behind its targets; false by default. */
  readonly weighted?: boolean;
}

/** What a plan that judges is made for. */
export interface Judgement {
  /** One for each output. */
  readonly goals: readonly Goal[];
  /** None where only gradients are asked for; one that looks for a minimum has no update. */
  readonly optimizer: OptimizerConfig | undefined;
  /** How the gradients of its steps are cut; not at all by default. */
  readonly clipping?: Clipping;
  /** Batches of a step; 1 by default. */
  readonly accumulationSteps?: number;
  /** How much of an average of the parameters is kept from step to step; none is made by default. */
  readonly averageDecay?: number | undefined;
  /** Whether the gradients are those of a training step, with dropout; true by default where there is an optimiser. */
  readonly training?: boolean;
  /** What nodes read the inputs by whose gradients are asked for too; none by default. */
  readonly inputs?: readonly string[];
  /**
   * Whether costs are of what comes to the last layer, which only puts it into the targets' own unit; false unless
   * told.
   */
  readonly scaled?: boolean;
  /** Whether steps are to be told the outputs' gradients too; false by default. */
  readonly given?: boolean;
  /** As in {@link Backend}. */
  readonly paired: boolean;
  /** How many threads may run the plan together; 1 by default. */
  readonly threads?: number;
}

/** An output with what is asked of it and where its targets lie in a row of all of them. */
interface Aim extends Goal {
  readonly output: Output & { readonly lengths: Lengths };
  readonly start: number;
  readonly tally: Tally | undefined;
  /** Whose its probabilities are, where they are kept. */
  readonly metrics: Owner;
}

/**
 * The plan that judges and trains. Sections: `check` looks for samples that are no numbers; `evaluate` takes the next
 * rows, finds their cost and counts the right answers; `step` takes the next batch of the epoch, with dropout, through
 * to the update, or without a rule for that `gradients` goes as far as the gradients, without dropout by default. Where
 * gradients are given, `stepBy` is a `step` that takes the outputs' from where targets are.
 */
export function planTraining(architecture: Architecture, capacity: number, judgement: Judgement): NetworkPlan {
  const { goals, optimizer, paired, threads = 1, training = optimizer !== undefined } = judgement;
  const { accumulationSteps = 1, averageDecay } = judgement;
  const rule = optimizer && !isMinimizer(optimizer) ? optimizer : undefined;
  const parts = rule ? accumulationSteps : 0;
  const builder = new TrainingBuilder(capacity, {
    paired,
    parts,
    leastShared: LEAST_SHARED,
    together: together(threads),
  });
  const network = placeNetwork(builder, architecture);
  const aims = aimsOf(builder, network.outputs, goals);
  const stride = targetWidth(goals);
  let layers: NetworkPlan['layers'] = [];
  let holders: readonly Place<object>[] = [];
  const inputGradients = new Map<string, Value>();

  function forwardTo(learns: boolean, toLogits: readonly boolean[], emitTargets: () => void): [Forward, Value[]] {
    builder.emit(nextBatch, 'batch', { counts: learns ? parts : 0 });
    const inputs = emitInputs(builder, network);
    emitTargets();
    const options = { toLogits, ...(learns && training && { forwardOf: trainingForwardOf }) };
    const forward = emitForward(builder, network, inputs, options);
    network.inputs.forEach(({ key, name }) => {
      const value = inputs.get(key);
      if (value && judgement.inputs?.includes(key) && learns) inputGradients.set(name, value);
    });
    const ends = forward.outputs.map((value, end) => {
      return forward.tape.arrange(value, extentOf(network.outputs[end]?.shape ?? [], 'lastAxis', value));
    });
    return [forward, ends];
  }

  function forwardAndCost(learns: boolean): void {
    const targets: Region[] = [];
    const weights: (Region | undefined)[] = [];
    const toLogits = goals.map(({ loss }) => loss.fromLogits);
    const [forward, given] = forwardTo(learns, toLogits, () => {
      for (const aim of aims) {
        targets.push(emitTargets(builder, aim, stride));
        weights.push(aim.weighted ? emitWeights(builder, aim, stride) : undefined);
      }
    });
    const whole = forward.tape.steps;
    const ends = judgement.scaled ? given.flatMap(value => sourceOf(whole, value)) : given;
    const steps = judgement.scaled ? whole.filter(({ output }) => !given.includes(output)) : whole;
    const gradients = new Gradients(builder, learns ? wantedOf(steps, inputGradients.values(), ends) : new Set(ends));
    aims.forEach((aim, end) => {
      const [value, target] = [ends[end], targets[end]];
      const way = { adds: Number(end > 0), judges: Number(!learns) };
      const given = target && { target, weights: weights[end] };
      if (value && given) emitCost(builder, gradients, value, given, aim, way);
      if (value && aim.kept) emitKept(builder, value, aim, network.outputWidth);
    });
    if (!learns) return;
    layers = forward.layers;
    // A cost that is not finite ends the step, and every layer's output is looked at.
    builder.hold(layers.map(({ value }) => value.data));
    emitBackward(builder, steps, gradients);
    builder.hold([...inputGradients.values()].map(value => builder.gradientOf(value)));
    holders = holdersOf(steps);
    emitAccumulation(builder);
    if (training) emitPenalties(builder, holders);
  }

  function forwardAndGiven(): void {
    const [forward, ends] = forwardTo(true, [], () => {});
    const { steps } = forward.tape;
    const gradients = new Gradients(builder, wantedOf(steps, [], ends));
    ends.forEach((value, end) => {
      const { start, name, lengths } = network.outputs[end] ?? { start: 0, name: undefined, lengths: WHOLE };
      const { positions, columns } = value;
      gradients.give(value, name ?? 'output', y => {
        const fields = { y, targets: 1, columns, stride: network.outputWidth, start, ownBytes: 0, filler: 0 };
        builder.emit(gather, name ?? 'output', { ...fields, ...lengths }, positions);
      });
    });
    emitBackward(builder, steps, gradients);
    holders = holdersOf(steps);
    emitAccumulation(builder);
    emitPenalties(builder, holders);
  }

  function update(): void {
    if (!rule) return;
    if (typeof rule.learningRate !== 'number') builder.region('rates', RATES_BYTES);
    emitClipping(builder, judgement.clipping ?? {});
    const buffers = buffersOf(rule).map(({ name }) => name);
    emitRowwise(builder, buffers, () => emitUpdate(builder, rule));
    builder.rowwise.splice(0);
    emitConstraints(builder, holders);
    if (averageDecay !== undefined) emitAveraging(builder, averageDecay);
    builder.emitLate();
  }
  builder.section('check', () => builder.emit(checkFinite, 'input', { columns: network.inputNumbers }));
  builder.section('evaluate', () => forwardAndCost(false));
  builder.section(rule ? 'step' : 'gradients', () => {
    forwardAndCost(true);
    update();
  });
  if (judgement.given) {
    builder.section('stepBy', () => {
      forwardAndGiven();
      update();
    });
  }
  return {
    plan: builder.finish(),
    inputs: network.inputNumbers,
    outputs: network.outputWidth,
    sequences: network.sequences,
    layers,
    kept: aims.some(aim => aim.kept) ? keptOutputs(builder, network.outputWidth) : undefined,
    keptRows: keptRows(builder, network.outputWidth),
    tallies: aims.flatMap(({ tally }) => tally ?? []),
    inputGradients: [...inputGradients].map(([name, value]) => ({ name, value, gradient: builder.gradientOf(value) })),
  };
}

/** How many numbers, each of four bytes, the targets of a row are for one output. */
export function targetNumbers({ target, positions }: FittedLoss): number {
  return positions * (target.kind === 'labels' ? 1 : target.columns);
}

/** The same with what the row's cost counts. */
export function wordsOf({ loss, weighted = false }: Goal): number {
  return targetNumbers(loss) + Number(weighted);
}

function targetWidth(goals: readonly Goal[]): number {
  return goals.reduce((sum, goal) => sum + wordsOf(goal), 0);
}

function aimsOf(builder: TrainingBuilder, outputs: readonly Aim['output'][], goals: readonly Goal[]): Aim[] {
  let start = 0;
  return outputs.flatMap((output, end) => {
    const goal = goals[end];
    if (!goal) return [];
    const { name } = output;
    const count = (what: string) => builder.region(`${what} of ${name}`, 8);
    const tally = name === undefined ? undefined : { name, cost: count('cost'), correct: count('right answers') };
    const aim = { ...goal, output, start, tally, metrics: { name: ofOutput('metrics', output) } };
    start += wordsOf(goal);
    return aim;
  });
}

const learns = (step: Step) => 'site' in step && Object.values(step.site.parameters).some(({ trainable }) => trainable);
const holdersOf = (steps: readonly Step[]) => steps.flatMap(step => ('site' in step ? step.site : []));
const readBy = (step: Step) => ('site' in step ? step.site.inputs : [step.from]);

/** The values whose gradient is asked for: those of which something below learns, and some besides. */
function wantedOf(steps: readonly Step[], inputs: Iterable<Value>, ends: Iterable<Value>): Set<Value> {
  const wanted = new Set<Value>(inputs);
  for (const step of steps) {
    if (learns(step) || readBy(step).some(value => wanted.has(value))) wanted.add(step.output);
  }
  for (const end of ends) wanted.add(end);
  return wanted;
}

/** What the layer that made a value read. */
function sourceOf(steps: readonly Step[], value: Value): Value[] {
  return steps.flatMap(step => ('site' in step && step.output === value ? [step.site.input] : []));
}

/** Emits the steps in reverse, each its records in the order they run; none has any where nothing is asked of it. */
function emitBackward(builder: TrainingBuilder, steps: readonly Step[], gradients: Gradients): void {
  for (const step of steps.toReversed()) {
    if (!learns(step) && !readBy(step).some(value => gradients.wants(value))) continue;
    if ('site' in step) backwardOf(step.site.layer)(builder, step.site, step, gradients);
    else emitArrangedBack(builder, step, gradients);
  }
}

function emitArrangedBack(builder: TrainingBuilder, { from, output }: Arrangement, gradients: Gradients): void {
  const emit = (data: Region) =>
    emitArranged(builder, from.name, { ...output, data: gradients.of(output) }, { ...from, data });
  gradients.give(from, from.name, emit, gradients.isStopped(output));
}

/** What the plan's own regions are called that each output has one of. */
function ofOutput(what: string, { name }: Output): string {
  return name === undefined ? what : `${what} of ${name}`;
}

function emitTargets(
  builder: TrainingBuilder,
  { loss: { target, positions }, output, start }: Aim,
  stride: number,
): Region {
  const owner = ofOutput('target', output);
  if (target.kind === 'labels') {
    const labels = builder.region(ofOutput('labels', output), builder.capacity * positions * 4);
    builder.emit(gatherLabels, owner, { y: labels, stride, start }, positions);
    return labels;
  }
  const { columns } = target;
  const values = builder.region(ofOutput('targets', output), panelBytes(builder.capacity * positions, columns));
  builder.emit(
    gather,
    owner,
    { y: values, targets: 1, columns, stride, start, ownBytes: 0, ...WHOLE, filler: 0 },
    positions,
  );
  return values;
}

/** Emits what takes the rows' weights from behind an output's targets. */
function emitWeights(builder: TrainingBuilder, { loss, output, start }: Aim, stride: number): Region {
  const weights = builder.region(ofOutput('weights', output), panelBytes(builder.capacity, 1));
  const place = { targets: 1, columns: 1, stride, start: start + targetNumbers(loss), ownBytes: 0 };
  builder.emit(gather, ofOutput('weights', output), { y: weights, ...place, ...WHOLE, filler: 0 });
  return weights;
}

/** Emits an output's cost, with its gradient, and where that is asked for how many of its answers are right. */
function emitCost(
  builder: TrainingBuilder,
  gradients: Gradients,
  value: Value,
  { target, weights }: { target: Region; weights: Region | undefined },
  aim: Aim,
  way: { readonly adds: number; readonly judges: number },
): void {
  const { data: x, columns, positions } = value;
  const { loss, weight, output, tally } = aim;
  const { accuracy } = loss;
  const { lengths } = output.lengths;
  const owner = ofOutput('loss', output);
  for (const [term, { op, kind, setting, divisor, alpha = 0 }] of [loss, ...loss.more].entries()) {
    const name = ofOutput(term === 0 ? 'rowCosts' : `rowCosts ${term}`, output);
    const rowCosts = builder.region(name, builder.capacity * positions * 8);
    gradients.give(value, owner, dx => {
      const fields = { rowCosts, x, dx, target, columns, kind, setting, divisor, weight, alpha, lengths };
      builder.emit(op, owner, fields, positions);
      if (weights) builder.emit(weighRows, owner, { rowCosts, dx, weights, columns }, positions);
      if (lengths > 0) builder.emit(maskCosts, owner, { rowCosts, dx, columns, lengths }, positions);
    });
    const adds = term === 0 ? way.adds : 1;
    const places = { rowCosts, tally: tally?.cost ?? 0 } as const;
    builder.emit(cost, owner, { ...places, divisor, weight, ...way, adds, lengths }, positions);
  }
  if (!aim.accuracy || !accuracy) return;
  const op =
    accuracy.kind === 'threshold'
      ? thresholdAccuracy
      : loss.target.kind === 'labels'
        ? sparseCategoricalAccuracy
        : categoricalAccuracy;
  const threshold = accuracy.kind === 'threshold' ? accuracy.threshold : 0;
  const places = { x, target, tally: tally?.correct ?? 0 } as const;
  builder.emit(op, ofOutput('accuracy', output), { ...places, columns, threshold, lengths }, positions);
}

/** Bytes of outputs that are kept until metrics see them, where a step has no more of them. */
const KEPT_BYTES = 2 ** 16;

/** Rows of so many outputs that are kept: those of some steps. */
function keptRows({ capacity, parts }: TrainingBuilder, width: number): number {
  const ofStep = capacity * Math.max(1, parts);
  return ofStep * Math.max(1, Math.floor(KEPT_BYTES / (4 * width * ofStep)));
}

/** Where outputs are kept until metrics have seen them. */
function keptOutputs(builder: TrainingBuilder, width: number): Region {
  return builder.region('kept outputs', 4 * width * keptRows(builder, width));
}

/** Emits what keeps an output row-major for metrics: its probabilities, where the loss reads logits. */
function emitKept(builder: TrainingBuilder, value: Value, { loss, output, metrics }: Aim, width: number): void {
  let kept = value;
  if (loss.fromLogits) {
    const kind = loss.accuracy?.kind === 'threshold' ? 'sigmoid' : 'softmax';
    kept = builder.value(metrics, value, { role: 'probabilities' });
    emitActivation(builder, metrics.name, { kind }, value, kept);
  }
  const { data: x, columns, positions } = kept;
  const y = keptOutputs(builder, width);
  builder.emit(
    scatter,
    metrics.name,
    { ...output.lengths, y, x, columns, stride: width, start: output.start },
    positions,
  );
}

/** The ends of an architecture that losses are fitted to. */
export function endingsOf(architecture: Architecture): (Ending & { name: string | undefined })[] {
  return outputsOf(architecture).map(({ name, shape, activation }) => ({
    name,
    activation,
    columns: shape.at(-1) ?? 1,
    positions: size(shape.slice(0, -1)),
  }));
}

/** The only one of those of a network whose output has no name. */
export function endingOf(architecture: Architecture): Ending {
  const [ending] = endingsOf(architecture);
  if (!ending) throw new Error('a network has an output');
  return ending;
}
