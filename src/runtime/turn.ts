/** When training lets others have their turn. */
import type { Plan } from '../plan/builder.js';
import { RECORD_BYTES } from '../plan/record.js';
import { yieldToOthers } from './yield.js';

/** Multiply-adds (and so many for each record) between two times that others get their turn: some 10 to 50 milliseconds. */
const WORK_PER_TURN = 2e8;
const WORK_PER_RECORD = 2000;
/** The same where the caller's thread only waits: as long as an abort may take to be heard. */
const WORK_PER_TURN_OF_CREW = 1e9;

/** What a step costs, counted in multiply-adds. */
export function workPerStep(plan: Plan): number {
  const section = plan.sections.get('step');
  const records = section ? (section.last - section.first) / RECORD_BYTES : 0;
  return plan.work + records * WORK_PER_RECORD;
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
    this.#most = crew ? WORK_PER_TURN_OF_CREW : WORK_PER_TURN;
    this.steps = Math.max(1, Math.floor(this.#most / this.#workPerStep));
  }

  async took(steps: number): Promise<void> {
    this.#work += steps * this.#workPerStep;
    if (this.#work < this.#most) return;
    this.#work = 0;
    await yieldToOthers();
  }
}
