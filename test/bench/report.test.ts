/** The charts and the page as Chromium shows them. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chartsOf } from '../../src/bench/charts.js';
import { svgOf } from '../../src/bench/drawing.js';
import { reportOf } from '../../src/bench/report.js';
import type { Run } from '../../src/bench/result.js';
import { caseOf, figure, rowOf, runOf } from './made.js';

const BATCHES = [1, 8, 64, 512];

function made(): Run {
  const cases = BATCHES.map(at => {
    const peer = rowOf('<peer> & "friends"', 10 * at, { ratios: { myelin: figure(100, 1) } });
    const wrong = rowOf('wrong', 1e9, { wrong: 'cost 2 where others have 0.5' });
    return caseOf(`batch ${at}`, [rowOf('myelin', 1000 * at), peer, wrong], {
      at,
      limit: { multiplyAdds: 1e5, bytes: 1e7 },
    });
  });
  const curve = runOf(cases, { suite: 'batch', axis: 'batch size' });
  const bars = runOf([caseOf('a network', [rowOf('myelin', 1000), rowOf('peer', 10)])]);
  return { ...curve, suites: [...curve.suites, ...bars.suites], command: 'myelin bench </script>' };
}

describe('charts', () => {
  const [curve, bars] = chartsOf(made());

  it('have every contestant that is right, and the limits, at every place', () => {
    expect(curve?.series.map(({ name, kind }) => [name, kind])).toEqual([
      ['myelin', 'own'],
      ['<peer> & "friends"', 'peer'],
      ['limit: multiply-adds', 'limit'],
      ['limit: copying', 'limit'],
    ]);
    for (const { points } of curve?.series ?? []) expect(points.map(([x]) => x)).toEqual(BATCHES);
    expect(bars?.series.map(({ points }) => points)).toEqual([[[1, 1000]], [[1, 10]]]);
  });

  it('are none where a suite has one case of one contestant', () => {
    expect(chartsOf(runOf([caseOf('a network', [rowOf('myelin', 1)])]))).toEqual([]);
    const one = caseOf('batch 1', [rowOf('myelin', 1)], { at: 1 });
    expect(chartsOf(runOf([one], { suite: 'batch', axis: 'batch size' }))).toEqual([]);
  });

  it('lie on logarithmic axes: equal factors are equal distances', () => {
    const path = /data-series="myelin"[^>]*><title>myelin<\/title><path d="([^"]+)"/.exec(
      svgOf(curve ? [curve] : []),
    )?.[1];
    const places = [...(path ?? '').matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
    const steps = places.slice(1).map(([x = 0, y = 0], i) => [x - (places[i]?.[0] ?? 0), y - (places[i]?.[1] ?? 0)]);
    for (const [dx = 0, dy = 0] of steps) {
      expect(dx).toBeCloseTo(steps[0]?.[0] ?? 0, 0);
      expect(dy).toBeCloseTo(steps[0]?.[1] ?? 0, 0);
      expect(dx > 0 && dy < 0).toBe(true);
    }
  });
});

describe('the page in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'report-'));
  let dom = '';
  beforeAll(async () => {
    const page = join(folder, 'report.html');
    writeFileSync(page, reportOf(made()));
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'];
    const options = { maxBuffer: 2 ** 26, timeout: 90_000 };
    const profile = `--user-data-dir=${join(folder, 'profile')}`;
    dom = (await promisify(execFile)('chromium', [...flags, profile, '--dump-dom', `file://${page}`], options)).stdout;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

  it('shows every chart with all of its data', () => {
    const drawn = [...dom.matchAll(/data-series="([^"]*)" data-points="(\d+)"/g)].map(
      ([, name, count]) => `${name}: ${count}`,
    );
    const [own, , most, copied, ...bars] = drawn;
    expect([own, most, copied]).toEqual(['myelin: 4', 'limit: multiply-adds: 4', 'limit: copying: 4']);
    // However the browser writes what had to be escaped.
    expect(drawn[1]).toMatch(/peer.*friends.*: 4$/);
    expect(bars).toEqual(['myelin: 1', 'peer: 1']);
    expect(dom.match(/<figure id="chart-/g)).toHaveLength(2);
  });

  it('needs nothing else, and holds the figures themselves', () => {
    expect(dom).not.toMatch(/(src|href)=/);
    const json = /<script type="application\/json" id="run">(.*?)<\/script>/s.exec(dom)?.[1] ?? '';
    expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(made())));
  });

  it('has a table of each suite, and names the machine', () => {
    expect(dom).toContain('A processor × 4');
    expect(dom.match(/<table>/g)).toHaveLength(2);
    expect(dom).toContain('WRONG');
  });
});
