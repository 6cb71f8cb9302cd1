/**
 * Shows the plan that trains a small network: every record of the machine, and where everything lies in its memory.
 *
 *     npx tsx examples/plan.ts
 */
import { dense, Model, sequential, sgd } from 'myelin';

const architecture = sequential(4, [dense(8, { activation: 'relu' }), dense(3, { activation: 'softmax' })]);
const model = await Model.create(architecture, { deterministic: true });
const trainer = await model.trainer({ loss: 'sparseCategoricalCrossEntropy', optimizer: sgd(), batchSize: 32 });
console.log(trainer.plan.print());
