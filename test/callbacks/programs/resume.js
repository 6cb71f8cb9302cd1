/**
 * A process that trains for EPOCHS epochs, prints a dot and saves a checkpoint at PATH after each, goes on from one
 * that is there, and in the end prints a hash of its parameters: `resume.js PATH EPOCHS`.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  adam,
  batchNormalization,
  checkpoint,
  cosineDecay,
  dense,
  dropout,
  earlyStopping,
  Model,
  sequential,
  Trainer,
} from '../../../dist/entries/node.js';

const [path = '', epochs = '1'] = process.argv.slice(2);
const x = Float32Array.from({ length: 60 * 5 }, (_, i) => Math.sin(i * i));
const y = Int32Array.from({ length: 60 }, (_, i) => (i * 7) % 3);

async function newTrainer() {
  const layers = [dense(12), batchNormalization(), dropout(0.2), dense(3, { activation: 'softmax' })];
  const model = await Model.create(sequential(5, layers), { seed: 4 });
  return model.trainer({
    loss: 'sparseCategoricalCrossEntropy',
    optimizer: adam({ learningRate: cosineDecay({ initial: 0.02, steps: 150, warmup: 8 }) }),
    metrics: ['accuracy', 'f1'],
    batchSize: 8,
    accumulationSteps: 2,
    averageDecay: 0.95,
    clipNorm: 1,
    callbacks: [checkpoint({ to: path }), earlyStopping({ monitor: 'valLoss', patience: 1000 })],
  });
}

const trainer = existsSync(path) ? await Trainer.load(path) : await newTrainer();
const left = Number(epochs) - trainer.epoch;
const validation = { x: x.subarray(0, 100), y: y.subarray(20, 40) };
const onEpoch = () => void process.stdout.write('.');
if (left > 0) await trainer.fit({ x, y }, { epochs: left, validation, onEpoch });
const hash = createHash('sha256');
for (const { data } of trainer.model.parameters) hash.update(data);
process.stdout.write(`\n${trainer.steps} steps, ${hash.digest('hex')}\n`);
