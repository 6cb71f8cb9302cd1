/** Planning takes time as the layers are many. Where it took the square, these would run for an hour. */
import { expect, it } from 'vitest';
import { dense, dropout, Model, sequential } from '../../src/entries/node.js';
import { fitLoss, resolveLoss } from '../../src/losses/index.js';
import { resolveOptimizer } from '../../src/optimizers/index.js';
import { placeBarriers, together } from '../../src/plan/barriers.js';
import type { PlannedRecord } from '../../src/plan/builder.js';
import { activationForward } from '../../src/plan/ops/elementwise.js';
import { printPlan } from '../../src/plan/print.js';
import { TrainingBuilder } from '../../src/plan/trainingBuilder.js';
import { planTraining } from '../../src/training.js';

const MOST_LAYERS = 10_000;

it('barriers of 200,000 records among which threads wait only for the step before', () => {
  const builder = new TrainingBuilder(4, { paired: false, together: together(2) });
  const records: PlannedRecord[] = [];
  let x = builder.value({ name: 'first' }, { positions: 1, columns: 1 }).data;
  for (let i = 0; i < 200_000; i++) {
    const y = builder.value({ name: `${i}` }, { positions: 1, columns: 1 }).data;
    records.push({ op: activationForward, owner: 'test', fields: { x, y, columns: 1 }, positions: 1 });
    x = y;
  }
  builder.finish();
  const barriers = placeBarriers(records);
  expect([barriers.indexOf(true), barriers.lastIndexOf(true)]).toEqual([0, 0]);
});

it('plans of as many layers as there may be, for threads and for one', () => {
  const layers = Array.from({ length: MOST_LAYERS }, (_, i) => (i % 3 === 2 ? dropout(0.1) : dense(1)));
  const architecture = sequential(1, layers);
  const loss = fitLoss(resolveLoss('test', 'meanSquaredError'), {
    activation: { kind: 'linear' },
    columns: 1,
    positions: 1,
  });
  const optimizer = resolveOptimizer('test', 'adam');
  for (const threads of [1, 3]) {
    const { plan } = planTraining(architecture, 8, {
      goals: [{ loss, weight: 1, accuracy: false }],
      optimizer,
      paired: false,
      threads,
    });
    // Forward twice, backward, and updates.
    expect(plan.records.length).toBeGreaterThan(3 * MOST_LAYERS);
    expect(printPlan(plan).split('\n').length).toBeGreaterThan(plan.records.length);
  }
});

it('a model of as many layers as there may be: created, described, written and read', async () => {
  const model = await Model.create(
    sequential(
      1,
      Array.from({ length: MOST_LAYERS }, () => dense(1)),
    ),
  );
  const again = await Model.fromBytes(model.toBytes());
  expect(again.parameters).toEqual(model.parameters);
  expect(again.summary().split('\n')).toHaveLength(MOST_LAYERS + 3);
});
