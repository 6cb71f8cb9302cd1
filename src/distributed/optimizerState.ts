/** What shards' optimisers go on from in the next round, where a run keeps it: their buffers and count of updates. */
import { quote, wrongValue } from '../errors.js';
import { buffersOf, isMinimizer, resolveOptimizer } from '../optimizers/index.js';
import { fromPanels, toPanels } from '../plan/panels.js';
import type { Run } from '../run.js';
import type { Values } from './outer.js';
import type { Carried } from './tensors.js';

/** No parameter is called so, as no layer may have a colon in its name. */
const nameOf = (buffer: string, parameter: string) => `${buffer}:${parameter}`;
/** One float32, exact up to 2^24: by then Adam's corrections have long been 1. */
const STEPS = nameOf('optimizer', 'steps');

/** An optimiser's state as what is carried beside the parameters, and averaged as state that does not learn. */
export function optimizerState(where: string, optimizer: unknown, parameters: readonly Carried[]): Carried[] {
  const config = resolveOptimizer(where, optimizer);
  if (isMinimizer(config)) {
    const mend = 'what it knows of a minimum is of no use from other parameters: leave keepOptimizer out';
    throw wrongValue(`${where}: keepOptimizer`, 'an optimiser that takes batches', quote(config.kind), mend);
  }
  const learning = parameters.filter(({ trainable }) => trainable);
  const buffers = buffersOf(config).flatMap(({ name: buffer, rule }) => {
    return learning.map(({ name, shape }) => {
      return { name: nameOf(`optimizer.${buffer}`, name), shape, trainable: false, rule };
    });
  });
  return [...buffers, { name: STEPS, shape: [1], trainable: false, rule: 'notNegative' }];
}

/** Each buffer of a run by its name, in its parameter's panels. */
function* buffersIn(run: Run) {
  for (const parameter of run.workspace.network.plan.parameters) {
    const { rows, columns } = parameter;
    for (const { name, values } of run.momentsOf(parameter)) {
      yield { name: nameOf(name, parameter.name), panels: values, rows, columns };
    }
  }
}

/** Has a run that has not begun go on from what {@link readOptimizer} gave; of what is not there it begins anew. */
export function restoreOptimizer(run: Run, values: Values): void {
  for (const { name, panels, rows, columns } of buffersIn(run)) {
    const kept = values[name];
    if (kept) toPanels(panels, kept, rows, columns);
  }
  run.progress.step = Math.round(values[STEPS]?.[0] ?? 0);
}

export function readOptimizer(run: Run): Values {
  const buffers = Array.from(buffersIn(run), ({ name, panels, rows, columns }) => {
    return [name, fromPanels(panels, rows, columns)] as const;
  });
  return { ...Object.fromEntries(buffers), [STEPS]: Float32Array.of(run.progress.step) };
}
