/** PyTorch's tensors as ours: axes in our order, gates in our order, and under our names. */
import { at } from './activations.js';
import type { Matrix } from './golden.js';

export type Tensors = Readonly<Record<string, Matrix>>;
export type Ours = Readonly<Record<string, readonly number[]>>;

/** A tensor with its axes in another order. */
export function permuted({ shape, data }: Matrix, axes: readonly number[]): Matrix {
  const lengths = axes.map(axis => at(shape, axis));
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, length) => product * length, 1));
  const values = data.map((_, index) => {
    let [rest, source] = [index, 0];
    for (let k = axes.length - 1; k >= 0; k--) {
      source += (rest % at(lengths, k)) * at(strides, at(axes, k));
      rest = Math.floor(rest / at(lengths, k));
    }
    return at(data, source);
  });
  return { shape: lengths, data: values };
}

/** Images and signals with their channels last, as here. */
export function channelsLast(tensor: Matrix): Matrix {
  const inner = tensor.shape.slice(2).map((_, axis) => axis + 2);
  return permuted(tensor, tensor.shape.length === 2 ? [0, 1] : [0, ...inner, 1]);
}

/** Weights as `[...kernel, in, out]`, of which PyTorch has the last two first: of convolutions and of dense layers. */
export function weightOf(tensor: Matrix | undefined): readonly number[] {
  if (!tensor) return [];
  return permuted(tensor, [...tensor.shape.slice(2).map((_, axis) => axis + 2), 1, 0]).data;
}

/** A dense layer's weight behind `flatten` of such a sample, which has its channels last here. */
export function flattenedWeightOf(tensor: Matrix, [channels, ...inner]: readonly [number, ...number[]]) {
  return weightOf({ shape: [at(tensor.shape, 0), channels, ...inner], data: tensor.data });
}

/** The weight and the bias of a layer that has these. */
export function weightedOf(tensors: Tensors, prefix = ''): Ours {
  const [weight, bias] = [tensors[`${prefix}weight`], tensors[`${prefix}bias`]];
  return { weight: weightOf(weight), ...(bias && { bias: bias.data }) };
}

/** Those of a layer that normalises, and what PyTorch keeps for batches. */
export function normOf(tensors: Tensors, prefix = ''): Ours {
  const names = { weight: 'gamma', bias: 'beta', running_mean: 'movingMean', running_var: 'movingVariance' };
  return Object.fromEntries(
    Object.entries(names).flatMap(([theirs, own]) => {
      const tensor = tensors[`${prefix}${theirs}`];
      return tensor ? [[own, tensor.data]] : [];
    }),
  );
}

/** `[out, in]` as `[in, out]`, its gates in another order. */
function gatesOf({ shape, data }: Matrix, order: readonly number[]): number[] {
  const [outputs, inputs] = [at(shape, 0), shape[1] ?? 1];
  const units = outputs / order.length;
  return Array.from({ length: data.length }, (_, i) => {
    const [row, column] = [Math.floor(i / outputs), i % outputs];
    const from = at(order, Math.floor(column / units)) * units + (column % units);
    return at(data, from * inputs + row);
  });
}

/**
 * A recurrent layer's. PyTorch's gru has r before z, and two biases where we mostly have one, which is their sum, and
 * whose gradient is either's.
 *
 * @param suffix behind each of its names: `_l0`, `_l0_reverse`
 */
export function recurrentOf(
  tensors: Tensors,
  kind: string,
  options: { suffix?: string; gradients?: boolean } = {},
): Ours {
  const { suffix = '_l0', gradients = false } = options;
  const order = kind === 'gru' ? [1, 0, 2] : kind === 'lstm' ? [0, 1, 2, 3] : [0];
  const of = (name: string) => gatesOf(tensors[`${name}${suffix}`] ?? { shape: [order.length, 1], data: [] }, order);
  const bias = of(suffix ? 'bias_ih' : 'bias');
  const other = suffix ? of('bias_hh') : bias.map(() => 0);
  const two = kind === 'gru' && suffix !== '';
  return {
    weight: of('weight_ih'),
    recurrentWeight: of('weight_hh'),
    bias: bias.map((value, i) => (two || gradients ? value : value + at(other, i))),
    ...(two && { recurrentBias: other }),
  };
}

export function attentionOf(tensors: Tensors, prefix = ''): Ours {
  const [weight, bias] = [tensors[`${prefix}in_proj_weight`], tensors[`${prefix}in_proj_bias`]];
  const width = at(weight?.shape ?? [], 1);
  const part = (matrix: Matrix | undefined, k: number, length: number) =>
    (matrix?.data ?? []).slice(k * length, (k + 1) * length);
  const entries = ['query', 'key', 'value'].flatMap((name, k) => [
    [`${name}Weight`, weightOf({ shape: [width, width], data: part(weight, k, width * width) })],
    [`${name}Bias`, part(bias, k, width)],
  ]);
  return {
    ...Object.fromEntries(entries),
    outputWeight: weightOf(tensors[`${prefix}out_proj.weight`]),
    outputBias: tensors[`${prefix}out_proj.bias`]?.data ?? [],
  };
}

/** All names behind a layer's own: `0.dense.weight`. */
export function named(layer: string, own: Ours): Ours {
  return Object.fromEntries(Object.entries(own).map(([name, values]) => [`${layer}.${name}`, values]));
}

/** What begins with so much, without that. */
export function within(tensors: Tensors, prefix: string): Tensors {
  return Object.fromEntries(
    Object.entries(tensors).flatMap(([name, tensor]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), tensor]] : [],
    ),
  );
}
