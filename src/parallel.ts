/** Prediction on threads, away from the caller's. */
import type { Architecture } from './architecture.js';
import type { ReadySamples } from './data/samples.js';
import { type NetworkPlan, planPrediction } from './network.js';
import type { WeightFormat } from './plan/formats.js';
import { Crew } from './runtime/crew.js';
import { Program } from './runtime/program.js';
import { copySamples, setBatch } from './runtime/staging.js';
import type { Team } from './runtime/threads.js';

/** Rows that the threads take at once. */
const ROWS_AT_ONCE = 1024;

/** The outputs for checked samples, from parameters as they lie in the model's memory now. */
export async function predictOnThreads(
  { architecture, weights }: { readonly architecture: Architecture; readonly weights: WeightFormat },
  team: Team,
  paired: boolean,
  parameters: Float32Array,
  samples: ReadySamples,
): Promise<Float32Array> {
  const capacity = Math.min(samples.rows, ROWS_AT_ONCE);
  const { plan, inputs, outputs }: NetworkPlan = planPrediction(architecture, capacity, paired, team.size, weights);
  const program = new Program(team.module, plan, true);
  const staging = program.reserve(capacity * inputs * 4);
  program.floats(plan.parameterRegion).set(parameters);
  const predictions = program.floats(plan.region('predictions'));
  const out = new Float32Array(samples.rows * outputs);
  const crew = await Crew.join(team.host, team.module, program, team.size);
  try {
    for (let first = 0; first < samples.rows; first += capacity) {
      const last = Math.min(samples.rows, first + capacity);
      copySamples(program, staging, samples, first, last);
      setBatch(program, last - first);
      await crew.run('predict', 1);
      out.set(predictions.subarray(0, (last - first) * outputs), first * outputs);
    }
  } finally {
    crew.leave();
  }
  return out;
}
