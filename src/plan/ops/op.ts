/**
 * What the planner has to know about an op is told in one place, its entry in this folder: records, barriers, budgets
 * of work and tests follow from it.
 */
import { Opcode } from '../opcodes.js';
import { PANEL } from '../panels.js';
import type { Struct } from '../record.js';

/**
 * How an op's work on a region is shared out, each thread's part its own: a value by rows of the batch or by panels of
 * columns; a parameter, its gradient and the optimiser's state by outputs or by inputs; or each thread has an `own`
 * one. Or `whole`, where a thread touches what is not its own. What goes `back` through a value's elements is shared
 * out by panels where each sample is a row, as its weights' gradients are; by rows, as on the way there, where it has
 * positions, for images have few panels.
 */
export type Share = 'rows' | 'panels' | 'back' | 'outputs' | 'inputs' | 'own' | 'whole';

/** What an op does to the region that one of its fields names. */
export interface Access {
  readonly writes: boolean;
  readonly share: Share;
  /**
   * Where it writes a matrix in panels, of the value's rows or its own number: their padding is 0 afterwards. Or
   * several, one after another, each so many rows high; the value's rows are then those of panels.
   */
  readonly matrix?: { readonly columns: number; readonly rows?: number; readonly height?: number };
}

export const reads = (share: Share): Access => ({ writes: false, share });
export const writes = (share: Share): Access => ({ writes: true, share });

export function writesMatrix(share: Share, columns: number, rows?: number): Access {
  return { writes: true, share, matrix: rows === undefined ? { columns } : { columns, rows } };
}

/** How what is shared out so many rows at a time is shared out. */
export function shareOfUnit({ unit }: { readonly unit: number }): Share {
  return unit === PANEL ? 'inputs' : 'outputs';
}

/** The fields that name regions. */
type Addresses<F extends Struct> = { [K in keyof F]: F[K] extends 'address' ? K : never }[keyof F];
/** What the other fields hold. */
type Numbers<F extends Struct> = { readonly [K in Exclude<keyof F, Addresses<F>>]: number };

export interface Op<F extends Struct = Struct> {
  readonly code: Opcode;
  /** Its record, after the head. */
  readonly fields: F;
  /** `predict` where every binary holds it, `train` where predict.wasm does not. */
  readonly binary: 'predict' | 'train';
  /** What it does to each of its regions. A field that is forgotten here does not compile. */
  access(numbers: Numbers<F>): Readonly<Record<Addresses<F>, Access>>;
  /**
   * What it takes on so many rows of its values, counted in the multiply-adds of a matrix product that take as long.
   */
  work(numbers: Numbers<F>, rows: number): number;
}

/** An op of any fields. */
export interface AnyOp extends Omit<Op, 'access'> {
  access(numbers: Readonly<Record<string, number>>): Readonly<Record<string, Access>>;
}

/**
 * `code` is a function, as bundlers take a look at an enum for an effect, and leave no op out that has it for itself.
 * `about` stands behind `FORWARD_ONLY ||` where the op predicts: bundles that do nothing else go without it.
 */
export function defineOp<const F extends Struct>(
  code: () => Opcode,
  fields: F,
  about: Pick<Op<F>, 'binary' | 'access' | 'work'> | true,
): Op<F> {
  return { code: code(), fields, ...(about as Exclude<typeof about, true>) };
}

/** What people call an op. */
export function opName({ code }: Pick<Op, 'code'>): keyof typeof Opcode {
  return Opcode[code] as keyof typeof Opcode;
}

/** A record's fields without its regions. */
export function scalarsOf(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, number>> {
  const numbers: Record<string, number> = {};
  for (const [name, value] of Object.entries(fields)) if (typeof value === 'number') numbers[name] = value;
  return numbers;
}
