/** What every kind of layer is made of, and the site where one stands in a network. */
import type { InitializerConfig } from '../initializers/index.js';
import type { Builder, Owner, Parameter, Value } from '../plan/builder.js';
import type { Gradients } from '../plan/gradients.js';
import type { TrainingBuilder } from '../plan/trainingBuilder.js';
import type { Shape } from '../shape.js';

/** A parameter of a layer before it has a place. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  /** Of its matrix, the product of some last axes; the last one by default. */
  readonly columns?: number;
  readonly initializer: InitializerConfig;
  /** Where its numbers begin at 1 whatever the initialiser: from the first of them up to, not with, the second. */
  readonly ones?: readonly [from: number, to: number];
  /** Whether training updates it by its gradient; true by default. State, such as moving averages, has none. */
  readonly trainable?: boolean;
  /** Whether a step updates only the rows that its batch names; false by default. */
  readonly rowwise?: boolean;
}

/** A layer in its place in a plan. */
export interface Place<L> extends Owner {
  readonly layer: L;
  readonly index: number;
  readonly inputShape: Shape;
  readonly sourceShapes: readonly Shape[];
  readonly outputShape: Shape;
  /** By which input's lengths each of what it reads ends, counted from 1; 0 where by none's. */
  readonly lengths: readonly number[];
  /** The layer's parameters by their own names: `weight`, `bias`; and `weight.scale` where weights are int8. */
  readonly parameters: Readonly<Record<string, Parameter>>;
}

/** A layer where records go through its place: one for each time that they are emitted. */
export interface Site<L> extends Place<L> {
  /** Whose the layer's values are. */
  readonly place: Place<L>;
  /** As the layer's {@link LayerDefinition.layout} wants it. */
  readonly input: Value;
  /** Where it reads several, all of them, which lie alike. */
  readonly inputs: readonly Value[];
  /** Where the last layer's softmax or sigmoid is left to the loss, its output is the logits. */
  readonly skipActivation: boolean;
  /** Whether it is the first layer with parameters. */
  readonly first: boolean;
}

/** What a layer made, and what it keeps of that for its way back. */
export interface Past<S> {
  readonly output: Value;
  readonly saved: S;
}

/**
 * How the numbers of a sample are to lie: in a row for each position, of the last axis' numbers; all in one row; or
 * either way.
 */
export type Layout = 'lastAxis' | 'flat' | 'any';

/**
 * Of which steps of a sequence one of the output is made: of `each` by itself, of it and those `before` it, or of
 * `all` that count.
 */
export type Steps = 'each' | 'before' | 'all';

/** What a layer reads, as messages name it, and the shape of a sample of that. */
export interface Source {
  readonly name: string;
  readonly shape: Shape;
}

/** How a kind of layer describes itself, what shapes it makes, and how it runs forward, saving an `S`. */
export interface LayerDefinition<L, S = unknown> {
  /** `dense(10)`, as messages and summaries write it. */
  describe(layer: L): string;
  /** Whether it reads several, and no single one unless it says `maybe`. */
  readonly merges?: boolean | 'maybe';
  /** The shape of its output; `from` names where the input comes from, `sources` are all of them. */
  outputShape(layer: L, input: Shape, from: string, sources: readonly Source[]): Shape;
  /** `sources` are the shapes of all that it reads. */
  parameters(layer: L, input: Shape, sources: readonly Shape[]): readonly ParameterSpec[];
  /** How its input is to lie. */
  layout(layer: L): Layout;
  /** How a step of its output hangs on its input's; without it sequences neither end early nor come by the step. */
  steps?(layer: L): Steps | undefined;
  /** As while predicting; `backward.ts` has the ways of those that go another one in a training step. */
  readonly forward: LayerForward<L, S>;
}

/** Emits the records from input to output. */
export type LayerForward<L, S> = (builder: Builder, site: Site<L>) => Past<S>;

/**
 * Emits the records from the output's gradient to the parameters' gradients, and gives the input's to `gradients`, in
 * the order they run.
 */
export type LayerBackward<L, S> = (
  builder: TrainingBuilder,
  site: Site<L>,
  past: Past<S>,
  gradients: Gradients,
) => void;
