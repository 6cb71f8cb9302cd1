// Compiles assembly/ into wasm/, one binary for each target of asconfig.json.
import { mkdirSync, readFileSync } from 'node:fs';
import asc from 'assemblyscript/asc';

mkdirSync('wasm', { recursive: true });
const { targets } = JSON.parse(readFileSync('asconfig.json', 'utf8'));
for (const target of Object.keys(targets)) {
  const { error, stderr } = await asc.main(['assembly/index.ts', '--config', 'asconfig.json', '--target', target]);
  if (error) {
    process.stderr.write(`${stderr.toString()}\n${error.message}\n`);
    process.exit(1);
  }
}
