/**
 * myelin as a contestant from nothing to its first prediction: with the half of the package that predicts, and a
 * model's file.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Library, Unable } from '../contest.js';

export async function open(): Promise<Library> {
  const { Model } = await import('../../entries/predict.node.js');
  return {
    name: 'myelin',
    version: '',
    async prepare(task) {
      if (task.kind !== 'inference') throw new Unable('it predicts alone');
      const model = await Model.fromBytes(new Uint8Array(await readFile(join(task.folder, 'model.safetensors'))));
      const x = new Float32Array(new Uint8Array(await readFile(join(task.folder, 'x.f32'))).buffer);
      const output = [...model.predict(x)];
      return {
        output,
        run() {
          model.predict(x);
          return 1;
        },
      };
    },
  };
}
