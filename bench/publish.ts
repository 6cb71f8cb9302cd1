/**
 * Measures what docs/performance.md shows: writes the tables of every suite with machine, date and commit into
 * docs/benchmarks, and the charts beside that page.
 *
 *     npm run build && npm ci --prefix bench/peers
 *     npx tsx bench/publish.ts [suites…]
 */
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chartsOf } from '../src/bench/charts.js';
import { svgOf } from '../src/bench/drawing.js';
import type { Run } from '../src/bench/result.js';
import { textOf } from '../src/bench/table.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = fileURLToPath(new URL('../docs/benchmarks/', import.meta.url));

/** What is asked for each suite: beside whom, and for how long. */
const asked: Readonly<Record<string, readonly string[]>> = {
  training: ['--batch', '32,1,128', '--turbo', '--seconds', '60'],
  inference: ['--batch', '32', '--turbo', '--seconds', '60'],
  coldStart: ['--seconds', '40'],
  threads: ['--peers', 'pytorch', '--turbo', '--batch', '128', '--seconds', '40'],
  speedUp: ['--peers', 'pytorch', '--turbo', '--seconds', '60'],
  published: ['--peers', 'pytorch,scikit-learn', '--turbo', '--seconds', '60'],
  networks: ['--peers', 'pytorch', '--turbo', '--seconds', '60'],
  width: ['--peers', 'pytorch,tensorflow-wasm', '--turbo', '--seconds', '60'],
  batch: ['--peers', 'pytorch,tensorflow-wasm', '--turbo', '--seconds', '60'],
  gemm: ['--peers', 'none', '--seconds', '25'],
  ops: ['--peers', 'none', '--seconds', '30'],
  conv: ['--peers', 'none', '--seconds', '30'],
  sequence: ['--peers', 'none', '--seconds', '30'],
};

/** Charts that docs/performance.md shows. */
const SHOWN = ['training', 'width', 'batch', 'threads'];

function measure(suite: string): Run {
  const command = ['dist/cli/myelin.js', 'bench', suite, ...(asked[suite] ?? []), '--json'];
  return JSON.parse(execFileSync(process.execPath, command, { cwd: root, maxBuffer: 2 ** 28 }).toString()) as Run;
}

function sectionOf(suite: string, run: Run): string {
  const command = `npx myelin bench ${[suite, ...(asked[suite] ?? [])].join(' ')}`;
  return `## ${suite}\n\n\`${command}\`\n\n\`\`\`text\n${textOf(run)}\n\`\`\`\n`;
}

await mkdir(folder, { recursive: true });
const suites = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(asked);
const sections: string[] = [];
let commit = '';
for (const suite of suites) {
  const run = measure(suite);
  commit = run.machine.commit.slice(0, 7);
  sections.push(sectionOf(suite, run));
  if (!SHOWN.includes(suite)) continue;
  const [chart] = chartsOf(run);
  if (chart) await writeFile(`${root}docs/speed-${suite}.svg`, svgOf([chart]));
}
const head = [`# Figures of commit ${commit}\n`, 'How to read them: [performance.md](../performance.md).\n'];
await writeFile(`${folder}${commit}.md`, [...head, ...sections].join('\n'));
console.log(`docs/benchmarks/${commit}.md`);
