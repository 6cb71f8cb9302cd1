/** A few ops in a plan of their own, for tests of kernels. */
import type { Region } from '../../src/plan/memory.js';
import { fromPanels, toPanels } from '../../src/plan/panels.js';
import { TrainingBuilder } from '../../src/plan/trainingBuilder.js';
import type { Backend } from '../../src/runtime/binaries.js';
import type { ControlName } from '../../src/runtime/controls.js';
import type { Program } from '../../src/runtime/program.js';
import { Inspector } from './inspect.js';

/** What `emit` emits as section `ops`, ready to run; `emit` returns the regions that the test fills and reads. */
export class Assembled<Places> {
  readonly inspector: Inspector;
  readonly program: Program;
  readonly places: Places;

  constructor(backend: Backend, capacity: number, emit: (builder: TrainingBuilder) => Places) {
    const builder = new TrainingBuilder(capacity, { paired: false });
    const made: Places[] = [];
    builder.section('ops', () => made.push(emit(builder)));
    [this.places] = made as [Places];
    this.inspector = new Inspector(backend, builder.finish());
    this.program = this.inspector.program;
    this.set({ rows: capacity });
  }

  set(controls: Partial<Record<ControlName, number>>): void {
    for (const [name, value] of Object.entries(controls)) this.program.controls[name as ControlName] = value;
  }

  /** Fills a matrix of the batch's rows, row-major to the test. */
  write(region: Region, values: ArrayLike<number>, columns: number): void {
    toPanels(this.program.floats(region), values, values.length / columns, columns);
  }

  read(region: Region, columns: number, rows = this.program.controls.rows): Float32Array {
    return fromPanels(this.program.floats(region), rows, columns);
  }

  /** Runs the ops one by one under inspection, and throws where one does what it must not. */
  run(): void {
    this.inspector.run('ops');
    if (this.inspector.problems.length > 0) throw new Error(this.inspector.problems.join('\n'));
  }
}
