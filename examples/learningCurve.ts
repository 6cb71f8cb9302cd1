/**
 * Trains on the digits and draws how the network learned: docs/learning-curve.svg, or the file that is named.
 *
 *     npx tsx examples/learningCurve.ts [FILE.svg]
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { adam, dense, Model, sequential } from 'myelin';
import { holdOut, readTable, standardiser } from './support/table.js';

const table = readTable('digits');
const rows = holdOut(table.x);
const labels = holdOut(table.y.map(Number));
const standardise = standardiser(rows.training);

const architecture = sequential(64, [dense(64, { activation: 'relu' }), dense(10, { activation: 'softmax' })]);
const model = await Model.create(architecture, { seed: 0, deterministic: true });
const { loss, valLoss, accuracy, valAccuracy } = await model.fit(
  { x: standardise(rows.training), y: labels.training },
  {
    loss: 'sparseCategoricalCrossEntropy',
    optimizer: adam(),
    metrics: ['accuracy'],
    epochs: 30,
    validation: { x: standardise(rows.heldOut), y: labels.heldOut },
  },
);

/** One curve: a value for each epoch, and the name and colour that the legend gives it. */
interface Curve {
  name: string;
  color: string;
  values: readonly number[];
}

const WIDTH = 300;
const HEIGHT = 200;

/** A chart with its upper left corner at (left, 40): labelled lines across, and the curves. */
function chart(left: number, title: string, ticks: readonly number[], curves: readonly Curve[]): string {
  const bottom = Math.min(...ticks);
  const top = Math.max(...ticks);
  const height = (value: number) => 40 + (HEIGHT * (top - value)) / (top - bottom);
  const grid = ticks.map(tick => {
    const y = height(tick).toFixed(1);
    return `<path class="grid" d="M${left} ${y}h${WIDTH}"/><text x="${left - 8}" y="${y}" class="tick">${tick}</text>`;
  });
  const lines = curves.map(({ name, color, values }, index) => {
    const step = WIDTH / (values.length - 1);
    const points = values.map((value, epoch) => `${(left + epoch * step).toFixed(1)},${height(value).toFixed(1)}`);
    const legend = `x="${left + WIDTH - 60 * (1 - index)}" y="20" text-anchor="end" style="fill: ${color}"`;
    return `<polyline points="${points.join(' ')}" stroke="${color}"/><text ${legend}>${name}</text>`;
  });
  const epochs = curves[0]?.values.length ?? 0;
  const axis = [1, epochs].map((epoch, end) => {
    return `<text x="${left + end * WIDTH}" y="${HEIGHT + 58}" text-anchor="middle">${epoch}</text>`;
  });
  const middle = `<text x="${left + WIDTH / 2}" y="${HEIGHT + 58}" text-anchor="middle">epoch</text>`;
  return `<text class="title" x="${left}" y="20">${title}</text>\n${[...grid, ...lines, ...axis, middle].join('\n')}`;
}

// Greys and hues of middle brightness can be read on white and on black.
const pair = (training: readonly number[] = [], heldOut: readonly number[] = []) => [
  { name: 'training', color: '#3b82f6', values: training },
  { name: 'held out', color: '#e07a1f', values: heldOut },
];
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 270" role="img" aria-label="Cost falls and accuracy rises over ${loss.length} epochs on handwritten digits">
<style>
text { font: 12px system-ui, sans-serif; fill: #808a94 } .title { font-size: 14px; font-weight: 600 }
.tick { text-anchor: end; dominant-baseline: middle } .grid { stroke: #808a94; stroke-opacity: .3 }
polyline { fill: none; stroke-width: 2; stroke-linejoin: round }
</style>
${chart(50, 'Cost', [0, 0.5, 1, 1.5, 2], pair(loss, valLoss))}
${chart(430, 'Accuracy', [0, 0.25, 0.5, 0.75, 1], pair(accuracy, valAccuracy))}
</svg>
`;

const file = process.argv[2] ?? fileURLToPath(new URL('../docs/learning-curve.svg', import.meta.url));
writeFileSync(file, svg);
console.log(`held-out accuracy ${valAccuracy?.at(-1)?.toFixed(4)} after ${loss.length} epochs; ${file} written`);
