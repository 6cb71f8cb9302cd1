/**
 * From an architecture to a plan: what every plan begins with, and the one that predicts. `training.ts` has the one
 * that trains.
 */
import { type Architecture, outputShape, placedLayers } from './architecture.js';
import { definitionOf, type Layer } from './layers/index.js';
import type { Past, Place, Site } from './layers/layer.js';
import { Builder, type Owner, type Parameter, type Plan, type Together, type Value } from './plan/builder.js';
import { storedParts, type WeightFormat } from './plan/formats.js';
import { checkFinite, gather, scatter } from './plan/ops/batch.js';
import { size } from './shape.js';

/** A layer with what it made. */
export interface Step extends Past<unknown> {
  readonly site: Site<Layer>;
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
  return placedLayers(architecture).map(({ layer, index, name, parameters }) => {
    const own: Record<string, Parameter> = {};
    for (const part of parameters.flatMap(spec => storedParts(spec.name, spec.shape, weights))) {
      own[part.name] = builder.parameter(`${name}.${part.name}`, part.shape, part.format);
    }
    return { layer, index, name, parameters: own };
  });
}

export function emitForward(
  builder: Builder,
  places: readonly Place<Layer>[],
  input: Value,
  options: { training: boolean; toLogits: boolean },
): Step[] {
  let value = input;
  const first = places.find(({ parameters }) => Object.keys(parameters).length > 0);
  return places.map(place => {
    const site: Site<Layer> = {
      ...place,
      place,
      input: value,
      skipActivation: options.toLogits && place === places.at(-1),
      first: place === first,
      training: options.training,
    };
    const past = definitionOf(place.layer).forward(builder, site);
    value = past.output;
    return { site, ...past };
  });
}

const INPUT: Owner = { name: 'input' };

/**
 * Where every thread runs the first layer over all rows, each gathers all of them into a copy of its own: that costs
 * less than waiting for the other threads and fetching the rows that they gathered from their caches.
 */
export function emitGather(builder: Builder, architecture: Architecture): Value {
  const columns = size(architecture.inputShape);
  const first = architecture.layers.find(({ kind }) => kind !== 'flatten');
  const own = first?.kind === 'dense' && builder.byOutputs(first.units);
  const input = builder.value(INPUT, columns, { own });
  builder.emit(gather, INPUT.name, { y: input.data, targets: 0, columns, ownBytes: input.ownBytes });
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
    const { name, columns, data, format } = parameter;
    if (format !== 'float32') continue;
    builder.section(parameter, () => builder.emit(gather, name, { y: data, targets: 0, columns, ownBytes: 0 }));
  }
  builder.section('predict', () => {
    builder.emit(checkFinite, INPUT.name, { columns: inputs });
    const input = emitGather(builder, architecture);
    steps = emitForward(builder, places, input, { training: false, toLogits: false });
    const y = builder.region('predictions', capacity * outputs * 4);
    builder.emit(scatter, 'output', { y, x: outputOf(steps).data, columns: outputs });
  });
  return { plan: builder.finish(), inputs, outputs, layers: layersOf(steps) };
}

export function outputOf(steps: readonly Step[]): Value {
  const last = steps.at(-1);
  if (!last) throw new Error('a network has layers');
  return last.output;
}

export function layersOf(steps: readonly Step[]): NetworkPlan['layers'] {
  return steps.map(({ site, output }) => ({ name: site.name, value: output }));
}
