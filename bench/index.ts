/**
 * The benchmarks, each a process of its own: `npm run bench`, or `npm run bench -- step` for one suite, with what else it takes.
 *
 * Every suite is judged against limits measured in the same process; docs/performance.md says how to read them. Suites run without turbo and, where the runtime has
 * it, with turbo: its flags hold for a whole process, so the two cannot share one.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The first V8 that packs pairs of 128-bit operations into 256 bits. */
const PACKS = 13.6;
const v8 = process.versions.bun || process.versions.deno ? 0 : Number.parseFloat(process.versions.v8 ?? '0');
const packing = v8 >= PACKS ? [['--experimental-wasm-revectorize']] : [];

interface Suite {
  /** Flags of the runtime, for each time that the suite is run. */
  readonly flags?: readonly (readonly string[])[];
  /** Or its arguments. */
  readonly modes?: readonly (readonly string[])[];
  /** Whether it takes longer than a run of everything should. */
  readonly onlyAsked?: boolean;
}

const suites: Readonly<Record<string, Suite>> = {
  gemm: { flags: [[], ...packing] },
  ops: { modes: [[], ['turbo']] },
  step: { modes: [[], ['turbo']] },
  training: {},
  coldStart: { onlyAsked: true },
  inference: { onlyAsked: true },
  threads: { onlyAsked: true },
  serve: { onlyAsked: true },
};

const [only, ...more] = process.argv.slice(2);
if (only !== undefined && !suites[only]) {
  throw new RangeError(`suite: expected one of ${Object.keys(suites).join(', ')}, got '${only}'`);
}
for (const [name, { flags = [[]], modes = [[]], onlyAsked = false }] of Object.entries(suites)) {
  if (only === undefined ? onlyAsked : only !== name) continue;
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  for (const flag of flags) {
    for (const mode of modes) {
      console.log(`\n== ${[name, ...mode, ...flag].join(' ')} ==`);
      const options = [...process.execArgv, ...flag, file, ...mode, ...more];
      const { status } = spawnSync(process.execPath, options, { stdio: 'inherit' });
      if (status !== 0) process.exitCode = 1;
    }
  }
}
