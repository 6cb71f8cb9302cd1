/**
 * For node, bun and deno: soaks for so many seconds or fits, prints the counts now and then, and ends by itself.
 * `program.js SEED SECONDS FITS`
 */
import * as alone from '../../dist/entries/inline.js';
import * as threaded from '../../dist/entries/node.js';
import { soak } from './fits.js';

const [seed, seconds, fits] = process.argv.slice(2).map(Number);
const memory = () => process.memoryUsage.rss();
const report = counts => console.log(JSON.stringify(counts));
try {
  await soak({ threaded, alone, seed, seconds, fits, memory, report });
} catch (error) {
  console.error(error);
  process.exit(1);
}
