/**
 * Echoes of a radar from the ionosphere, 17 pulses of two numbers each (UCI): whether they show a structure, by
 * convolutions along the pulses, judged by five folds: 0.94 right and more.
 *
 *     npx tsx examples/real/ionosphere.ts [EPOCHS]
 */
import { adam, conv1d, crossValidate, dense, dropout, globalAveragePool1d, sequential } from 'myelin';
import { readCsv } from 'myelin/data';

const [given = '80'] = process.argv.slice(2);
const table = await readCsv(new URL('../../data/ionosphere.csv', import.meta.url));
const { y, classes } = table.labels('echo');
const x = table.numbers(table.names.filter(name => name !== 'echo'));

const convolution = (filters: number) => conv1d(filters, 5, { padding: 'same', activation: 'relu' });
const { mean, deviation } = await crossValidate(
  sequential(
    [17, 2],
    [
      convolution(32),
      convolution(64),
      dropout(0.3),
      convolution(64),
      globalAveragePool1d(),
      dropout(0.3),
      dense(classes.length, { activation: 'softmax' }),
    ],
  ),
  { x, y },
  {
    folds: 5,
    stratify: true,
    fit: { loss: 'sparseCategoricalCrossEntropy', optimizer: adam({ learningRate: 0.002 }), epochs: Number(given) },
    metrics: ['accuracy'],
  },
);
console.log(`accuracy over five folds: ${mean.accuracy?.toFixed(4)} ± ${deviation.accuracy?.toFixed(4)}`);
