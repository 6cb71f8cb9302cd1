/** For runtimes with standard input: a line `suite times` asks for work, and a line with the pieces done answers. */
import process from 'node:process';
import { createInterface } from 'node:readline';
import * as myelin from 'myelin';
import { work } from './work.js';

for await (const line of createInterface({ input: process.stdin })) {
  const [suite, times] = line.split(' ');
  process.stdout.write(`${await work(myelin, suite, Number(times))}\n`);
}
