/** A project of its own in a temporary folder, with the package installed from its packed tarball. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const here = fileURLToPath(new URL('.', import.meta.url));

/** The path of something that is installed beside this file. */
export function installed(path) {
  return join(here, 'node_modules', path);
}

/** Packs the package, which has been built, unless a tarball is given; installs it; returns both places. */
export function scratchProject(tarball) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'myelin-runtimes-')));
  const npm = args => execFileSync('npm', [...args, '--silent'], { cwd: folder, encoding: 'utf8' }).trim();
  const packed = tarball ?? join(folder, npm(['pack', '--ignore-scripts', '--pack-destination', folder, root]));
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', packed]);
  return { folder, tarball: packed };
}

/** Copies the programs that run in the runtimes, and the conformance script they share. */
export function addPrograms(folder) {
  cpSync(join(here, 'programs'), folder, { recursive: true });
  cpSync(join(here, 'conformance.js'), join(folder, 'conformance.js'));
}
