/** What carries out a fit's sections: a crew of threads or the caller's, over rows in the machine's memory. */
import { ABORTED, unlessAborted } from './abort.js';
import { align } from './plan/memory.js';
import type { Signal } from './platform.js';
import type { Block } from './rowSource.js';
import type { Run } from './run.js';
import type { Crew } from './runtime/crew.js';
import { type Places, setLengths } from './runtime/staging.js';
import { callCrew, WORK_FOR_MESSAGE } from './runtime/threads.js';
import { Turn, workPerStep } from './runtime/turn.js';
import type { Sums } from './sums.js';
import { setSums } from './sums.js';

export class Executor {
  readonly #run: Run;
  readonly #signal: Signal | undefined;
  #crew: Crew | undefined;
  #turn: Turn | undefined;
  /** The rows in the machine's memory, and where they lie there. */
  #placed: { readonly block: Block; readonly places: Places } | undefined;

  constructor(run: Run, signal: Signal | undefined) {
    this.#run = run;
    this.#signal = signal;
  }

  /**
   * Calls a crew for so many steps at a time; none where a message to it would take as long as what it is to do at
   * once, or where no workers are to be had.
   */
  async begin(steps: number): Promise<void> {
    const { team, workspace } = this.#run;
    const { plan } = workspace.network;
    if (team && steps * workPerStep(plan) >= WORK_FOR_MESSAGE) {
      const calling = callCrew(team, workspace.program);
      const crew = await unlessAborted(this.#signal, calling);
      if (crew === ABORTED) void calling.then(late => late?.leave());
      else this.#crew = crew;
    }
    this.#turn = new Turn(plan, this.#crew?.size ?? 0);
  }

  /** When others have their turn. */
  get turn(): Turn {
    if (!this.#turn) throw new Error('expected a fit that has begun');
    return this.#turn;
  }

  /** Why no further section can be run on the crew. */
  get failure(): Error | undefined {
    return this.#crew?.failure;
  }

  leave(): void {
    this.#crew?.leave();
  }

  /** How many steps may pass before an abort is heard, and others have their turn. */
  get stepsAtOnce(): number {
    return this.#crew?.shared ? this.turn.fewSteps : this.turn.steps;
  }

  /** Runs a section on the crew, or here where there is none. */
  run(section: string, steps: number): number | Promise<number> {
    return this.#crew ? this.#crew.run(section, steps) : this.#run.workspace.program.run(section, steps);
  }

  /** So many steps were carried out: others have their turn, where they may have waited. */
  took(steps: number): Promise<void> | undefined {
    return this.#crew ? undefined : this.turn.tookSteps(steps);
  }

  /** Where the rows lie that were placed last. */
  get places(): Places | undefined {
    return this.#placed?.places;
  }

  /**
   * Puts a block into the machine's memory, unless it lies there, as an epoch of its own of which `position` rows are
   * taken, and sums that these have.
   */
  place(block: Block, order: Int32Array | undefined, position: number, sums: Sums): Places | Promise<Places> {
    if (this.#placed?.block === block) return this.#setUp(this.#placed, order, position, sums);
    const placed = { block, places: this.#run.workspace.place(block) };
    this.#placed = placed;
    const others = this.turn.tookData(block.samples.values.length);
    const setUp = () => this.#setUp(placed, order, position, sums);
    return others ? others.then(setUp) : setUp();
  }

  #setUp(
    { block: { samples }, places }: { readonly block: Block; readonly places: Places },
    order: Int32Array | undefined,
    position: number,
    sums: Sums,
  ): Places {
    const { workspace } = this.#run;
    const { program } = workspace;
    const { controls } = program;
    this.#run.aim(places);
    if (order) program.put(places.order, order);
    else controls.order = 0;
    controls.bytes = samples.values instanceof Uint8Array ? 1 : 0;
    controls.scale = samples.scale;
    setLengths(program, places.x + align(samples.values.byteLength), samples.lengths, samples.rows);
    controls.samples = samples.rows;
    controls.position = position;
    setSums(program, workspace.network.tallies, sums);
    return places;
  }
}
