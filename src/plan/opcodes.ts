// Names for everything a record can ask of the machine. AssemblyScript and TypeScript both compile this file.

/** The first word of a record: which op carries it out. */
export enum Opcode {
  nextBatch = 0,
  checkFinite = 1,
  gather = 2,
  gatherLabels = 3,
  scatter = 4,
  denseForward = 5,
  denseInputGradient = 6,
  denseWeightGradient = 7,
  activationForward = 8,
  activationGradient = 9,
  softmaxForward = 10,
  softmaxGradient = 11,
  logSoftmaxForward = 12,
  logSoftmaxGradient = 13,
  dropoutForward = 14,
  augment = 15,
  elementwiseLoss = 16,
  softmaxCrossEntropy = 17,
  sparseSoftmaxCrossEntropy = 18,
  cosineSimilarity = 19,
  cost = 20,
  categoricalAccuracy = 21,
  sparseCategoricalAccuracy = 22,
  thresholdAccuracy = 23,
  update = 24,
  categoricalHinge = 25,
  denseForwardQuantized = 26,
  rowNormForward = 27,
  rowNormGradient = 28,
  rowNormParameterGradient = 29,
  accumulate = 30,
  rearrange = 31,
  alphaDropoutForward = 32,
  gaussianNoiseForward = 33,
  columnChunks = 34,
  columnNormForward = 35,
  columnNormGradient = 36,
  moveAverages = 37,
  embeddingForward = 38,
  embeddingGradient = 39,
  nameRows = 40,
  rowsGradient = 41,
  takeRows = 42,
  returnRows = 43,
  accumulateParameter = 44,
  mergeForward = 45,
  mergeGradient = 46,
  copyColumns = 47,
  sumRepeated = 48,
  nextPart = 49,
  collectGradients = 50,
  penalize = 51,
  sumChunks = 52,
  addPenalty = 53,
  clipValues = 54,
  measureNorm = 55,
  scaleGradients = 56,
  constrain = 57,
  averageParameters = 58,
  convolutionForward = 59,
  convolutionInputGradient = 60,
  convolutionWeightGradient = 61,
  groupWeights = 62,
  depthwiseForward = 63,
  depthwiseInputGradient = 64,
  depthwiseWeightGradient = 65,
  poolForward = 66,
  poolGradient = 67,
  movePositions = 68,
  widenWeights = 69,
  recurrentForward = 70,
  recurrentGradient = 71,
  attention = 72,
  addSteps = 73,
  stepsGradient = 74,
  weighRows = 75,
  maskCosts = 76,
  pushStep = 77,
  columnSums = 78,
}

/** The cell of a `recurrentForward` or `recurrentGradient` record. */
export enum RecurrentKind {
  simple = 0,
  lstm = 1,
  gruAfter = 2,
  gruBefore = 3,
}

/**
 * What an `attention` record makes: weights, softmax(queries · keys); weights · values; what goes back to keys and
 * values; or what goes back to before the softmax.
 */
export enum AttentionKind {
  weights = 0,
  values = 1,
  keys = 2,
  weightsGradient = 3,
}

/**
 * How a `convolutionInputGradient` record comes to dx: by a matrix of taps × channels columns that is added up in a
 * patch, or, of whole panels of channels, in dx itself; or as a convolution of dy by the weights turned around.
 */
export enum GradientWay {
  patch = 0,
  panels = 1,
  around = 2,
}

/** What a `poolForward` record makes of the numbers of a window. */
export enum PoolKind {
  max = 0,
  average = 1,
  sum = 2,
}

/** Which function of two values a `mergeForward` or `mergeGradient` record applies. */
export enum MergeKind {
  add = 0,
  subtract = 1,
  multiply = 2,
  maximum = 3,
}

/** Which function an `activationForward` or `activationGradient` record applies. */
export enum ActivationKind {
  relu = 0,
  leakyRelu = 1,
  elu = 2,
  selu = 3,
  gelu = 4,
  geluTanh = 5,
  silu = 6,
  mish = 7,
  softplus = 8,
  softsign = 9,
  tanh = 10,
  sigmoid = 11,
  hardSigmoid = 12,
  hardSwish = 13,
  exponential = 14,
  steepElu = 15,
}

/** Which function of one prediction and one target an `elementwiseLoss` record sums. */
export enum LossKind {
  meanSquaredError = 0,
  meanAbsoluteError = 1,
  huber = 2,
  logCosh = 3,
  binaryCrossEntropyFromLogits = 4,
  hinge = 5,
  klDivergence = 6,
  focal = 7,
  poisson = 8,
  quantile = 9,
  meanAbsolutePercentageError = 10,
  squaredHinge = 11,
}

/** By which rule an `update` record moves parameters. */
export enum UpdateKind {
  sgd = 0,
  momentum = 1,
  adam = 2,
  amsgrad = 3,
  nadam = 4,
  radam = 5,
  adamax = 6,
  adagrad = 7,
  adadelta = 8,
  rprop = 9,
  lion = 10,
  rmsprop = 11,
  rmspropMomentum = 12,
  centeredRmsprop = 13,
  centeredRmspropMomentum = 14,
}

/** What a `constrain` record holds weights to. */
export enum ConstraintKind {
  maxNorm = 0,
  unitNorm = 1,
  nonNegative = 2,
}
