/**
 * Looks at the packed package with users' eyes: publint and arethetypeswrong over the tarball, then every TypeScript
 * from 5.0 on over programs that use every entry, with its own checks of the declarations on: by what it knows of the
 * platform, and by how it finds modules. Prints a table; ends with exit code 1 where any of them finds something.
 *
 *     npm run build && npm ci --prefix test/runtimes && node test/runtimes/types.js [PACKAGE.tgz]
 */
import { spawn, spawnSync } from 'node:child_process';
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { addPrograms, installed, scratchProject } from './scratch.js';

const { folder, tarball } = scratchProject(process.argv[2]);
addPrograms(folder);
symlinkSync(installed('@types'), join(folder, 'node_modules/@types'));

function look(name, args) {
  const { status } = spawnSync(installed(`.bin/${name}`), args, { cwd: folder, stdio: 'inherit' });
  console.log(`${name}: ${status === 0 ? 'nothing found' : 'found something'}\n`);
  if (status !== 0) process.exitCode = 1;
}

look('publint', ['run', tarball, '--strict']);
// A package of ES modules alone: what CommonJS sees of it is said in docs/deploy.md. The .wasm files have no types.
const entries = [
  '.',
  'predict',
  'predict/chains',
  'core',
  'inline',
  'data',
  'tabular',
  'tabular/predict',
  'distributed',
  'report',
];
look('attw', [tarball, '--profile', 'esm-only', '--no-emoji', '--entrypoints', ...entries]);

const versions = ['5.0', '5.1', '5.2', '5.4', '5.6', '5.7', '5.9', '6', '7'];
/**
 * What TypeScript knows of the platform, the program that uses it, and the ways to find modules that it is tried with.
 */
const platforms = [
  { platform: 'nothing', program: 'typesBare.ts', lib: ['es2022'], types: [], ways: ['node16', 'bundler'] },
  { platform: 'dom', program: 'types.ts', lib: ['es2022', 'dom'], types: [], ways: ['bundler'] },
  // @types/node asks for TypeScript 5.6 itself.
  {
    platform: '@types/node',
    program: 'typesNode.ts',
    lib: ['es2022'],
    types: ['node'],
    ways: ['nodenext'],
    since: 5.6,
  },
  { platform: 'all', program: 'types.ts', lib: ['esnext', 'dom'], types: ['node'], ways: ['nodenext'], since: 5.9 },
];
const conditions = ['workerd', 'edge-light', 'browser'];

const cases = [];
for (const version of versions) {
  for (const { since = 5, ways, ...platform } of platforms) {
    if (Number(version) >= since) for (const way of ways) cases.push({ version, way, ...platform });
  }
}
const dom = platforms.find(({ platform }) => platform === 'dom');
for (const condition of conditions) cases.push({ version: versions.at(-1), way: 'bundler', condition, ...dom });

/** Gives what TypeScript complains of. */
async function compile({ version, way, condition, program, lib, types }, index) {
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    target: 'es2022',
    module: way === 'bundler' ? 'esnext' : way,
    moduleResolution: way,
    lib,
    types,
    ...(condition && { customConditions: [condition] }),
  };
  const config = join(folder, `tsconfig.${index}.json`);
  writeFileSync(config, JSON.stringify({ compilerOptions, files: [program] }));
  const child = spawn(process.execPath, [installed(`typescript${version}/bin/tsc`), '-p', config], { cwd: folder });
  let said = '';
  child.stdout.on('data', chunk => {
    said += chunk;
  });
  child.stderr.on('data', chunk => {
    said += chunk;
  });
  const code = await new Promise(resolve => child.on('close', resolve));
  return code === 0 ? '' : said || `exit code ${code}`;
}

const complaints = [];
let next = 0;
async function work() {
  for (let index = next++; index < cases.length; index = next++) complaints[index] = await compile(cases[index], index);
}
await Promise.all(Array.from({ length: availableParallelism() }, work));

console.log('TypeScript  knows        finds modules by');
for (const version of versions) {
  for (const { platform } of platforms) {
    const of = cases.flatMap((entry, index) => {
      return entry.version === version && entry.platform === platform ? [{ ...entry, said: complaints[index] }] : [];
    });
    if (of.length === 0) continue;
    const told = of.map(({ way, condition, said }) => `${condition ?? way}${said ? ' (complains)' : ''}`);
    console.log(`${version.padEnd(11)} ${platform.padEnd(12)} ${told.join(', ')}`);
    for (const { said } of of) if (said) console.error(said.split('\n').slice(0, 12).join('\n'));
  }
}
rmSync(folder, { recursive: true });
if (complaints.some(said => said !== '')) process.exitCode = 1;
