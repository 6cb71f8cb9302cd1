/**
 * Compiles assembly/ into wasm/, one binary for each target of asconfig.json. Each file says its own name and the package's version in a custom section,
 * so that what is handed to the library can be told from other WebAssembly.
 */
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import asc from 'assemblyscript/asc';

/** A custom section: its number 0, its size, and in it the name's length, the name, and the contents. Sizes below 128 are one byte. */
function customSection(name, contents) {
  return Uint8Array.of(0, 1 + name.length + contents.length, name.length, ...Buffer.from(name + contents));
}

mkdirSync('wasm', { recursive: true });
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const { targets } = JSON.parse(readFileSync('asconfig.json', 'utf8'));
for (const [target, { outFile }] of Object.entries(targets)) {
  const { error, stderr } = await asc.main(['assembly/index.ts', '--config', 'asconfig.json', '--target', target]);
  if (error) {
    process.stderr.write(`${stderr.toString()}\n${error.message}\n`);
    process.exit(1);
  }
  appendFileSync(outFile, customSection('myelin', `${target} ${version}`));
}
