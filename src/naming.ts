/** What a model takes and gives by the names of its network's inputs and outputs, as far as types know them. */
import type { Architecture } from './architecture.js';
import type { Samples } from './data/samples.js';
import type { NamedParameter } from './parameters.js';
import type { Shape } from './shape.js';

/** What a model does whose inputs or outputs have names. */
export interface Naming<X, Y> {
  predict(x: X): Y;
  predictAsync(x: X, options?: { threads?: 'auto' | number }): Promise<Y>;
  forward(x: X): { output: Y; layers: NamedParameter[] };
}

type SamplesFor<A extends Architecture> = A['inputShape'] extends Shape
  ? Samples
  : { readonly [Name in keyof A['inputShape']]: Samples };
type OutputsFor<A extends Architecture> = A extends {
  readonly outputs: Readonly<Record<infer Name extends string, number>>;
}
  ? Record<Name, Float32Array>
  : Float32Array;

/** A model whose network's inputs or outputs have names, as far as its type says which. */
export type ModelOf<M, A extends Architecture> = Architecture extends A
  ? M
  : A extends { readonly inputShape: Shape; readonly outputs?: number }
    ? M
    : Naming<SamplesFor<A>, OutputsFor<A>> & M;
