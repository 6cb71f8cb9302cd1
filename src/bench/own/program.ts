/** Programs of a few records, for measuring these alone. */ import {
  type Backend,
  PANEL,
  Program,
  type Region,
  TrainingBuilder,
  type Value,
} from '../../entries/inside.js';

/**
 * A program whose section `op` has the records emitted, for so many rows; all numbers of its regions between −½ and ½.
 */
export function programOf(backend: Backend, rows: number, emit: (builder: TrainingBuilder) => void): Program {
  const builder = new TrainingBuilder(rows, { paired: backend.paired });
  builder.section('op', () => emit(builder));
  const program = new Program(backend.module, builder.finish());
  for (const region of program.plan.regions) {
    if (!['controls', 'records', 'labels'].includes(region.name)) {
      const floats = program.floats(region);
      for (let i = 0; i < floats.length; i++) floats[i] = ((i * 97) % 251) / 251 - 0.5;
    }
  }
  program.controls.rows = rows;
  program.controls.step = 10;
  program.controls.learningRate = 1e-9;
  return program;
}

/** A matrix of the batch's rows by so many columns. */
export function matrixOf(builder: TrainingBuilder, name: string, columns: number): Value {
  return builder.value({ name }, { positions: 1, columns });
}

/** Writes a matrix into its panels, with padding of 0. */
export function fillPanels(
  program: Program,
  region: Region,
  [rows, columns]: readonly [number, number],
  value: (place: number) => number,
): void {
  const floats = program.floats(region);
  for (let i = 0; i < floats.length; i++) {
    const column = Math.floor(i / (rows * PANEL)) * PANEL + (i % PANEL);
    const row = Math.floor(i / PANEL) % rows;
    floats[i] = column < columns ? value(row * columns + column) : 0;
  }
}

/** Seconds that a call should take: what calling costs is then little of it. */
const CALL = 2e-4;

/** Runs the section as often as fills a call, and at most `most` times; returns how often. */
export function calls(program: Program, section = 'op', most = 1e6): () => number {
  let times = 1;
  return () => {
    const start = performance.now();
    program.run(section, times);
    const seconds = (performance.now() - start) / 1e3;
    const done = times;
    if (seconds < CALL / 2) times = Math.min(most, times * 2);
    return done;
  };
}
