/**
 * What the command line and its benchmarks need of the inside. No entry of the package: it lies beside those so that it
 * shares their code, and reaches all that the one for Node does, so that nothing of that one is divided because of it.
 * scripts/bundleCli.js takes the files below that are exported whole from here, wherever the command line imports them.
 */

export * from '../architecture.js';
export * from '../conversions.js';
export * from '../data/samples.js';
export * from '../data/scaling.js';
export * from '../errors.js';
export * from '../files/save.js';
export * from '../files/strictJson.js';
export { nodeHost } from '../hosts/node.js';
export * from '../kinds.js';
export * from '../layers/activations.js';
export * from '../layers/dense.js';
export { emitActivation, emitActivationGradient } from '../layers/elementwise.js';
export { fitLoss, resolveLoss } from '../losses/index.js';
export * from '../metrics/classes.js';
export * from '../metrics/score.js';
export { planPrediction } from '../network.js';
export { buffersOf, emitUpdate, type RuleConfig, resolveOptimizer } from '../optimizers/index.js';
export * from '../optimizers/kinds.js';
export { Builder, type Plan, type PlannedRecord, type Value } from '../plan/builder.js';
export { Region } from '../plan/memory.js';
export { RecurrentKind } from '../plan/opcodes.js';
export { ops } from '../plan/ops/index.js';
export { opName } from '../plan/ops/op.js';
export { PANEL, panelBytes, panelCount } from '../plan/panels.js';
export { RECORD_BYTES } from '../plan/record.js';
export { TrainingBuilder } from '../plan/trainingBuilder.js';
export { multiplyAddsOf, recordsOf } from '../plan/work.js';
export * from '../random.js';
export { type Backend, chooseBackend, hasRelaxedSimd } from '../runtime/binaries.js';
export { Program } from '../runtime/program.js';
export * from '../search/crossValidate.js';
export * from '../shape.js';
export * from '../tabular/columns.js';
export * from '../tabular/fitTable.js';
export * from '../tabular/fitting.js';
export * from '../tabular/forecast.js';
export * from '../tabular/importance.js';
export * from '../tabular/inputs.js';
export * from '../tabular/preprocessing.js';
export * from '../tabular/tableModel.js';
export * from '../tabular/tablePredictor.js';
export * from '../tabular/threshold.js';
export * from '../tabular/words.js';
export { endingOf, planTraining } from '../training.js';
export * from './node.js';
