/** The modules of src/ form layers: none reaches itself by way of others, but for what it takes of their types. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

/** What a module imports that is there at run time. */
function importsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  const statements = text.matchAll(/^(?:import|export)\s+(type\s)?([^'";]*?)\s*from\s+'(\.[^']+)\.js';/gm);
  return [...statements].flatMap(([, type, names = '', address = '']) => {
    const listed = /^\{(.*)\}$/s
      .exec(names)?.[1]
      ?.split(',')
      .map(name => name.trim());
    const typesAlone = listed?.every(name => name === '' || name.startsWith('type '));
    return type || typesAlone ? [] : join(dirname(path), `${address}.ts`);
  });
}

/** A way from a module back to itself. */
function cycleFrom(
  path: string,
  known: ReadonlyMap<string, readonly string[]>,
  done: Set<string>,
  way: readonly string[] = [],
): readonly string[] | undefined {
  if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
  if (done.has(path)) return undefined;
  for (const next of known.get(path) ?? []) {
    const found = cycleFrom(next, known, done, [...way, path]);
    if (found) return found;
  }
  done.add(path);
  return undefined;
}

it('no module imports itself by way of others', () => {
  const names = readdirSync('src', { recursive: true, encoding: 'utf8' });
  const paths = names.filter(name => /(?<!\.d)\.ts$/.test(name)).map(name => join('src', name));
  const known = new Map(paths.map(path => [path, importsOf(path)]));
  expect(known.get(join('src', 'model.ts'))).toContain(join('src', 'trainer.ts'));
  const done = new Set<string>();
  expect(paths.flatMap(path => cycleFrom(path, known, done) ?? [])).toEqual([]);
});
