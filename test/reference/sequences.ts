/** Recurrent layers, attention and what tells steps apart in float64, from their definitions, step by step. */
import type { Layer } from '../../src/layers/index.js';
import { at } from './activations.js';

type Numbers = ArrayLike<number>;
/** A layer's parameters by their own names. */
export type Own = Readonly<Record<string, Numbers>>;

const logistic = (x: number) => 1 / (1 + Math.exp(-x));

/** One row times a matrix, and a bias. */
function product(x: Numbers, w: Numbers, b: Numbers | undefined): number[] {
  const columns = w.length / x.length;
  return Array.from({ length: columns }, (_, o) => {
    let sum = b ? at(b, o) : 0;
    for (let i = 0; i < x.length; i++) sum += at(x, i) * at(w, i * columns + o);
    return sum;
  });
}

const sum = (a: Numbers, b: Numbers) => Array.from(a, (value, i) => value + at(b, i));

/** The next state, and of lstm the next cell. */
function next(layer: Layer, own: Own, x: Numbers, h: number[], c: number[]): { h: number[]; c: number[] } {
  const z = product(x, own.weight ?? [], own.bias);
  const u = product(h, own.recurrentWeight ?? [], own.recurrentBias);
  const units = h.length;
  const both = sum(z, u);
  const gate = (k: number) => both.slice(k * units, (k + 1) * units);
  if (layer.kind === 'simpleRnn') return { h: both.map(Math.tanh), c };
  if (layer.kind === 'lstm') {
    const [i, f, o] = [gate(0).map(logistic), gate(1).map(logistic), gate(3).map(logistic)];
    const cell = gate(2).map((g, k) => at(f, k) * at(c, k) + at(i, k) * Math.tanh(g));
    return { h: cell.map((value, k) => at(o, k) * Math.tanh(value)), c: cell };
  }
  const [update, reset] = [gate(0).map(logistic), gate(1).map(logistic)];
  const isAfter = layer.kind === 'gru' && layer.resetAfter;
  const kept = isAfter ? h : h.map((value, k) => value * at(reset, k));
  const last = product(kept, own.recurrentWeight ?? [], own.recurrentBias).slice(2 * units);
  const made = z.slice(2 * units).map((value, k) => Math.tanh(value + at(last, k) * (isAfter ? at(reset, k) : 1)));
  return { h: made.map((value, k) => at(update, k) * at(h, k) + (1 - at(update, k)) * value), c };
}

function recurrent(layer: Extract<Layer, { returnSequences: boolean }>, own: Own, steps: number[][]): number[][] {
  let [h, c] = [Array<number>(layer.units).fill(0), Array<number>(layer.units).fill(0)];
  const states = (layer.goBackwards ? steps.toReversed() : steps).map(x => {
    ({ h, c } = next(layer, own, x, h, c));
    return h;
  });
  return layer.returnSequences ? states : states.slice(-1);
}

function within(own: Own, prefix: string): Own {
  const entries = Object.entries(own).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(entries.map(([name, values]) => [name.slice(prefix.length), values]));
}

/** What the layer makes of one sample, a list of steps; `source` is another one where it reads two. */
export function sequenceOutput(layer: Layer, own: Own, steps: number[][], source = steps): number[][] {
  switch (layer.kind) {
    case 'simpleRnn':
    case 'lstm':
    case 'gru':
      return recurrent(layer, own, steps);
    case 'bidirectional': {
      const forward = recurrent(layer.layer, within(own, 'forward.'), steps);
      const backward = recurrent({ ...layer.layer, goBackwards: true }, within(own, 'backward.'), steps).toReversed();
      return forward.map((row, k) => {
        const other = backward[k] ?? [];
        if (layer.merge === 'concatenate') return [...row, ...other];
        if (layer.merge === 'multiply') return row.map((value, i) => value * at(other, i));
        return sum(row, other).map(value => value / (layer.merge === 'average' ? 2 : 1));
      });
    }
    case 'multiHeadAttention': {
      const { heads, keySize } = layer;
      const project = (part: string, rows: number[][]) =>
        rows.map(row => product(row, own[`${part}Weight`] ?? [], own[`${part}Bias`]));
      const [queries, keys, values] = [project('query', steps), project('key', source), project('value', source)];
      const contexts = queries.map((query, t) =>
        Array.from({ length: heads * keySize }, (_, column) => {
          const head = Math.floor(column / keySize) * keySize;
          const scores = keys.map((key, s) => {
            if (layer.causal && s > t) return 0;
            let dot = 0;
            for (let i = head; i < head + keySize; i++) dot += at(query, i) * at(key, i);
            return Math.exp(dot / Math.sqrt(keySize));
          });
          const total = scores.reduce((all, score) => all + score, 0);
          return values.reduce((mean, value, s) => mean + (at(scores, s) / total) * at(value, column), 0);
        }),
      );
      return project('output', contexts);
    }
    case 'positionEmbedding':
      return steps.map((row, t) => row.map((value, i) => value + at(own.weight ?? [], t * row.length + i)));
    case 'sinusoidalPositions':
      return steps.map((row, t) =>
        row.map((value, i) => {
          const angle = t / 10000 ** ((i - (i % 2)) / row.length);
          return value + (i % 2 === 0 ? Math.sin(angle) : Math.cos(angle));
        }),
      );
    case 'groupNormalization': {
      const channels = steps[0]?.length ?? 1;
      const width = channels / layer.groups;
      return steps.map(row =>
        row.map((value, i) => {
          const first = Math.floor(i / width) * width;
          const group = steps.flatMap(other => other.slice(first, first + width));
          const mean = group.reduce((all, each) => all + each, 0) / group.length;
          const variance = group.reduce((all, each) => all + (each - mean) ** 2, 0) / group.length;
          const normal = (value - mean) / Math.sqrt(variance + layer.epsilon);
          return normal * at(own.gamma ?? [], i) + at(own.beta ?? [], i);
        }),
      );
    }
    default:
      throw new Error(`no reference for ${layer.kind}`);
  }
}
