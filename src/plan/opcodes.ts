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
  dropoutGradient = 15,
  elementwiseLoss = 16,
  softmaxCrossEntropy = 17,
  sparseSoftmaxCrossEntropy = 18,
  cosineSimilarity = 19,
  cost = 20,
  categoricalAccuracy = 21,
  sparseCategoricalAccuracy = 22,
  thresholdAccuracy = 23,
  sgd = 24,
  adam = 25,
  denseForwardQuantized = 26,
  rowNormForward = 27,
  rowNormGradient = 28,
  rowNormParameterGradient = 29,
  accumulate = 30,
  rearrange = 31,
  alphaDropoutForward = 32,
  gaussianNoiseForward = 33,
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
}
