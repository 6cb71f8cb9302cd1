/** From a model and a trainer's options to the run that a trainer carries out. */
import { ABORTED, unlessAborted } from './abort.js';
import { Callbacks } from './callbacks/index.js';
import { fitGoals, weighGoals } from './goals.js';
import { refuseLists } from './metrics/definitions.js';
import { Measuring } from './metrics/measuring.js';
import { rowsAtOnce } from './minimize/minimization.js';
import { refuseLayers } from './minimize/refusals.js';
import { isMinimizer } from './optimizers/index.js';
import { fitClassWeights } from './rowWeights.js';
import { Run } from './run.js';
import type { Backend } from './runtime/binaries.js';
import { ownMemories } from './runtime/memories.js';
import { findTeam } from './runtime/threads.js';
import { WorkerPool } from './runtime/workers.js';
import { trueTargets } from './tabular/rawTraining.js';
import { planTraining } from './training.js';
import { checkTrainerOptions, type FitOptions } from './trainingOptions.js';
import type { Trainable } from './weights.js';
import { stateOf, Workspace } from './workspace.js';

/** Multiply-adds of a step below which it is not shared out: waiting for one another would cost as much as it saves. */
const WORK_FOR_THREADS = 2.5e5;

/**
 * Checks the options and plans; all of it before any work. An aborted `signal` ends the wait for threads.
 */
export async function prepareRun<M extends Trainable>(
  model: M,
  backend: Backend,
  options: unknown,
  where: string,
  signal?: FitOptions['signal'],
): Promise<Run<M>> {
  model.refuseQuantized(where);
  const { threads, callbacks, ...asked } = checkTrainerOptions(where, options, model.outputs.names);
  const minimizes = isMinimizer(asked.optimizer);
  if (minimizes) refuseLayers(where, asked.optimizer.kind, model.architecture);
  const config = minimizes ? { ...asked, batchSize: rowsAtOnce(model.architecture) } : asked;
  const goals = fitGoals(where, model.architecture, config);
  for (const { measured } of goals) refuseLists(`${where}: metrics`, measured);
  const raw = model.rawRows(where);
  const weighedGoals = weighGoals(where, model.architecture, config);
  const classWeights = fitClassWeights(`${where}: classWeights`, config.classWeights, goals);
  const measuring = new Measuring('fit', goals, raw && (numbers => trueTargets(raw, numbers)));
  const { optimizer, batchSize, clipValue, clipNorm, accumulationSteps = 1, averageDecay } = config;
  const clipping = { ...(clipValue !== undefined && { clipValue }), ...(clipNorm !== undefined && { clipNorm }) };
  const { deterministic } = backend;
  const scaled = raw?.scaled ?? false;
  const steps = { optimizer, clipping, accumulationSteps, averageDecay };
  const judgement = { goals, ...steps, paired: backend.paired, scaled };
  const { work } = planTraining(model.architecture, batchSize, judgement).plan;
  const found =
    work < accumulationSteps * WORK_FOR_THREADS ? undefined : await unlessAborted(signal, findTeam(backend, threads));
  const team = found === ABORTED ? undefined : found;
  const workspace = new Workspace({
    module: team?.module ?? backend.module,
    shared: team !== undefined,
    memories: team ? WorkerPool.of(team.host).memories : ownMemories,
    state: stateOf(config),
    batchSize,
    planFor: (rows, { given, weighs }) => {
      const own = { goals: weighs ? weighedGoals : goals, given, threads: team?.size ?? 1 };
      return planTraining(model.architecture, rows, { ...judgement, ...own });
    },
  });
  return new Run({
    model,
    config,
    goals,
    weighedGoals,
    classWeights,
    measuring,
    deterministic,
    team,
    workspace,
    callbacks: new Callbacks(callbacks),
  });
}
