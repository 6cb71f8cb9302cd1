/**
 * `--report` in a browser: every chart is drawn within its frame, in light and dark, on a screen and on a phone, and
 * the page asks for nothing else.
 *
 *     npm run build && npm ci --prefix test/runtimes && node test/runtimes/reportPage.js [FOLDER FOR SCREENSHOTS]
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { hasChromium, startBrowser } from './browser.js';

if (!hasChromium()) throw new Error('no Chromium here: install it (apt-get install chromium) or name it in CHROMIUM');
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'myelin-report-'));
const shots = process.argv[2];
const training = ['learning-loss', 'learning-accuracy'];
const ofClasses = ['roc', 'precision-recall', 'calibration', 'importance'];
/** Tables, and the charts that their reports have. */
const reports = [
  ['breast-cancer', undefined, ['learning-loss', 'scores']],
  ['digits', 'digit', [...training, ...ofClasses]],
  ['breast-cancer', 'diagnosis', [...training, ...ofClasses]],
  ['diabetes', 'progression', ['learning-loss', 'predictions', 'residuals', 'importance']],
];

const browser = await startBrowser();
for (const [name, target, charts] of reports) {
  const path = join(folder, `${name}.html`);
  const task = target === undefined ? ['--task', 'anomaly', '--ignore', 'diagnosis'] : ['--target', target];
  const own = [...task, '--epochs', '30', '--no-refit', '--out', join(folder, 'model.safetensors')];
  const args = [join(root, 'dist/cli/myelin.js'), 'train', join(root, 'data', `${name}.csv`), ...own];
  execFileSync(process.execPath, [...args, '--report', path]);
  const papers = [];
  for (const [width, theme] of [
    [1200, 'light'],
    [1200, 'dark'],
    [390, 'light'],
  ]) {
    const tab = await browser.tab('about:blank');
    const asked = [];
    const said = [];
    tab.on('request', request => asked.push(request.url()));
    tab.on('console', message => said.push(message.text()));
    tab.on('pageerror', error => said.push(error.message));
    await tab.setViewportSize({ width, height: 900 });
    await tab.emulateMedia({ colorScheme: theme });
    await tab.goto(pathToFileURL(path).href);
    if (shots !== undefined) {
      await tab.screenshot({
        path: join(shots, `${name}-${target ?? 'anomalies'}-${width}-${theme}.png`),
        fullPage: true,
      });
    }
    const page = await tab.evaluate(() => {
      const within = figure => {
        const { left, right } = figure.getBoundingClientRect();
        const svg = figure.querySelector('svg');
        const frame = svg.getBoundingClientRect();
        const outside = [...svg.querySelectorAll('path, rect, circle, text, line')].filter(mark => {
          const box = mark.getBoundingClientRect();
          return box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1;
        });
        const drawn = svg.querySelectorAll('.line, .dot, .point, .bar').length;
        const sizes = [...svg.querySelectorAll('text')].map(text => text.getBoundingClientRect().height);
        return {
          id: figure.id,
          marks: Number(figure.dataset.marks),
          drawn,
          outside: outside.map(({ outerHTML }) => outerHTML),
          isOnPage: left >= 0 && right <= innerWidth,
          least: Math.min(...sizes.filter(size => size > 0)),
          lines: getComputedStyle(svg.querySelector('.line, .bar, .point')).stroke,
        };
      };
      return {
        charts: [...document.querySelectorAll('figure')].map(within),
        width: document.documentElement.scrollWidth,
        paper: getComputedStyle(document.body).backgroundColor,
        ink: getComputedStyle(document.body).color,
        confusion: document.querySelectorAll('#confusion tbody tr').length,
        mistakes: document.querySelectorAll('.mistake').length,
        pictures: [...document.querySelectorAll('.mistake img')].map(({ naturalWidth }) => naturalWidth),
        columns: document.querySelectorAll('#columns tbody tr').length,
        kept: document.querySelectorAll('[data-kept]').length,
      };
    });
    assert.deepEqual(
      page.charts.map(({ id }) => id),
      charts,
    );
    for (const { id, marks, drawn, outside, isOnPage, least } of page.charts) {
      assert.ok(marks > 0 && drawn > 0, `${name}: ${id} is empty`);
      assert.deepEqual(outside, [], `${name}: ${id} at ${width}`);
      assert.ok(isOnPage, `${name}: ${id} is wider than ${width}`);
      assert.ok(least > 9, `${name}: the text of ${id} is ${least} high`);
    }
    assert.equal(page.width, width);
    assert.notEqual(page.paper, page.ink);
    papers.push(page.paper);
    assert.equal(page.kept, charts.filter(id => id.startsWith('learning')).length);
    assert.equal(page.confusion, target === undefined ? 0 : { digits: 10, 'breast-cancer': 2, diabetes: 0 }[name]);
    assert.ok(page.mistakes > 0);
    assert.deepEqual([...new Set(page.pictures)], name === 'digits' ? [8] : []);
    // The column that is left out is told of as well.
    const left = target === undefined ? 1 : 0;
    assert.equal(page.columns, { digits: 64, 'breast-cancer': 30, diabetes: 10 }[name] + left);
    assert.deepEqual([asked.filter(url => !/^(file|data):/.test(url)), said], [[], []]);
    await tab.close();
  }
  assert.notEqual(papers[0], papers[1]);
  console.log(
    `report of ${name}, ${target ?? 'anomalies'}: ${charts.length} charts, light and dark, on a screen and on a phone`,
  );
}
await browser.close();
rmSync(folder, { recursive: true });
