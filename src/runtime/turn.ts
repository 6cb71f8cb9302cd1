/** When training and predictions let others have their turn. */
import type { Plan } from '../plan/builder.js';
import { RECORD_BYTES } from '../plan/record.js';
import { yieldToOthers } from './yield.js';

/**
 * Multiply-adds (and so many for each record) between two times that others get their turn: some 10 to 50 milliseconds.
 */
const WORK_PER_TURN = 2e8;
const WORK_PER_RECORD = 2000;
/**
 * The same for each of the threads that the caller's only waits for: an abort is heard no sooner, and threads idle from
 * one turn to the next for as long as the caller is busy, with reading for example.
 */
const WORK_PER_TURN_OF_THREAD = 8e8;
/** What JavaScript does: reads and copies a number, and draws a row's place in a random order. */
const WORK_PER_NUMBER = 10;
const WORK_PER_ROW_OF_ORDER = 200;

/** What a step costs, counted in multiply-adds. */
export function workPerStep(plan: Plan): number {
  const step = plan.sections.get('step') ?? plan.sections.get('gradients');
  if (!step) return plan.work;
  return step.work + ((step.last - step.first) / RECORD_BYTES) * WORK_PER_RECORD;
}

/**
 * How much work is done before others get their turn. Counted in work and not in time, because clocks stand still in
 * some runtimes while code runs.
 */
export class Turn {
  /** Steps in one call of the machine. */
  readonly steps: number;
  readonly #workPerStep: number;
  readonly #most: number;
  #work = 0;

  /** `threads`: how many the caller's only waits for; 0 where it does the work. */
  constructor(plan: Plan, threads: number) {
    this.#workPerStep = workPerStep(plan);
    this.steps = Math.max(1, Math.floor((threads * WORK_PER_TURN_OF_THREAD || WORK_PER_TURN) / this.#workPerStep));
    this.#most = this.steps * this.#workPerStep;
  }

  /** Steps in one call where others wait for the same workers. */
  get fewSteps(): number {
    return Math.max(1, Math.floor(this.steps / 8));
  }

  /** The caller's thread has carried out so many steps. */
  tookSteps(steps: number): Promise<void> | undefined {
    return this.#took(steps * this.#workPerStep);
  }

  /** The caller's thread has read and copied so many numbers. */
  tookData(numbers: number): Promise<void> | undefined {
    return this.#took(numbers * WORK_PER_NUMBER);
  }

  /** The caller's thread has drawn an order of so many rows. */
  tookOrder(rows: number): Promise<void> | undefined {
    return this.#took(rows * WORK_PER_ROW_OF_ORDER);
  }

  #took(work: number): Promise<void> | undefined {
    this.#work += work;
    if (this.#work < this.#most) return undefined;
    this.#work = 0;
    return yieldToOthers();
  }
}

/**
 * Multiply-adds that predictions may do in one turn of the event loop, or two that follow one another: some two
 * milliseconds.
 */
export const WORK_AT_ONCE = 3e7;

let left = WORK_AT_ONCE;
let renewing = false;
const waiting: { readonly work: number; readonly begin: () => void }[] = [];

/** Takes so much from what may still be done in this turn; false where that is too much, or others wait. */
export function takeSpare(work: number): boolean {
  if (waiting.length > 0 || work > left) return false;
  left -= work;
  // Turns in which little is done need not be counted, and are not: a callback for each would cost small networks more
  // than the work.
  if (left < WORK_AT_ONCE / 2) renewSoon();
  return true;
}

/** {@link takeSpare} as soon as there is so much, after those who asked before. */
export function whenSpare(work: number): Promise<void> | undefined {
  if (takeSpare(work)) return undefined;
  renewSoon();
  return new Promise(begin => waiting.push({ work, begin }));
}

function renewSoon(): void {
  if (renewing) return;
  renewing = true;
  void yieldToOthers().then(renew);
}

function renew(): void {
  renewing = false;
  left = WORK_AT_ONCE;
  // The first one always, however much it is.
  while (waiting[0] && (left === WORK_AT_ONCE || waiting[0].work <= left)) {
    left -= waiting[0].work;
    waiting.shift()?.begin();
  }
  if (waiting.length > 0) renewSoon();
}
