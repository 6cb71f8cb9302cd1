/**
 * Compiles assembly/ into wasm/, one binary for each target of asconfig.json. Each file says its own name and the
 * package's version in a custom section, so that what is handed to the library can be told from other WebAssembly.
 *
 *     node scripts/buildWasm.js [TARGET]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import binaryen from 'assemblyscript/binaryen';

/**
 * A custom section: its number 0, its size, and in it the name's length, the name, and the contents. Sizes below 128
 * are one byte.
 */
function customSection(name, contents) {
  return Uint8Array.of(0, 1 + name.length + contents.length, name.length, ...Buffer.from(name + contents));
}

/**
 * Functions whose loops most of training is spent in. They are left to themselves: engines spill the registers of loops
 * that lie in a large function, and an update, say, would take half as long again.
 */
const APART = [
  'simd/',
  'ops/update/',
  'ops/gather/gather',
  'ops/columnNorm',
  'ops/rowNorm',
  'ops/recurrent',
  'ops/attention',
  'ops/convolution/',
  'ops/strip/',
  'ops/depthwise',
  'ops/pool',
  'ops/noise',
  'oftmaxCrossEntropy',
  'ops/activation/activationGradient',
  'Softplus',
];

/** Fewer locals after that, the most used with the shortest numbers, and alike functions side by side: 800 B less. */
const SHORTENING = ['coalesce-locals', 'reorder-locals', 'vacuum', 'reorder-functions-by-name'];

/**
 * Inlines functions that are called from one place alone, which the compiler does not where they are large: 2 KB less
 * of 33. Where a binary is to be short, all of them. The compiler itself is to leave what is called from several places
 * alone (`shrinkLevel` in asconfig.json), which is 1.5 KB less: loops whose time counts have it inlined by decorators.
 */
function inlineSingleCalls(file, isShort) {
  const module = binaryen.readBinary(readFileSync(file));
  module.setFeatures(binaryen.Features.All);
  binaryen.setOptimizeLevel(3);
  binaryen.setShrinkLevel(isShort ? 2 : 0);
  binaryen.setOneCallerInlineMaxSize(2 ** 31 - 1);
  for (const name of isShort ? [] : APART) {
    binaryen.setPassArgument('no-inline', `*${name}*`);
    module.runPasses(['no-inline']);
  }
  module.runPasses(['inlining-optimizing', ...SHORTENING]);
  binaryen.setDebugInfo(false);
  writeFileSync(file, module.emitBinary());
}

/** Builds one binary. */
async function build(target, { outFile, use = [] }) {
  // With names, by which some functions are kept apart; they are left out in the end.
  const options = ['--config', 'asconfig.json', '--target', target, '--debug'];
  const { error, stderr } = await asc.main(['assembly/index.ts', ...options]);
  if (error) {
    process.stderr.write(`${stderr.toString()}\n${error.message}\n`);
    process.exit(1);
  }
  inlineSingleCalls(outFile, use.includes('FORWARD_ONLY=1'));
  appendFileSync(outFile, customSection('myelin', `${target} ${version}`));
}

/** The same in a process of its own. */
async function buildApart(target) {
  const [code] = await once(spawn(process.execPath, [script, target], { stdio: 'inherit' }), 'exit');
  if (code !== 0) process.exit(1);
}

const script = fileURLToPath(import.meta.url);
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const { targets } = JSON.parse(readFileSync('asconfig.json', 'utf8'));
const [only] = process.argv.slice(2);
mkdirSync('wasm', { recursive: true });
if (only) {
  await build(only, targets[only]);
} else {
  // Each takes half a minute of one core.
  const left = Object.keys(targets);
  const buildRest = async () => {
    for (let target = left.shift(); target; target = left.shift()) await buildApart(target);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, buildRest));
}
