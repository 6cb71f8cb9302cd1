/** From an architecture to a plan: what every plan begins with, and the one that predicts. `training.ts` has the one that trains. */
import { type Architecture, outputShape, placedLayers } from './architecture.js';
import { definitionOf, type Layer } from './layers/index.js';
import type { Site } from './layers/layer.js';
import { Builder, type Parameter, type Plan, type Value } from './plan/builder.js';
import { storedParts, type WeightFormat } from './plan/formats.js';
import { size } from './shape.js';

/** A layer with the value it makes. */
export interface Step {
  readonly site: Site<Layer>;
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

/** Gives everything that is stored of the parameters its place, and returns it by layer and its name there. */
export function declareParameters(
  builder: Builder,
  architecture: Architecture,
  weights: WeightFormat = 'float32',
): Record<string, Parameter>[] {
  return placedLayers(architecture).map(({ name, parameters }) => {
    const own: Record<string, Parameter> = {};
    for (const part of parameters.flatMap(spec => storedParts(spec.name, spec.shape, weights))) {
      own[part.name] = builder.parameter(`${name}.${part.name}`, part.shape, part.format);
    }
    return own;
  });
}

export function emitForward(
  builder: Builder,
  architecture: Architecture,
  parameters: readonly Record<string, Parameter>[],
  options: { training: boolean; toLogits: boolean },
): Step[] {
  let value = builder.value('input', size(architecture.inputShape));
  const last = architecture.layers.length - 1;
  const first = parameters.findIndex(own => Object.keys(own).length > 0);
  return placedLayers(architecture).map(({ layer, index, name }) => {
    const site: Site<Layer> = {
      layer,
      index,
      name,
      input: value,
      parameters: parameters[index] ?? {},
      skipActivation: options.toLogits && index === last,
      first: index === first,
      training: options.training,
    };
    value = definitionOf(layer).forward(builder, site);
    return { site, output: value };
  });
}

/** Where the first layer takes all rows in every thread, each gathers them for itself: that costs less than waiting for one another and fetching half of them from its cache. */
export function emitGather(builder: Builder, architecture: Architecture): void {
  const columns = size(architecture.inputShape);
  const first = architecture.layers.find(({ kind }) => kind !== 'flatten');
  const own = first?.kind === 'dense' && builder.byOutputs(first.units);
  const { data, ownBytes } = builder.value('input', columns, { own });
  builder.emit('gather', 'input', { y: data, targets: 0, columns, ownBytes });
}

/**
 * The plan that predicts. Section `predict` checks the samples, and leaves the outputs row-major in region `predictions`; a section with a float32 parameter's name takes its rows from where
 * samples are.
 */
export function planPrediction(
  architecture: Architecture,
  capacity: number,
  paired: boolean,
  threads = 1,
  weights: WeightFormat = 'float32',
): NetworkPlan {
  const builder = new Builder(capacity, { training: false, paired, threads });
  const parameters = declareParameters(builder, architecture, weights);
  const inputs = size(architecture.inputShape);
  const outputs = size(outputShape(architecture));
  let steps: Step[] = [];
  for (const { name, columns, data, format } of builder.parameters) {
    if (format !== 'float32') continue;
    builder.section(name, () => builder.emit('gather', name, { y: data, targets: 0, columns, ownBytes: 0 }));
  }
  builder.section('predict', () => {
    builder.emit('checkFinite', 'input', { columns: inputs });
    emitGather(builder, architecture);
    steps = emitForward(builder, architecture, parameters, { training: false, toLogits: false });
    const y = builder.region('predictions', capacity * outputs * 4);
    builder.emit('scatter', 'output', { y, x: outputOf(builder, steps).data, columns: outputs });
  });
  return { plan: builder.finish(), inputs, outputs, layers: layersOf(steps) };
}

export function outputOf(builder: Builder, steps: readonly Step[]): Value {
  return steps.at(-1)?.output ?? builder.value('input', 0);
}

export function layersOf(steps: readonly Step[]): NetworkPlan['layers'] {
  return steps.map(({ site, output }) => ({ name: site.name, value: output }));
}
