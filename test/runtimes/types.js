/**
 * Looks at the packed package with users' eyes: publint and arethetypeswrong over the tarball, then TypeScript over a program that uses every entry, with
 * its own checks of the declarations on. Ends with exit code 1 where any of them finds something.
 *
 *     npm run build && npm ci --prefix test/runtimes && node test/runtimes/types.js [PACKAGE.tgz]
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installed, scratchProject } from './scratch.js';

const { folder, tarball } = scratchProject(process.argv[2]);
copyFileSync(fileURLToPath(new URL('programs/types.ts', import.meta.url)), join(folder, 'types.ts'));

let failed = false;
function run(name, args) {
  const { status } = spawnSync(installed(`.bin/${name}`), args, { cwd: folder, stdio: 'inherit' });
  console.log(
    `${name} ${args.join(' ').replace(tarball, 'PACKAGE.tgz')}: ${status === 0 ? 'nothing found' : 'found something'}\n`,
  );
  failed ||= status !== 0;
}

run('publint', ['run', tarball, '--strict']);
// A package of ES modules alone: what CommonJS sees of it is said in docs/deploy.md. The .wasm files have no types.
const entries = ['.', 'predict', 'core', 'inline'];
run('attw', [tarball, '--profile', 'esm-only', '--no-emoji', '--entrypoints', ...entries]);
const strict = ['--strict', '--noEmit', '--target', 'es2022', '--lib', 'es2022,dom'];
run('tsc', [...strict, '--module', 'nodenext', 'types.ts']);
run('tsc', [...strict, '--module', 'preserve', '--moduleResolution', 'bundler', 'types.ts']);
for (const condition of ['workerd', 'edge-light', 'browser']) {
  run('tsc', [
    ...strict,
    '--module',
    'preserve',
    '--moduleResolution',
    'bundler',
    '--customConditions',
    condition,
    'types.ts',
  ]);
}
rmSync(folder, { recursive: true });
process.exitCode = failed ? 1 : 0;
