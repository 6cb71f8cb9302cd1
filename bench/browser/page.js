/** Measures a network at batch sizes from 1 on, and draws what it has, batch by batch. */
import * as myelin from 'myelin';
import { svgOf } from '../../src/bench/drawing.js';
import { figureOf, isNoisy } from '../../src/bench/statistics.js';
import { inference, training } from '../runtimes/programs/work.js';

const BATCHES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
/** Milliseconds of a round, and rounds. */
const ROUND = 60;
const ROUNDS = 5;
const element = id => document.getElementById(id);
const form = document.forms[0];
const kinds = { training, inference };

/** The widths of `784-128-10`. */
function widthsOf(text) {
  const widths = /^\d+(-\d+)+$/.test(text.trim()) ? text.trim().split('-').map(Number) : [];
  if (widths.length < 2 || widths.some(width => width < 1 || width > 65536)) {
    throw new RangeError(`network: expected widths from 1 to 65536 such as 784-128-10, got '${text}'`);
  }
  return widths;
}

/** Samples a second: the median of some rounds, after one that the engine still compiles in. */
async function rateOf({ pieces, run }) {
  let times = 1;
  const rates = [];
  while (rates.length < ROUNDS) {
    const start = performance.now();
    await run(times);
    const milliseconds = performance.now() - start;
    if (milliseconds < ROUND) times *= 2;
    else rates.push((1e3 * pieces * times) / milliseconds);
    // The page stays alive between two rounds.
    await new Promise(done => setTimeout(done));
  }
  return figureOf(rates.slice(1));
}

/** Multiply-adds of a sample: the first layer needs no gradient of its input. */
function multiplyAddsOf(widths, work) {
  const products = widths.slice(1).map((units, layer) => units * (widths[layer] ?? 0));
  const forward = products.reduce((sum, each) => sum + each, 0);
  return work === 'training' ? 3 * forward - (products[0] ?? 0) : forward;
}

function show(widths, work, points) {
  const title = `${widths.join('-')}: samples a second against batch size`;
  const series = [{ name: 'myelin', kind: 'own', points }];
  element('chart').innerHTML = svgOf([{ id: 'batch', title, x: 'batch size', y: 'samples a second', series }]);
  const table = document.querySelector('table');
  table.hidden = false;
  const rows = points.map(([batch, rate]) => {
    const flops = (2 * rate * multiplyAddsOf(widths, work)) / 1e9;
    return [batch, Number(rate.toPrecision(3)).toLocaleString('en'), flops.toFixed(1)];
  });
  table.tBodies[0].innerHTML = rows.map(cells => `<tr>${cells.map(cell => `<td>${cell}</td>`).join('')}</tr>`).join('');
}

async function measure() {
  const { network, work, threads } = Object.fromEntries(new FormData(form));
  const widths = widthsOf(network);
  const points = [];
  let noisy = false;
  for (const batchSize of BATCHES) {
    element('state').textContent = `batch ${batchSize} …`;
    const prepared = await kinds[work](myelin, { widths, batchSize, threads: Number(threads) });
    const rate = await rateOf(prepared);
    points.push([batchSize, rate.median]);
    noisy ||= isNoisy(rate);
    show(widths, work, points);
  }
  element('state').textContent = noisy ? 'done; something else was running, so the figures vary: run again' : 'done';
}

form.addEventListener('submit', async event => {
  event.preventDefault();
  const button = form.querySelector('button');
  button.disabled = true;
  element('problem').textContent = '';
  try {
    await measure();
  } catch (error) {
    element('state').textContent = '';
    element('problem').textContent = error.message;
  }
  button.disabled = false;
});

const { backend } = await myelin.Model.create(myelin.sequential(1, [myelin.dense(1)]));
element('where').textContent = `Binary ${backend.binary} (${backend.reason}).`;
for (let count = 2; count <= backend.threads; count++) form.elements.threads.add(new Option(String(count)));
document.body.dataset.ready = 'true';
