/** Prediction away from the caller's turn: on threads, or where there are none a little at a time. */
import type { Architecture } from './architecture.js';
import type { ReadySamples } from './data/samples.js';
import { planPrediction } from './network.js';
import type { WeightFormat } from './plan/formats.js';
import type { Backend } from './runtime/binaries.js';
import { Crew } from './runtime/crew.js';
import { Program } from './runtime/program.js';
import { copySamples, setBatch } from './runtime/staging.js';
import type { Team } from './runtime/threads.js';
import { yieldToOthers } from './runtime/yield.js';

/** Rows that the threads take at once. */
const ROWS_AT_ONCE = 1024;
/** Multiply-adds that are done at once without threads: some ten milliseconds. */
const WORK_AT_ONCE = 5e7;

/** The outputs for checked samples from these parameters; both are to stay as they are meanwhile. */
export async function predictApart(
  { architecture, weights }: { readonly architecture: Architecture; readonly weights: WeightFormat },
  backend: Backend,
  team: Team | undefined,
  parameters: Float32Array,
  samples: ReadySamples,
): Promise<Float32Array> {
  const most = Math.min(samples.rows, ROWS_AT_ONCE);
  const { plan, inputs, outputs } = planPrediction(architecture, most, backend.paired, team?.size ?? 1, weights);
  const affordable = Math.max(1, Math.floor((WORK_AT_ONCE / plan.work) * most));
  const capacity = team ? most : Math.min(most, affordable);
  const program = new Program(team?.module ?? backend.module, plan, team !== undefined);
  const staging = program.reserve(capacity * inputs * 4);
  program.floats(plan.parameterRegion).set(parameters);
  const predictions = program.floats(plan.region('predictions'));
  const out = new Float32Array(samples.rows * outputs);
  const crew = team && (await Crew.join(team.host, team.module, program, team.size));
  try {
    for (let first = 0; first < samples.rows; first += capacity) {
      const last = Math.min(samples.rows, first + capacity);
      copySamples(program, staging, samples, first, last);
      setBatch(program, last - first);
      if (crew) await crew.run('predict', 1);
      else {
        program.run('predict');
        await yieldToOthers();
      }
      out.set(predictions.subarray(0, (last - first) * outputs), first * outputs);
    }
  } finally {
    crew?.leave();
  }
  return out;
}
