/** A process that is killed while it trains, at any moment, goes on from its checkpoint as if it had never been. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const KILLS = 20;
const EPOCHS = 40;

/** Trains in a process of its own; undefined where it was killed, after so many epochs and a random time. */
function train(path: string, epochs = Infinity): Promise<string | undefined> {
  const child = spawn(process.execPath, ['test/callbacks/programs/resume.js', path, String(EPOCHS)]);
  let [out, errors] = ['', ''];
  child.stdout.on('data', data => {
    out += data;
    if (out.length >= epochs) setTimeout(() => child.kill('SIGKILL'), Math.random() * 8);
  });
  child.stderr.on('data', data => {
    errors += data;
  });
  return new Promise((resolve, reject) => {
    child.on('close', (code, signal) => {
      if (code === 0) resolve(out.split('\n')[1]);
      else if (signal === 'SIGKILL') resolve(undefined);
      else reject(new Error(errors));
    });
  });
}

it(`training that was killed ${KILLS} times ends with the bits of training that never was`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'myelin-killed-'));
  try {
    const whole = await train(join(folder, 'whole'));
    expect(whole).toMatch(/^160 steps, [0-9a-f]{64}$/);
    const path = join(folder, 'killed');
    let kills = 0;
    while (kills < KILLS) {
      const finished = await train(path, 1 + Math.floor(Math.random() * 3));
      if (finished === undefined) kills++;
      else {
        expect(finished).toBe(whole);
        rmSync(path);
      }
    }
    expect(await train(path)).toBe(whole);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 600_000);
