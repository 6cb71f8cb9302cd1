// Records and the controls block, as the machine reads them. src/plan/record.ts describes the same structs with the same names
// in the same order; a test compares the offsets.
//
// Letters, everywhere: B rows in the batch, I inputs, O outputs; x, w, b, y for values and dx, dw, db, dy for their gradients.
// A value of C columns is ceil(C / 16) panels, each [B][16] and zero beyond its columns; B is the batch at hand, not the
// capacity, so a short batch lies densely. Weights are ceil(O / 16) panels, each [I][16].

/** Columns in a panel. */
export const PANEL: i32 = 16;
/** Bytes of one row of a panel. */
export const ROW: i32 = 64;
/** Bytes from one record to the next. */
export const RECORD_BYTES: i32 = 64;

/** What changes from step to step, or from call to call. One block a plan. */
@unmanaged
export class Controls {
  /** Rows in the batch at hand. */
  rows: i32;
  /** Samples of the epoch that earlier batches took. */
  position: i32;
  /** Samples in the epoch. */
  samples: i32;
  /** Rows of a full batch. */
  batchSize: i32;
  /** Updates begun since the model was made; 1 during the first. */
  step: i32;
  seedLow: i32;
  seedHigh: i32;
  /** Row-major samples; float32, or uint8 where `bytes` is 1. */
  x: usize;
  bytes: i32;
  scale: f32;
  /** Row-major float32 targets, or one int32 label a sample. */
  y: usize;
  /** The sample at each place of the epoch, or 0 for the order they lie in. */
  order: usize;
  /** Index of the first number that `checkFinite` refused, or −1. */
  failure: i32;
  /** Rows (or row × output elements) that the accuracy op found right. */
  correct: i32;
  /** The latest batch's cost. */
  cost: f64;
  /** Σ cost · rows since it was last set to 0. */
  costSum: f64;
  learningRate: f64;
  /** Records finished, where threads run the plan: a sign of life. */
  finished: i32;
}

/** How every record begins. */
@unmanaged
export class Op {
  op: i32;
  controls: Controls;
  /** Whether all threads must have come this far first: set where it reads what another thread wrote, or writes what one reads. */
  barrier: i32;
}

@unmanaged
export class NextBatch extends Op {
  /** 1 where the step counts as an update. */
  counts: i32;
}

@unmanaged
export class CheckFinite extends Op {
  columns: i32;
}

@unmanaged
export class Gather extends Op {
  y: usize;
  /** 0 for the samples, 1 for the targets. */
  targets: i32;
  columns: i32;
  /** Where each thread gathers all rows for itself, bytes from one thread's copy to the next; else 0. */
  ownBytes: i32;
}

@unmanaged
export class GatherLabels extends Op {
  y: usize;
}

@unmanaged
export class Scatter extends Op {
  /** Row-major [B, columns]. */
  y: usize;
  x: usize;
  columns: i32;
}

@unmanaged
export class DenseForward extends Op {
  y: usize;
  x: usize;
  w: usize;
  b: usize;
  inputs: i32;
  outputs: i32;
  /** The smallest output: 0 makes it a rectifier, −Infinity leaves it linear. */
  floor: f32;
  /** 1 for tiles written in pairs, which some engines pack into 256 bits. */
  paired: i32;
  /** 1 where threads share out the output panels, 0 where they share out the rows. */
  byOutputs: i32;
  /** Where each thread has an x of its own, bytes from one to the next; else 0. */
  ownBytes: i32;
}

@unmanaged
export class DenseForwardQuantized extends Op {
  y: usize;
  x: usize;
  /** Panels as for float32, of 8 or 16 bits a weight. */
  w: usize;
  /** What each column's sums are multiplied by; 0 for ones. */
  scale: usize;
  b: usize;
  /** Room for one panel of float32 weights: [I][16]. */
  scratch: usize;
  /** Bytes of that for each thread. */
  scratchBytes: i32;
  inputs: i32;
  outputs: i32;
  floor: f32;
  /** 8 for int8, 16 for float16. */
  bits: i32;
  paired: i32;
}

@unmanaged
export class DenseInputGradient extends Op {
  dx: usize;
  dy: usize;
  w: usize;
  /** The rectified outputs that x is, whose zeros stop the gradient; or 0. */
  rectified: usize;
  /** Room for one panel of wᵀ: [O][16]. */
  scratch: usize;
  /** Bytes of that for each thread. */
  scratchBytes: i32;
  inputs: i32;
  outputs: i32;
  paired: i32;
}

@unmanaged
export class DenseWeightGradient extends Op {
  dw: usize;
  /** 0 where the layer has no bias. */
  db: usize;
  x: usize;
  dy: usize;
  inputs: i32;
  outputs: i32;
  paired: i32;
  /** 1 where threads share out the output panels, 0 where they share out the input panels. */
  byOutputs: i32;
  /** Where each thread has an x of its own, bytes from one to the next; else 0. */
  ownBytes: i32;
}

@unmanaged
export class Activation extends Op {
  y: usize;
  x: usize;
  columns: i32;
  kind: i32;
  /** The activation's own setting: a slope or an alpha. */
  setting: f32;
}

@unmanaged
export class ActivationGradient extends Activation {
  dx: usize;
  dy: usize;
}

@unmanaged
export class Softmax extends Op {
  y: usize;
  x: usize;
  columns: i32;
}

@unmanaged
export class SoftmaxGradient extends Softmax {
  dx: usize;
  dy: usize;
}

@unmanaged
export class Dropout extends Op {
  y: usize;
  x: usize;
  /** 1 / (1 − rate) where an element is kept, 0 where it is dropped. */
  mask: usize;
  columns: i32;
  /** Tells one dropout layer's random numbers from another's. */
  stream: i32;
  /** An element is kept when its 32 random bits, as an unsigned number, are at least this. */
  threshold: i32;
  keepScale: f32;
}

@unmanaged
export class DropoutGradient extends Op {
  dx: usize;
  dy: usize;
  mask: usize;
  columns: i32;
}

@unmanaged
export class Loss extends Op {
  /** float64 cost of each row. */
  rowCosts: usize;
  /** What the network made: outputs, or the logits before softmax and sigmoid. */
  x: usize;
  dx: usize;
  /** Targets: a value's panels, or one int32 label a row. */
  target: usize;
  columns: i32;
  kind: i32;
  setting: f32;
  /** The cost is Σ / (rows · divisor). */
  divisor: f32;
}

@unmanaged
export class Cost extends Op {
  rowCosts: usize;
  divisor: f32;
}

@unmanaged
export class Accuracy extends Op {
  x: usize;
  target: usize;
  columns: i32;
  /** Outputs above it count as the positive class. */
  threshold: f32;
}

@unmanaged
export class Sgd extends Op {
  parameters: usize;
  gradients: usize;
  /** The momentum buffer. */
  velocity: usize;
  /** Rows of sixteen numbers. */
  rows: i32;
  /** Threads share them out so many at a time. */
  unit: i32;
  momentum: f32;
  nesterov: i32;
  weightDecay: f32;
}

@unmanaged
export class Adam extends Op {
  parameters: usize;
  gradients: usize;
  /** First moments. */
  m: usize;
  /** Second moments. */
  v: usize;
  /** Rows of sixteen numbers. */
  rows: i32;
  /** Threads share them out so many at a time. */
  unit: i32;
  epsilon: f32;
  beta1: f64;
  beta2: f64;
  weightDecay: f32;
  /** 1: the decay acts on the parameter itself (AdamW); 0: it is added to the gradient. */
  decoupled: i32;
}
