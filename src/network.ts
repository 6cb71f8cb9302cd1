/**
 * From an architecture to a plan: what every plan begins with, and the one that predicts. `training.ts` has the one
 * that trains.
 */
import { type Architecture, outputShape, placedLayers } from './architecture.js';
import { definitionOf, type Layer } from './layers/index.js';
import type { LayerForward, Layout, Past, Place, Site } from './layers/layer.js';
import {
  Builder,
  type Extent,
  type Owner,
  type Parameter,
  type Plan,
  type Together,
  type Value,
} from './plan/builder.js';
import { storedParts, type WeightFormat } from './plan/formats.js';
import { checkFinite, gather, rearrange, scatter } from './plan/ops/batch.js';
import { type Shape, size } from './shape.js';

/** A layer with what it made, or a value whose numbers came to lie in another way. */
export type Step = LayerStep | Arrangement;

export interface LayerStep extends Past<unknown> {
  readonly site: Site<Layer>;
}

export interface Arrangement {
  readonly from: Value;
  readonly output: Value;
}

/** A plan and the values that TypeScript reads from it. */
export interface NetworkPlan {
  readonly plan: Plan;
  readonly inputs: number;
  readonly outputs: number;
  /** Each layer's output, in order. */
  readonly layers: readonly { readonly name: string; readonly value: Value }[];
}

/** Gives each layer its place, and everything that is stored of its parameters. */
export function placeLayers(
  builder: Builder,
  architecture: Architecture,
  weights: WeightFormat = 'float32',
): Place<Layer>[] {
  const places = placedLayers(architecture).map(({ parameters: specs, ...place }) => {
    const parameters: Record<string, Parameter> = {};
    return { ...place, parameters, specs };
  });
  // One flat array for optimisers first, then tables whose rows are updated by themselves, then what is not trained.
  for (const group of [{}, { rowwise: true }, { trainable: false }]) {
    const { trainable = true, rowwise = false } = group;
    for (const { name, parameters, specs } of places) {
      const own = specs.filter(spec => {
        const learns = spec.trainable ?? true;
        return learns === trainable && (learns && (spec.rowwise ?? false)) === rowwise;
      });
      for (const { name: part, shape, format } of own.flatMap(spec => storedParts(spec.name, spec.shape, weights))) {
        parameters[part] = builder.parameter(`${name}.${part}`, shape, { format, trainable, rowwise });
      }
    }
  }
  return places;
}

export function emitForward(
  builder: Builder,
  places: readonly Place<Layer>[],
  input: Value,
  options: { toLogits: boolean; forwardOf?: (layer: Layer) => LayerForward<Layer, unknown> | undefined },
): Step[] {
  let value = input;
  const steps: Step[] = [];
  const first = places.find(({ parameters }) => Object.keys(parameters).length > 0);
  for (const place of places) {
    const definition = definitionOf(place.layer);
    const site: Site<Layer> = {
      ...place,
      place,
      input: arrange(builder, steps, value, extentOf(place.inputShape, definition.layout(place.layer), value)),
      skipActivation: options.toLogits && place === places.at(-1),
      first: place === first,
    };
    const forward = options.forwardOf?.(place.layer) ?? definition.forward;
    const past = forward(builder, site);
    value = past.output;
    steps.push({ site, ...past });
  }
  return steps;
}

/** How the numbers of such a shape lie in that layout, `any` being as they do. */
export function extentOf(shape: Shape, layout: Layout, now: Extent): Extent {
  if (layout === 'any') return now;
  if (layout === 'flat') return { positions: 1, columns: size(shape) };
  return { positions: size(shape.slice(0, -1)), columns: shape.at(-1) ?? 1 };
}

/** The value as it is to lie: itself where it does so, or else a step brings that about. */
export function arrange(builder: Builder, steps: Step[], from: Value, { positions, columns }: Extent): Value {
  if (from.positions === positions) return from;
  const { rectified, name } = from;
  const output = builder.value(from, { positions, columns }, { role: `by ${columns}`, rectified });
  builder.emit(rearrange, name, { y: output.data, x: from.data, columns, from: from.columns }, positions);
  steps.push({ from, output });
  return output;
}

const INPUT: Owner = { name: 'input' };

/**
 * Where every thread runs the first layer over all rows, each gathers all of them into a copy of its own: that costs
 * less than waiting for the other threads and fetching the rows that they gathered from their caches.
 */
export function emitGather(builder: Builder, architecture: Architecture): Value {
  const { inputShape, layers } = architecture;
  const flat = { positions: 1, columns: size(inputShape) };
  const layouts = layers.map(layer => definitionOf(layer).layout(layer));
  const extent = extentOf(inputShape, layouts.find(layout => layout !== 'any') ?? 'flat', flat);
  const first = layers.find(({ kind }) => kind !== 'flatten');
  const own = first?.kind === 'dense' && builder.byOutputs(first.units);
  const input = builder.value(INPUT, extent, { own });
  const { data: y, ownBytes, positions, columns } = input;
  const fields = { y, targets: 0, columns, stride: flat.columns, start: 0, ownBytes };
  builder.emit(gather, INPUT.name, fields, positions);
  return input;
}

/**
 * The plan that predicts. Section `predict` checks the samples, and leaves the outputs row-major in region
 * `predictions`; the section of a float32 parameter takes its rows from where samples are.
 */
export function planPrediction(
  architecture: Architecture,
  capacity: number,
  paired: boolean,
  weights: WeightFormat = 'float32',
  together?: Together,
): NetworkPlan {
  const builder = new Builder(capacity, { training: false, paired, together });
  const places = placeLayers(builder, architecture, weights);
  const inputs = size(architecture.inputShape);
  const outputs = size(outputShape(architecture));
  let steps: Step[] = [];
  for (const parameter of builder.parameters) {
    const { name, columns, data: y, format } = parameter;
    if (format !== 'float32') continue;
    const fields = { y, targets: 0, columns, stride: columns, start: 0, ownBytes: 0 };
    builder.section(parameter, () => builder.emit(gather, name, fields));
  }
  builder.section('predict', () => {
    builder.emit(checkFinite, INPUT.name, { columns: inputs });
    const input = emitGather(builder, architecture);
    steps = emitForward(builder, places, input, { toLogits: false });
    const y = builder.region('predictions', capacity * outputs * 4);
    const { data: x, columns, positions } = outputOf(steps);
    builder.emit(scatter, 'output', { y, x, columns, stride: outputs, start: 0 }, positions);
  });
  return { plan: builder.finish(), inputs, outputs, layers: layersOf(steps) };
}

export function outputOf(steps: readonly Step[]): Value {
  const last = steps.at(-1);
  if (!last) throw new Error('a network has layers');
  return last.output;
}

export function layersOf(steps: readonly Step[]): NetworkPlan['layers'] {
  return steps.flatMap(step => ('site' in step ? [{ name: step.site.name, value: step.output }] : []));
}
