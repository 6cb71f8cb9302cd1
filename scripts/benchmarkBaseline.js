/**
 * Makes of a run of benchmarks what CI compares others with: its ratios, shares of the limit and times the plain loop,
 * without any speed, which would be of one machine. On a quiet machine:
 *
 *     npm run -s bench -- training gemm --peers plain-typescript --json | node scripts/benchmarkBaseline.js
 */
import { readFileSync, writeFileSync } from 'node:fs';

const run = JSON.parse(readFileSync(0, 'utf8'));
for (const { cases } of run.suites) {
  for (const one of cases) {
    delete one.limit;
    for (const row of one.rows) delete row.rate;
  }
}
writeFileSync('.ci/benchmarks.json', `${JSON.stringify(run)}\n`);
