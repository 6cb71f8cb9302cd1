/** A coordinator of its own process: prints a line a round, and the hash in the end. */

import { cluster } from '../../../dist/entries/distributed.js';
import { adam, dense, sequential } from '../../../dist/entries/node.js';

const [url, options] = process.argv.slice(2);
const architecture = sequential(8, [dense(16, { activation: 'relu' }), dense(3, { activation: 'softmax' })]);
const local = { loss: 'sparseCategoricalCrossEntropy', optimizer: adam({ learningRate: 0.01 }), epochs: 2 };
const workers = cluster(url, { name: 'test' });
const onRound = ({ round }) => console.log(JSON.stringify({ round }));
const run = { id: 'run', architecture, data: 'slow', shards: 6, rounds: 3, seed: 1, local, onRound };
const { hash } = await workers.averageRounds({ ...run, ...JSON.parse(options ?? '{}') });
console.log(JSON.stringify({ hash }));
await workers.close();
