/** When training lets others have their turn. */
import type { Plan } from '../plan/builder.js';
import { RECORD_BYTES } from '../plan/record.js';
import { yieldToOthers } from './yield.js';

/** Multiply-adds (and so many for each record) between two times that others get their turn: some 10 to 50 milliseconds. */
const WORK_PER_TURN = 2e8;
const WORK_PER_RECORD = 2000;
/** The same where the caller's thread only waits: as long as an abort may take to be heard. */
const WORK_PER_TURN_OF_CREW = 1e9;
/** What JavaScript does: reads and copies a number, and draws a row's place in a random order. */
const WORK_PER_NUMBER = 10;
const WORK_PER_ROW_OF_ORDER = 200;

/** What a step costs, counted in multiply-adds. */
export function workPerStep(plan: Plan): number {
  const step = plan.sections.get('step');
  if (!step) return plan.work;
  return step.work + ((step.last - step.first) / RECORD_BYTES) * WORK_PER_RECORD;
}

/**
 * How much work is done before others get their turn. Counted in work and not in time, because clocks stand still in some runtimes while code runs.
 */
export class Turn {
  /** Steps in one call of the machine. */
  readonly steps: number;
  readonly #workPerStep: number;
  readonly #most: number;
  #work = 0;

  /** `crew`: whether the caller's thread only waits. */
  constructor(plan: Plan, crew: boolean) {
    this.#workPerStep = workPerStep(plan);
    this.steps = Math.max(1, Math.floor((crew ? WORK_PER_TURN_OF_CREW : WORK_PER_TURN) / this.#workPerStep));
    this.#most = this.steps * this.#workPerStep;
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
