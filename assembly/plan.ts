// The controls block and how every record begins, as the machine reads them; each op's own record stands beside its
// kernel in ops/. src/plan/record.ts and src/plan/ops/ describe the same structs with the same names in the same order;
// a test compares the offsets.
//
// Letters, everywhere: B rows in the batch, I inputs, O outputs; x, w, b, y for values and dx, dw, db, dy for their
// gradients. A value of C columns is ceil(C / 16) panels, each [B][16] and zero beyond its columns; B is the batch at
// hand, not the capacity, so a short batch lies densely. Where samples have positions, each of these is a row: sample
// after sample, and B counts them all. Weights are ceil(O / 16) panels, each [I][16].

/** Columns in a panel. */
export const PANEL: i32 = 16;
/** Bytes of one row of a panel. */
export const ROW: i32 = 64;
/** Bytes from one record to the next. */
export const RECORD_BYTES: i32 = 128;

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
  /** Updates that the trainer has begun, 1 during the first; it stays at 2^31 − 1. */
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
  /** Steps that the model was ever trained, by whomever, modulo 2^32: where dropout's random numbers are drawn. */
  draw: i32;
  /** 1 where an update leaves the parameters from before it in the gradients' place; only where one thread runs. */
  keeps: i32;
  /** In the first thread's block: 1 once an update has left the finite numbers. */
  broken: i32;
  /** Where the next update's learning rate stands, in float64, and behind it those after it; 0 where it stays. */
  rates: usize;
  /** Batches that the update under way has taken, where it takes several; and their rows, and Σ cost · rows of them. */
  taken: i32;
  takenRows: i32;
  takenCost: f64;
  /** What the gradients of this step are to be multiplied by, so that their norm is not above its limit. */
  clip: f64;
  /** Nadam's Π of momenta, and up to which step. */
  momenta: f64;
  momentaStep: i32;
  /** The place of the epoch whose row comes first among those that are kept for metrics. */
  keptFrom: i32;
  /** How many steps each sample of each input has, as i32, `sequences` to a sample; 0 where all have all of them. */
  lengths: usize;
  sequences: i32;
}

/** How every record begins. */
@unmanaged
export class Op {
  op: i32;
  controls: Controls;
  /**
   * Whether all threads must have come this far first: set where it reads what another thread wrote, or writes what one
   * reads.
   */
  barrier: i32;
  /** Rows that each sample has in the values it is about: 1, or as many as they have positions. */
  positions: i32;
}
