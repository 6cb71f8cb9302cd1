/**
 * What is run before faster ways are believed: a small network that trains on made-up numbers, for bits and for time.
 */
import { sequential } from '../architecture.js';
import { dense } from '../layers/dense.js';
import { fitLoss } from '../losses/index.js';
import { sgd } from '../optimizers/kinds.js';
import { endingOf, planTraining } from '../training.js';
import { Crew } from './crew.js';
import { Program } from './program.js';
import { beginRows, makeRoom } from './staging.js';
import type { ThreadHost } from './workers.js';

const STEPS = 5;

/** A small network on made-up numbers, which trains on a backend for bits and for time. */
export class SelfTest {
  readonly #program: Program;

  /** `threads`: how many may join in the test; the module is then one for shared memory. */
  constructor(module: WebAssembly.Module, paired: boolean, threads?: number) {
    const architecture = sequential([150], [dense(96, { activation: 'tanh' }), dense(40)]);
    const loss = fitLoss({ kind: 'meanSquaredError' }, endingOf(architecture));
    const plan = planTraining(architecture, 32, {
      goals: [{ loss, weight: 1, accuracy: false }],
      optimizer: sgd(),
      paired,
      threads: threads ?? 1,
    });
    const program = new Program(module, plan.plan, threads !== undefined);
    this.#program = program;
    const places = makeRoom(program, 32, { sample: 600, target: 160 });
    fill(new Float32Array(program.memory.buffer, places.x, 32 * 150));
    fill(new Float32Array(program.memory.buffer, places.y, 32 * 40));
    program.controls.x = places.x;
    program.controls.y = places.y;
    program.controls.batchSize = 32;
    this.#restart();
  }

  #restart(): void {
    fill(this.#program.floats(this.#program.plan.parameterRegion));
    this.#program.controls.learningRate = 0.01;
  }

  /** The parameters after a few steps. */
  parameters(): Float32Array {
    this.#restart();
    for (let step = 0; step < STEPS; step++) {
      beginRows(this.#program, 32);
      this.#program.run('step');
    }
    return this.#program.floats(this.#program.plan.parameterRegion).slice();
  }

  /** The parameters after as many steps on a crew. */
  async parametersOn(host: ThreadHost, module: WebAssembly.Module, threads: number): Promise<Float32Array> {
    this.#restart();
    const crew = await Crew.join(host, module, this.#program, threads);
    for (let step = 0; step < STEPS; step++) {
      beginRows(this.#program, 32);
      await crew.run('step', 1);
    }
    crew.leave();
    return this.#program.floats(this.#program.plan.parameterRegion).slice();
  }

  /**
   * The shortest milliseconds for a few evaluations, once V8 has optimised them; stops early below `enough`. From
   * `least` milliseconds on it stops where none has been shorter for a while, and at `most` in any case.
   */
  best(enough: number, least: number, most: number): number {
    let best = Number.POSITIVE_INFINITY;
    let unchanged = 0;
    const start = performance.now();
    for (let now = start; now - start < most && best > enough; ) {
      for (let turn = 0; turn < 10; turn++) {
        beginRows(this.#program, 32);
        this.#program.run('evaluate');
      }
      const then = now;
      now = performance.now();
      unchanged = now - then < best * 0.98 ? 0 : unchanged + 1;
      best = Math.min(best, now - then);
      if (unchanged > 60 && now - start > least) break;
    }
    return best;
  }
}

/** Numbers between −½ and ½ that repeat after 251. */
function fill(values: Float32Array): void {
  for (let i = 0; i < values.length; i++) values[i] = ((i * 97) % 251) / 251 - 0.5;
}
