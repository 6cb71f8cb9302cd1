/**
 * A neural network from scratch in six steps, each number on the way printed. Reading the output is enough.
 *
 *     npx tsx examples/sixSteps.ts
 */
import { dense, Model, sequential, sgd } from 'myelin';

const loss = 'binaryCrossEntropy';
const learningRate = 0.5;

function title(text: string): void {
  console.log(`\n${text}\n${'─'.repeat(text.length)}`);
}

/** Prints a matrix, row by row, under its name. */
function show(name: string, data: ArrayLike<number>, shape: readonly number[]): void {
  const columns = shape.at(-1) ?? 1;
  console.log(`${name} [${shape.join(', ')}]`);
  for (let first = 0; first < data.length; first += columns) {
    const row = Array.from(data).slice(first, first + columns);
    console.log(`  ${row.map(value => value.toFixed(6).padStart(10)).join('')}`);
  }
}

title('The data');
console.log('Four students: tens of hours of sleep and of study in the last days, and who passed (1) or failed (0).');
const x = [
  [0.8, 0.1],
  [0.4, 0.2],
  [0.6, 0.7],
  [0.9, 0.9],
];
const y = [0, 0, 1, 1];
show('x', x.flat(), [4, 2]);
show('y', y, [4, 1]);

title('Step 1: determine the architecture');
console.log('Two inputs, a hidden layer of two units, one output between 0 and 1: the probability of passing.');
const architecture = sequential(2, [dense(2, { activation: 'tanh' }), dense(1, { activation: 'sigmoid' })]);
const model = await Model.create(architecture, { seed: 1 });
console.log(model.summary());

title('Step 2: initialise parameters');
console.log('Weights start as small random numbers, so that the hidden units differ; biases start at 0.');
const initial = Object.fromEntries(model.parameters.map(({ name, data }) => [name, data]));
for (const { name, shape, data } of model.parameters) show(name, data, shape);

title('Step 3: forward propagation');
console.log(
  'Each layer takes the output of the one before it: tanh(x · weight + bias), then sigmoid(… · weight + bias).',
);
const { layers, output } = model.forward(x);
for (const { name, shape, data } of layers) show(`output of ${name}`, data, shape);

title('Step 4: the cost function');
console.log(
  'How wrong is that, in one number? −ln of the probability given to what really happened, the mean over students.',
);
const surprises = y.map((passed, row) => {
  const probability = output[row] ?? 0;
  return -Math.log(passed ? probability : 1 - probability);
});
show('−ln probability of the truth', surprises, [4, 1]);
const { cost, gradients } = model.gradients(x, y, { loss });
console.log(`cost ${cost.toFixed(6)}`);

title('Step 5: backpropagation');
console.log(
  'How would the cost change with each parameter? Their derivatives, found from the last layer back to the first.',
);
for (const { name, shape } of model.parameters) show(`d cost / d ${name}`, gradients[name] ?? [], shape);

console.log('\nCheck one: nudge the first weight a little up and down, and see how the cost changes.');
const nudge = 0.01;
const costWithNudge = (amount: number) => {
  const weight = Float32Array.from(initial['0.dense.weight'] ?? []);
  weight[0] = (weight[0] ?? 0) + amount;
  model.setParameters({ '0.dense.weight': weight });
  return model.cost(x, y, { loss });
};
const slope = (costWithNudge(nudge) - costWithNudge(-nudge)) / (2 * nudge);
model.setParameters(initial);
console.log(`nudged ${slope.toFixed(4)}, backpropagated ${gradients['0.dense.weight']?.[0]?.toFixed(4)}`);

title('Step 6: gradient descent');
console.log(`By hand: every parameter moves against its derivative, by ${learningRate} times as much.`);
const moved = Object.fromEntries(
  Object.entries(initial).map(([name, values]) => {
    const gradient = gradients[name];
    return [name, values.map((value, i) => value - learningRate * (gradient?.[i] ?? 0))];
  }),
);
model.setParameters(moved);
for (const { name, shape, data } of model.parameters) show(name, data, shape);
console.log(`cost ${model.cost(x, y, { loss }).toFixed(6)}, it was ${cost.toFixed(6)}`);

console.log('\nThe same step by a trainer, from the same start:');
model.setParameters(initial);
const trainer = await model.trainer({ loss, optimizer: sgd({ learningRate }), batchSize: 4 });
await trainer.step(x, y);
const differences = model.parameters.flatMap(({ name, data }) => {
  return Array.from(data, (value, i) => Math.abs(value - (moved[name]?.[i] ?? 0)));
});
console.log(`cost ${model.cost(x, y, { loss }).toFixed(6)}`);
console.log(`largest difference to the step by hand ${Math.max(...differences).toExponential(1)}`);

console.log('\nAnd many more steps:');
for (let step = 2; step <= 500; step++) {
  const before = await trainer.step(x, y);
  if (step % 100 === 0) console.log(`step ${step}  cost ${before.toFixed(6)}`);
}
show('\nprobability of passing', model.predict(x), [4, 1]);
show('passed', y, [4, 1]);
