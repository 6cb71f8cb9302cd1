/** Predicts once, and prints how long it took from the first import on. Arguments: a library of predictors.js, and the folder of the model's files. */
import process from 'node:process';
import { predictors } from './predictors.js';

const [, , library, folder] = process.argv;
const x = Float32Array.from({ length: 784 }, (_, i) => (i % 16) / 16);
const start = performance.now();
const predict = await predictors[library](folder);
const output = await predict(x);
const milliseconds = performance.now() - start;
console.log(JSON.stringify({ milliseconds, output: [...output] }));
process.exit(0);
