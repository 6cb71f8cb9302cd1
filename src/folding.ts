/**
 * Batch normalisation while predicting: a factor and a shift for each column, which the layer with weights before it
 * takes into these; and with it what acts on each number behind it.
 */
import { FORWARD_ONLY } from './forwardOnly.js';
import type { Layer } from './layers/index.js';
import type { NodePlace } from './network.js';
import type { Builder, Parameter } from './plan/builder.js';
import type { Region } from './plan/memory.js';
import { PANEL, panelBytes } from './plan/panels.js';

/**
 * What plans are told that predict. The bits are others then, so where these are to be the same everywhere nothing is
 * folded; nor is it where nothing but predictions is in the bundle, for which bytes count.
 */
export function foldingOf({ deterministic }: { readonly deterministic: boolean }): { folds: boolean } {
  return { folds: !FORWARD_ONLY && !deterministic };
}

/** The weights of those layers whose columns are their outputs. */
const weightOf: Readonly<Record<string, string>> = {
  dense: 'weight',
  conv2d: 'weight',
  conv1d: 'weight',
  depthwiseConv2d: 'weight',
  depthwiseConv1d: 'weight',
  separableConv2d: 'pointwiseWeight',
  separableConv1d: 'pointwiseWeight',
};

/**
 * The nodes without batch normalisations that nobody sees and that come behind float32 weights alone. What these become
 * is made by the plan's `settles`. `ends` are the nodes that are outputs.
 */
export function foldNorms(builder: Builder, nodes: readonly NodePlace[], ends: readonly number[]): NodePlace[] {
  const onlyReader = ({ index, readers }: NodePlace) =>
    readers === 1 && !ends.includes(index) ? nodes.find(({ from }) => from.includes(index)) : undefined;
  const folded = new Set<NodePlace>();
  return nodes.flatMap(place => {
    if (folded.has(place)) return [];
    const { layer, parameters } = place;
    const name = weightOf[layer.kind] ?? '';
    const weight = parameters[name];
    const norm = onlyReader(place);
    const isLinear = 'activation' in layer && layer.activation.kind === 'linear';
    if (!isLinear || weight?.format !== 'float32' || norm?.layer.kind !== 'batchNormalization') return [place];
    const behind = onlyReader(norm);
    const [last, activation] =
      behind?.layer.kind === 'activation' ? [behind, behind.layer.activation] : [norm, layer.activation];
    folded.add(norm).add(last);
    const { rows, columns } = weight;
    const w = builder.room(place, panelBytes(rows, columns), `folded ${name}`);
    const b = builder.room(place, panelBytes(1, columns), 'folded bias');
    builder.settles.push(numbersOf => fold(numbersOf, { weight, bias: parameters.bias }, norm, { w, b }));
    const own = { ...parameters, [name]: { ...weight, data: w }, bias: { ...weight, data: b } };
    return [{ ...last, ...whatGoesIn(place), layer: { ...layer, activation } as Layer, parameters: own }];
  });
}

/** Whose values they are, and what they are made of. */
function whatGoesIn({ name, from, inputShape, sourceShapes, lengths }: NodePlace) {
  return { name, from, inputShape, sourceShapes, lengths };
}

/** w = weight · factor and b = (bias − mean) · factor + beta, where factor = gamma / √(variance + epsilon). */
function fold(
  numbersOf: (region: Region) => Float32Array,
  { weight, bias }: { readonly weight: Parameter; readonly bias: Parameter | undefined },
  { layer, parameters }: NodePlace,
  to: { readonly w: Region; readonly b: Region },
): void {
  const numbers = (parameter: Parameter | undefined) => parameter && numbersOf(parameter.data);
  const [from, before, w, b] = [numbersOf(weight.data), numbers(bias), numbersOf(to.w), numbersOf(to.b)];
  const [gamma, beta] = [numbers(parameters.gamma), numbers(parameters.beta)];
  const [mean, variance] = [numbers(parameters.movingMean), numbers(parameters.movingVariance)];
  const { epsilon } = layer as { readonly epsilon: number };
  const panel = weight.rows * PANEL;
  for (let column = 0; column < b.length; column++) {
    const factor = (gamma?.[column] ?? 1) / Math.sqrt((variance?.[column] ?? 1) + epsilon);
    b[column] = ((before?.[column] ?? 0) - (mean?.[column] ?? 0)) * factor + (beta?.[column] ?? 0);
    const first = Math.floor(column / PANEL) * panel + (column % PANEL);
    for (let i = first; i < first + panel; i += PANEL) w[i] = (from[i] as number) * factor;
  }
}
