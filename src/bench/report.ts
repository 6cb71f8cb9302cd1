/** A run as one page that needs nothing else: the machine, every table, every chart, and the figures themselves. */
import { escapeText } from '../drawing/theme.js';
import { chartsOf } from './charts.js';
import { svgOf } from './drawing.js';
import { headerOf } from './machine.js';
import type { Case, Run } from './result.js';
import { missingOf, notesOf, overview, publishedLines, tableOf, titleOf, warningsOf } from './table.js';

const STYLE = `
:root{color-scheme:light dark;--ink:#1b1b1b;--faint:#d5d5d5;--paper:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e8e8e8;--faint:#444;--paper:#16181d}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:1080px;margin:2em auto;padding:0 1em}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:1em 0}
td,th{padding:.25em .8em;border-bottom:1px solid var(--faint);text-align:right;font-weight:400;white-space:nowrap}
th:first-child,td.remark{text-align:left}thead th{font-weight:600;vertical-align:bottom;white-space:normal}
.wide{overflow-x:auto}svg{max-width:100%;height:auto}.warning{border-left:4px solid #c44e00;padding-left:.8em}`;

/** The page. */
export function reportOf(run: Run): string {
  const warnings = warningsOf(run);
  if (run.interrupted) warnings.push('Interrupted: this is what was measured until then.');
  const charts = chartsOf(run).map(chart => {
    return `<figure id="chart-${escapeText(chart.id)}">${svgOf([chart])}</figure>`;
  });
  const absent = Object.entries(run.absent).map(([name, how]) => `<li>${escapeText(`${name}: ${how}`)}</li>`);
  const parts = [
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>myelin bench</title><style>${STYLE}</style>`,
    `<h1>myelin bench</h1><p>${escapeText(headerOf(run.machine)).replaceAll('\n', '<br>')}</p>`,
    `<p><code>${escapeText(run.command)}</code></p>`,
    ...warnings.map(warning => `<p class="warning">${escapeText(warning)}</p>`),
    ...charts,
    ...run.suites.map(({ suite, cases }) => `<h2>${escapeText(suite)}</h2>${tablesOf(cases)}`),
    absent.length > 0 ? `<h2>Not here</h2><ul>${absent.join('')}</ul>` : '',
    // Nothing in it may end the element that it is in.
    `<script type="application/json" id="run">${JSON.stringify(run).replaceAll('<', '\\u003c')}</script></html>\n`,
  ];
  return parts.join('\n');
}

const FEW = 3;

function tablesOf(cases: readonly Case[]): string {
  if (cases.length > FEW) {
    const { names, head, lines } = overview(cases);
    return [table(head, lines, names), ...notesOf(cases).map(paragraph)].join('');
  }
  return cases
    .map(one => {
      const { name, rows } = one;
      const { head, lines } = tableOf(one);
      const notes = [...publishedLines(one), ...missingOf([one])].map(paragraph);
      return `<h3>${escapeText(name)}</h3>${table(head, lines, rows.map(titleOf))}${notes.join('')}`;
    })
    .join('\n');
}

const paragraph = (text: string) => `<p>${escapeText(text)}</p>`;

function table(head: readonly string[], lines: ReturnType<typeof tableOf>['lines'], names: readonly string[]): string {
  const cell = (tag: string, text: string) => `<${tag}>${escapeText(text)}</${tag}>`;
  const rows = lines.map(({ cells, remark }, i) => {
    const own = cells.map(text => cell('td', text)).join('');
    return `<tr>${cell('th', names[i] ?? '')}${own}<td class="remark">${escapeText(remark)}</td></tr>`;
  });
  const top = ['', ...head, ''].map(text => cell('th', text)).join('');
  return `<div class="wide"><table><thead><tr>${top}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}
