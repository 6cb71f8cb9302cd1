/** The public names, apart from `Model` and `Trainer`, which each entry makes for its own runtime. */
export type { AdaptingData } from './adapt.js';
export { Architecture, sequential } from './architecture.js';
export { type Checkpoint, type CheckpointOptions, checkpoint } from './callbacks/checkpoint.js';
export type { Callback } from './callbacks/index.js';
export { csvLogger, jsonLogger } from './callbacks/loggers.js';
export {
  type EarlyStopping,
  type EarlyStoppingOptions,
  earlyStopping,
  type MonitorOptions,
  type ReduceOnPlateau,
  type ReduceOnPlateauOptions,
  reduceOnPlateau,
} from './callbacks/plateaus.js';
export { tensorBoard } from './callbacks/tensorBoard.js';
export type { Samples, ScaledBytes, Targets } from './data/samples.js';
export type {
  CostOptions,
  GoalOptions,
  GradientOptions,
  NetworkGradient,
  NetworkLoss,
  NetworkTargets,
} from './goals.js';
export {
  add,
  attend,
  average,
  concatenate,
  type Graph,
  type GraphNode,
  graph,
  maximum,
  multiply,
  permute,
  repeatVector,
  type SharedLayer,
  shared,
  slice,
  subtract,
} from './graph.js';
export type { Initializer, InitializerConfig, InitializerName } from './initializers/index.js';
export * from './initializers/kinds.js';
export type { NetworkSamples } from './inputs.js';
export { type ActivationLayer, activation } from './layers/activation.js';
export { type ActivationConfig, type ActivationName, elu, gelu, leakyRelu } from './layers/activations.js';
export {
  type MultiHeadAttentionLayer,
  type MultiHeadAttentionOptions,
  multiHeadAttention,
} from './layers/attention.js';
export {
  type CutoutLayer,
  cutout,
  type RandomBrightnessLayer,
  type RandomBrightnessOptions,
  type RandomCropLayer,
  type RandomFlipLayer,
  type RandomMoveOptions,
  type RandomRotationLayer,
  type RandomTranslationLayer,
  randomBrightness,
  randomCrop,
  randomFlip,
  randomRotation,
  randomTranslation,
} from './layers/augmentation.js';
export {
  type BatchNormalizationLayer,
  type BatchNormalizationOptions,
  batchNormalization,
} from './layers/batchNormalization.js';
export { type BidirectionalLayer, type BidirectionalOptions, bidirectional } from './layers/bidirectional.js';
export type { WindowedOptions } from './layers/convolution.js';
export {
  type Conv1dLayer,
  type Conv1dOptions,
  type Conv2dLayer,
  type Conv2dOptions,
  conv1d,
  conv2d,
} from './layers/convolution.js';
export { type DenseLayer, type DenseOptions, dense } from './layers/dense.js';
export {
  type DepthwiseConv1dLayer,
  type DepthwiseConv2dLayer,
  type DepthwiseOptions,
  depthwiseConv1d,
  depthwiseConv2d,
  type SeparableConv1dLayer,
  type SeparableConv2dLayer,
  separableConv1d,
  separableConv2d,
} from './layers/depthwise.js';
export {
  type AlphaDropoutLayer,
  alphaDropout,
  type DropoutLayer,
  dropout,
  type SpatialDropoutLayer,
  spatialDropout,
} from './layers/dropout.js';
export {
  type EmbeddingBagLayer,
  type EmbeddingBagOptions,
  type EmbeddingLayer,
  type EmbeddingOptions,
  embedding,
  embeddingBag,
} from './layers/embedding.js';
export { type FlattenLayer, flatten } from './layers/flatten.js';
export { type GaussianNoiseLayer, gaussianNoise } from './layers/gaussianNoise.js';
export { type GroupNormalizationLayer, groupNormalization } from './layers/groupNorm.js';
export type { Layer } from './layers/index.js';
export { type NormalizationLayer, type NormalizationOptions, normalization } from './layers/normalization.js';
export {
  averagePool1d,
  averagePool2d,
  type GlobalPoolLayer,
  globalAveragePool1d,
  globalAveragePool2d,
  globalMaxPool1d,
  globalMaxPool2d,
  maxPool1d,
  maxPool2d,
  type PoolLayer,
  type PoolOptions,
} from './layers/pooling.js';
export {
  type PositionEmbeddingLayer,
  type PositionEmbeddingOptions,
  positionEmbedding,
  type SinusoidalPositionsLayer,
  sinusoidalPositions,
} from './layers/positionEmbedding.js';
export {
  type BorderLayer,
  cropping2d,
  type ReshapeLayer,
  reshape,
  type UpSampling2dLayer,
  upSampling2d,
  zeroPadding1d,
  zeroPadding2d,
} from './layers/positions.js';
export {
  type GruLayer,
  type GruOptions,
  gru,
  type LstmLayer,
  lstm,
  type RecurrentLayer,
  type RecurrentOptions,
  type SimpleRnnLayer,
  simpleRnn,
} from './layers/recurrent.js';
export {
  type Constraint,
  l1,
  l1l2,
  l2,
  maxNorm,
  nonNegative,
  type RegularizationOptions,
  type Regularizer,
  unitNorm,
} from './layers/regularization.js';
export {
  type LayerNormalizationLayer,
  layerNormalization,
  type RmsNormalizationLayer,
  type RowNormOptions,
  rmsNormalization,
} from './layers/rowNorm.js';
export { type Conv2dTransposeLayer, type Conv2dTransposeOptions, conv2dTranspose } from './layers/transposed.js';
export type { WeightedOptions } from './layers/weighted.js';
export type { Lengths } from './layers/window.js';
export type { Sum, Weighted } from './losses/combined.js';
export { cosineSimilarity } from './losses/cosineSimilarity.js';
export { binaryCrossEntropy, categoricalCrossEntropy, sparseCategoricalCrossEntropy } from './losses/crossEntropy.js';
export { focal } from './losses/focal.js';
export { categoricalHinge, hinge, squaredHinge } from './losses/hinge.js';
export { type Loss, type LossConfig, type LossName, sum, weighted } from './losses/index.js';
export { klDivergence } from './losses/klDivergence.js';
export { poisson } from './losses/poisson.js';
export {
  huber,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  quantile,
} from './losses/regression.js';
export type { Average, AverageOptions, FBetaOptions, TopKOptions } from './metrics/classes.js';
export {
  calibrationError,
  f1,
  fBeta,
  type Metric,
  type MetricConfig,
  type MetricName,
  pinball,
  precision,
  recall,
  topKAccuracy,
} from './metrics/definitions.js';
export type { Evaluation, Scores, ValidationScores } from './metrics/index.js';
export type { MetricValue } from './metrics/metric.js';
export type { CalibrationOptions } from './metrics/probabilities.js';
export { score } from './metrics/score.js';
export * from './minimize/kinds.js';
export type { ModelOptions } from './model.js';
export type { ByName } from './names.js';
export type { ModelOf, Naming } from './naming.js';
export type { Optimizer, OptimizerConfig, OptimizerName } from './optimizers/index.js';
export * from './optimizers/kinds.js';
export {
  type CosineDecay,
  type CosineRestarts,
  cosineDecay,
  cosineRestarts,
  type ExponentialDecay,
  exponentialDecay,
  type LearningRate,
  type OneCycle,
  oneCycle,
  type Piecewise,
  type PolynomialDecay,
  piecewise,
  polynomialDecay,
  type Schedule,
  type StepDecay,
  stepDecay,
} from './optimizers/schedules.js';
export type { ModelParameter, NamedParameter, ParameterValues } from './parameters.js';
export type { WeightFormat } from './plan/formats.js';
export type {
  CrossValidate,
  CrossValidation,
  CrossValidationOptions,
  FoldScores,
} from './search/crossValidate.js';
export type { FoldFit } from './search/judged.js';
export type { Workers } from './search/runs.js';
export type { Search, SearchMethod, SearchOptions, SearchResult, Trial } from './search/search.js';
export { choice, integer, logUniform, type Range, type Settings, type Space, uniform } from './search/space.js';
export type {
  BatchEvent,
  ChunkedData,
  EpochEvent,
  FitOptions,
  History,
  ResumeOptions,
  TrainerOptions,
  TrainingData,
} from './trainingOptions.js';
