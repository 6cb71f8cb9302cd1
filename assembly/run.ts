// The machine: for each record, its op.
import { Opcode } from '../src/plan/opcodes';
import { Op, RECORD_BYTES } from './plan';
import { barrier } from './barrier';
import { CONTROLS_BYTES, controlsOf, partCount, partNumber, shareRows } from './parts';
import { Accuracy, categoricalAccuracy, sparseCategoricalAccuracy, thresholdAccuracy } from './ops/accuracy';
import { Activation, ActivationGradient, activationForward, activationGradient } from './ops/activation';
import { Attention, attention } from './ops/attention';
import { Augment, augment } from './ops/augment';
import { CheckFinite, NextBatch, NextPart, checkFinite, nextBatch, nextPart } from './ops/batch';
import {
  Convolution, ConvolutionInput, ConvolutionWeights, GroupWeights,
  convolutionForward, convolutionInputGradient, convolutionWeightGradient, groupWeights,
} from './ops/convolution';
import {
  DenseForward, DenseForwardQuantized, DenseInputGradient, DenseWeightGradient, WidenWeights,
  denseForward, denseForwardQuantized, denseInputGradient, denseWeightGradient, widenWeights,
} from './ops/dense';
import {
  Depthwise, DepthwiseInputGradient, DepthwiseWeightGradient,
  depthwiseForward, depthwiseInputGradient, depthwiseWeightGradient,
} from './ops/depthwise';
import {
  Embedding, EmbeddingGradient, MoveRows, NameRows, RowsGradient,
  embeddingForward, embeddingGradient, nameRows, returnRows, rowsGradient, takeRows,
} from './ops/embedding';
import {
  Gather, GatherLabels, Rearrange, Scatter, SumRepeated,
  gather, gatherLabels, rearrange, scatter, sumRepeated,
} from './ops/gather';
import { categoricalHinge } from './ops/categoricalHinge';
import {
  ColumnChunks, ColumnNorm, ColumnNormGradient, ColumnSums, MoveAverages,
  columnChunks, columnNormForward, columnNormGradient, columnSums, moveAverages,
} from './ops/columnNorm';
import {
  Cost, Loss, MaskCosts, WeighRows,
  cosineSimilarity, cost, elementwiseLoss, maskCosts, softmaxCrossEntropy, sparseSoftmaxCrossEntropy, weighRows,
} from './ops/loss';
import {
  AlphaDropout, Dropout, GaussianNoise,
  alphaDropoutForward, dropoutForward, gaussianNoiseForward,
} from './ops/noise';
import {
  RowNorm, RowNormGradient, RowNormParameterGradient,
  rowNormForward, rowNormGradient, rowNormParameterGradient,
} from './ops/rowNorm';
import {
  Accumulate, AccumulateParameter, CopyColumns, Merge, MergeGradient,
  accumulate, accumulateParameter, copyColumns, mergeForward, mergeGradient,
} from './ops/merge';
import {
  Collect, Constrain, Pass, Penalize, SumChunks, Total,
  addPenalty, averageParameters, clipValues, collectGradients, constrain, measureNorm, penalize, scaleGradients,
  sumChunks,
} from './ops/gradients';
import { updateParameters } from './ops/optimizers';
import { Update } from './ops/update';
import { Pool, PoolGradient, poolForward, poolGradient } from './ops/pool';
import { MovePositions, PushStep, movePositions, pushStep } from './ops/positions';
import { Recurrent, RecurrentGradient, recurrentForward, recurrentGradient } from './ops/recurrent';
import {
  Softmax, SoftmaxGradient,
  logSoftmaxForward, logSoftmaxGradient, softmaxForward, softmaxGradient,
} from './ops/softmax';
import { AddSteps, StepsGradient, addSteps, stepsGradient } from './ops/steps';

/**
 * Carries out the records from address `first` up to, not with, `last`, `steps` times over, and returns how many times
 * it finished: a number that is not finite, in the data checked or in the cost, ends it at once.
 */
export function run(first: usize, last: usize, steps: i32): i32 {
  return partCount() > 1 ? runTogether(first, last, steps) : carryOut(first, last, steps);
}

/** What each of several threads does; −1 where JavaScript ended the run because one of them died. */
function runTogether(first: usize, last: usize, steps: i32): i32 {
  const shared = changetype<usize>(changetype<Op>(first).controls);
  if (partNumber() > 0) memory.copy(shared + partNumber() * CONTROLS_BYTES, shared, CONTROLS_BYTES);
  if (!barrier(partCount())) return -1;
  const finished = carryOut(first, last, steps);
  return finished >= 0 && barrier(partCount()) ? finished : -1;
}

function carryOut(first: usize, last: usize, steps: i32): i32 {
  for (let step = 0; step < steps; step++) {
    for (let record = first; record < last; record += RECORD_BYTES) {
      if (partCount() > 1 && changetype<Op>(record).barrier && !barrier(partCount())) return -1;
      shareRows(changetype<Op>(record));
      const next = execute(record);
      if (next == Next.end) return step;
      if (next == Next.first) record = first - RECORD_BYTES;
      if (ASC_FEATURE_THREADS) controlsOf(changetype<Op>(first)).finished += 1;
    }
  }
  return steps;
}

/** What a record is followed by: nothing, the one after it, or the first one once more. */
enum Next {
  end,
  record,
  first,
}

/**
 * Carries out a record. What predicts stands here; predict.wasm leaves out the rest. A record that this binary
 * does not know is a trap: nothing may pass it over.
 */
function execute(record: usize): Next {
  switch (changetype<Op>(record).op) {
    case Opcode.checkFinite: return checkFinite(changetype<CheckFinite>(record));
    case Opcode.gather: gather(changetype<Gather>(record)); break;
    case Opcode.scatter: scatter(changetype<Scatter>(record)); break;
    case Opcode.rearrange: rearrange(changetype<Rearrange>(record)); break;
    case Opcode.denseForward: denseForward(changetype<DenseForward>(record)); break;
    case Opcode.denseForwardQuantized: denseForwardQuantized(changetype<DenseForwardQuantized>(record)); break;
    case Opcode.activationForward: activationForward(changetype<Activation>(record)); break;
    case Opcode.softmaxForward: softmaxForward(changetype<Softmax>(record)); break;
    case Opcode.logSoftmaxForward: logSoftmaxForward(changetype<Softmax>(record)); break;
    case Opcode.rowNormForward: rowNormForward(changetype<RowNorm>(record)); break;
    case Opcode.columnNormForward: columnNormForward(changetype<ColumnNorm>(record)); break;
    case Opcode.convolutionForward: convolutionForward(changetype<Convolution>(record)); break;
    // What goes back through a convolution is what a transposed one does.
    case Opcode.convolutionInputGradient: convolutionInputGradient(changetype<ConvolutionInput>(record)); break;
    case Opcode.groupWeights: groupWeights(changetype<GroupWeights>(record)); break;
    case Opcode.depthwiseForward: depthwiseForward(changetype<Depthwise>(record)); break;
    case Opcode.poolForward: poolForward(changetype<Pool>(record)); break;
    case Opcode.movePositions: movePositions(changetype<MovePositions>(record)); break;
    case Opcode.widenWeights: widenWeights(changetype<WidenWeights>(record)); break;
    default:
      if (isDefined(CHAINS_ONLY)) unreachable();
      return executeGraphs(record);
  }
  return Next.record;
}

/** {@link execute} for what predicts and no chain of layers for tables and images has; chains.wasm leaves it out. */
function executeGraphs(record: usize): Next {
  switch (changetype<Op>(record).op) {
    case Opcode.mergeForward: mergeForward(changetype<Merge>(record)); break;
    case Opcode.copyColumns: copyColumns(changetype<CopyColumns>(record)); break;
    case Opcode.embeddingForward: embeddingForward(changetype<Embedding>(record)); break;
    case Opcode.pushStep: pushStep(changetype<PushStep>(record)); break;
    case Opcode.recurrentForward: recurrentForward(changetype<Recurrent>(record)); break;
    case Opcode.attention: attention(changetype<Attention>(record)); break;
    case Opcode.addSteps: addSteps(changetype<AddSteps>(record)); break;
    default:
      if (isDefined(FORWARD_ONLY)) unreachable();
      return executeTraining(record);
  }
  return Next.record;
}

/** {@link execute} for what only judges and trains. */
function executeTraining(record: usize): Next {
  switch (changetype<Op>(record).op) {
    case Opcode.nextBatch: nextBatch(changetype<NextBatch>(record)); break;
    case Opcode.gatherLabels: gatherLabels(changetype<GatherLabels>(record)); break;
    case Opcode.denseInputGradient: denseInputGradient(changetype<DenseInputGradient>(record)); break;
    case Opcode.denseWeightGradient: denseWeightGradient(changetype<DenseWeightGradient>(record)); break;
    case Opcode.activationGradient: activationGradient(changetype<ActivationGradient>(record)); break;
    case Opcode.softmaxGradient: softmaxGradient(changetype<SoftmaxGradient>(record)); break;
    case Opcode.logSoftmaxGradient: logSoftmaxGradient(changetype<SoftmaxGradient>(record)); break;
    case Opcode.dropoutForward: dropoutForward(changetype<Dropout>(record)); break;
    case Opcode.alphaDropoutForward: alphaDropoutForward(changetype<AlphaDropout>(record)); break;
    case Opcode.gaussianNoiseForward: gaussianNoiseForward(changetype<GaussianNoise>(record)); break;
    case Opcode.augment: augment(changetype<Augment>(record)); break;
    case Opcode.rowNormGradient: rowNormGradient(changetype<RowNormGradient>(record)); break;
    case Opcode.rowNormParameterGradient: rowNormParameterGradient(changetype<RowNormParameterGradient>(record)); break;
    case Opcode.columnChunks: columnChunks(changetype<ColumnChunks>(record)); break;
    case Opcode.columnSums: columnSums(changetype<ColumnSums>(record)); break;
    case Opcode.columnNormGradient: columnNormGradient(changetype<ColumnNormGradient>(record)); break;
    case Opcode.moveAverages: moveAverages(changetype<MoveAverages>(record)); break;
    case Opcode.embeddingGradient: embeddingGradient(changetype<EmbeddingGradient>(record)); break;
    case Opcode.nameRows: nameRows(changetype<NameRows>(record)); break;
    case Opcode.rowsGradient: rowsGradient(changetype<RowsGradient>(record)); break;
    case Opcode.takeRows: takeRows(changetype<MoveRows>(record)); break;
    case Opcode.returnRows: returnRows(changetype<MoveRows>(record)); break;
    case Opcode.elementwiseLoss: elementwiseLoss(changetype<Loss>(record)); break;
    case Opcode.softmaxCrossEntropy: softmaxCrossEntropy(changetype<Loss>(record)); break;
    case Opcode.sparseSoftmaxCrossEntropy: sparseSoftmaxCrossEntropy(changetype<Loss>(record)); break;
    case Opcode.categoricalHinge: categoricalHinge(changetype<Loss>(record)); break;
    case Opcode.cosineSimilarity: cosineSimilarity(changetype<Loss>(record)); break;
    case Opcode.weighRows: weighRows(changetype<WeighRows>(record)); break;
    case Opcode.maskCosts: maskCosts(changetype<MaskCosts>(record)); break;
    case Opcode.cost: return cost(changetype<Cost>(record)) ? Next.record : Next.end;
    case Opcode.categoricalAccuracy: categoricalAccuracy(changetype<Accuracy>(record)); break;
    case Opcode.sparseCategoricalAccuracy: sparseCategoricalAccuracy(changetype<Accuracy>(record)); break;
    case Opcode.thresholdAccuracy: thresholdAccuracy(changetype<Accuracy>(record)); break;
    case Opcode.accumulate: accumulate(changetype<Accumulate>(record)); break;
    case Opcode.accumulateParameter: accumulateParameter(changetype<AccumulateParameter>(record)); break;
    case Opcode.mergeGradient: mergeGradient(changetype<MergeGradient>(record)); break;
    case Opcode.sumRepeated: sumRepeated(changetype<SumRepeated>(record)); break;
    case Opcode.nextPart: return nextPart(changetype<NextPart>(record)) ? Next.first : Next.record;
    case Opcode.collectGradients: collectGradients(changetype<Collect>(record)); break;
    case Opcode.penalize: penalize(changetype<Penalize>(record)); break;
    case Opcode.sumChunks: sumChunks(changetype<SumChunks>(record)); break;
    case Opcode.addPenalty: addPenalty(changetype<Total>(record)); break;
    case Opcode.clipValues: clipValues(changetype<Pass>(record)); break;
    case Opcode.measureNorm: measureNorm(changetype<Total>(record)); break;
    case Opcode.scaleGradients: scaleGradients(changetype<Pass>(record)); break;
    case Opcode.constrain: constrain(changetype<Constrain>(record)); break;
    case Opcode.averageParameters: averageParameters(changetype<Pass>(record)); break;
    case Opcode.update: updateParameters(changetype<Update>(record)); break;
    case Opcode.convolutionWeightGradient: convolutionWeightGradient(changetype<ConvolutionWeights>(record)); break;
    case Opcode.depthwiseInputGradient: depthwiseInputGradient(changetype<DepthwiseInputGradient>(record)); break;
    case Opcode.depthwiseWeightGradient: depthwiseWeightGradient(changetype<DepthwiseWeightGradient>(record)); break;
    case Opcode.recurrentGradient: recurrentGradient(changetype<RecurrentGradient>(record)); break;
    case Opcode.stepsGradient: stepsGradient(changetype<StepsGradient>(record)); break;
    case Opcode.poolGradient: poolGradient(changetype<PoolGradient>(record)); break;
    default: unreachable();
  }
  return Next.record;
}
