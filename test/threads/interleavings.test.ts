/** Threads meet, and memories go from run to run, without anybody left behind: in every order of their steps. */
import { describe, expect, it } from 'vitest';
import { barrierOf, explore } from './interleavings.js';

const barrier = await barrierOf(1);
const answers = 'of all';

describe('in every order of their steps, threads', () => {
  it.each([
    ['two', [2, 2, 2], 2, 1],
    ['three', [3, 3], 2, 1],
    ['three that look twice before they sleep', [3, 3], 1, 2],
    ['three that sleep at once', [3, 3], 2, 0],
    ['three, then two of them, then three', [3, 2, 3], 1, 1],
    ['two, then three', [2, 3], 2, 1],
  ])('meet and leave: %s', async (_, runs, meetings, spins) => {
    const { states, fault } = explore({ barrier: await barrierOf(spins), runs, meetings, answers });
    expect(fault).toBe('none');
    expect(states).toBeGreaterThan(1000);
  });

  it.each([
    [2, 3],
    [3, 1],
  ])('leave when JavaScript ends the run: %i of them', (parties, meetings) => {
    const { states, fault } = explore({ barrier, runs: [parties], meetings, answers, aborts: true });
    expect(fault).toBe('none');
    expect(states).toBeGreaterThan(1000);
  });
});

describe('a fault is found', () => {
  it.each([[[2, 2]], [[3, 3]]])('where the words are cleared while a thread still wakes, in runs of %j', runs => {
    const { fault } = explore({ barrier, runs, meetings: 1, answers: 'of the first', clears: true });
    expect(fault).toMatch(/^nobody can go on/);
  });

  const nobody = /^nobody can go on/;
  it.each([
    ['a thread sleeps that nobody knows of', 'atomic.add<i32>(SLEEPING, 1);', '', nobody],
    ['nobody is woken', 'if (atomic.load<i32>(SLEEPING) > 0) atomic.notify(GENERATION, -1);', '', nobody],
    ['the count is not begun again', 'atomic.store<i32>(ARRIVED, 0);', '', nobody],
    ['all go on at once', '== parties - 1', '>= 0', /^a thread went on before all had come/],
  ])('where %s', async (_, from, to, expected) => {
    const changed = await barrierOf(1, source => {
      expect(source).toContain(from);
      return source.replace(from, to);
    });
    expect(explore({ barrier: changed, runs: [3, 3], meetings: 2, answers }).fault).toMatch(expected);
  });

  it('where an ended run is looked for before the generation', async () => {
    const changed = await barrierOf(1, source => {
      const line = '  const generation = atomic.load<i32>(GENERATION);\n';
      const look = '  if (atomic.load<i32>(ABORTED)) return false;\n';
      expect(source).toContain(line);
      return source.replace(line, look + line).replace(/(generation = .*\n(?: *\/\/.*\n)*) *if .*ABORTED.*\n/, '$1');
    });
    expect(explore({ barrier: changed, runs: [2], meetings: 1, answers, aborts: true }).fault).toMatch(nobody);
  });
});
