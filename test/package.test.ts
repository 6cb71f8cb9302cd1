/** What `npm pack` puts into the package: what its entries need, and everything its documents link to. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';

const listing: [{ files: { path: string }[] }] = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], { encoding: 'utf8', stdio: 'pipe' }),
);
const files = listing[0].files.map(({ path }) => path);
const documents = files.filter(path => path.endsWith('.md'));

describe('the package', () => {
  it('holds these kinds of files and no others', () => {
    const kinds = [
      /^(package\.json|LICENSE|README\.md|CHANGELOG\.md|CONTRIBUTING\.md|data\/(README\.md|(diabetes|iris)\.csv))$/,
      /^docs\/[\w-]+\.(md|svg)$/,
      /^examples\/(support\/)?\w+\.ts$/,
      /^wasm\/[\w-]+\.wasm$/,
      /^dist\/entries\/[\w.-]+\.js$/,
      /^dist\/hosts\/(node|nodeRun|web)Worker\.js$/,
      /^dist\/cli\/((myelin|contestant|peers|report|\w+-[A-Z0-9]{8})\.js|THIRD-PARTY-LICENSES\.txt)$/,
      /^dist\/cli\/\w+\.py$/,
      /^dist\/entries\/[\w.-]+\.d\.ts$/,
    ];
    expect(files.filter(path => !kinds.some(kind => kind.test(path)))).toEqual([]);
    for (const kind of kinds) expect(files.some(path => kind.test(path))).toBe(true);
  });

  it('holds every file that its manifest names', () => {
    const named = readFileSync('package.json', 'utf8').matchAll(/"\.\/((?:dist|wasm)\/[^"*]+)"/g);
    for (const [, path] of named) expect(files).toContain(path);
  });

  it.each(documents)('%s links to what is shipped, or to an absolute address', path => {
    const text = readFileSync(path, 'utf8').replace(/^```.*?^```$/gms, '');
    const links = [...text.matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)].map(([, link = '']) => link);
    const missing = links.filter(link => {
      return !/^https?:/.test(link) && !files.includes(posix.join(posix.dirname(path), link));
    });
    expect(missing).toEqual([]);
  });
});
