/**
 * A process that saves. `hold FOLDER` begins a file as a save does, says its name and waits; `loop PATH SIZE` saves
 * files of one byte's value and growing size until it is killed; `times PATH SIZE COUNT` saves so often.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryName } from '../../../src/files/leftovers.js';
import { saveAtomically } from '../../../src/files/save.js';

const [task, path = '', size = '0', count = '1'] = process.argv.slice(2);
if (task === 'hold') {
  const name = await temporaryName();
  await writeFile(join(path, name), 'half a file');
  process.stdout.write(name);
  setInterval(() => {}, 1000);
} else {
  const times = task === 'loop' ? Number.POSITIVE_INFINITY : Number(count);
  for (let i = 0; i < times; i++) {
    await saveAtomically(path, new Uint8Array(Number(size) + i).fill(i % 256));
    process.stdout.write('.');
  }
}
