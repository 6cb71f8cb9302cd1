/** The cost's gradients for the values of a plan, on one way back: whoever read a value gives its share of them. */
import type { Parameter, Value } from './builder.js';
import type { Region } from './memory.js';
import { accumulate, accumulateParameter } from './ops/merge.js';
import { ROW_BYTES } from './panels.js';
import type { TrainingBuilder } from './trainingBuilder.js';

export class Gradients {
  readonly #builder: TrainingBuilder;
  readonly #wanted: ReadonlySet<Value>;
  /** For each value that has a share by now, whether all of them were stopped where a rectifier's output is 0. */
  readonly #stopped = new Map<Value, boolean>();
  /** Parameters that have a gradient by now: more than one place may use them. */
  readonly #learned = new Set<Parameter>();

  /** `wanted`: the values whose gradient anybody asks for. */
  constructor(builder: TrainingBuilder, wanted: ReadonlySet<Value>) {
    this.#builder = builder;
    this.#wanted = wanted;
  }

  /** Whether anything below a value learns. */
  wants(value: Value): boolean {
    return this.#wanted.has(value);
  }

  /** Where a value's gradient lies, whole once all that read it have given their share. */
  of(value: Value): Region {
    return this.#builder.gradientOf(value);
  }

  /** Whether a rectifier's zeros have stopped the gradient of its output already. */
  isStopped(value: Value): boolean {
    return this.#stopped.get(value) ?? false;
  }

  /**
   * Takes the share of one that read `value`: `emit` emits what writes all of it to `dx`. The first one's lies where
   * the gradient is to be; a further one's lies beside it, and a record adds it. `stopped`: whether it is 0 where a
   * rectifier's output is. Nothing is emitted where nobody wants the gradient.
   */
  give(value: Value, owner: string, emit: (dx: Region) => void, stopped = false): void {
    if (!this.wants(value)) return;
    const builder = this.#builder;
    const earlier = this.#stopped.get(value);
    this.#stopped.set(value, stopped && (earlier ?? true));
    const dx = this.of(value);
    if (earlier === undefined) {
      emit(dx);
      return;
    }
    const { positions, columns } = value;
    const further = builder.gradientOf(value, 'further ');
    emit(further);
    builder.emit(accumulate, owner, { dx, further, columns }, positions);
  }

  /**
   * Has `emit` emit what writes the gradients of some parameters, by the names that they have in the layer: of those
   * that learn; false, and nothing emitted, where none does. As with values, a further place's share is added to the
   * first one's.
   */
  learn<N extends string>(
    owner: string,
    parameters: Readonly<Record<N, Parameter | undefined>>,
    emit: (gradients: Readonly<Partial<Record<N, Region>>>) => void,
  ): boolean {
    const builder = this.#builder;
    const learning = Object.entries<Parameter | undefined>(parameters).flatMap(([name, parameter]) =>
      parameter?.gradient ? [{ name, parameter, gradient: parameter.gradient }] : [],
    );
    if (learning.length === 0) return false;
    const isFurther = learning.some(({ parameter }) => this.#learned.has(parameter));
    const places = learning.map(({ name, parameter, gradient }) => {
      this.#learned.add(parameter);
      return [name, isFurther ? builder.furtherGradientOf(parameter) : gradient] as const;
    });
    emit(Object.fromEntries(places) as Partial<Record<N, Region>>);
    for (const { parameter, gradient } of isFurther ? learning : []) {
      const further = builder.furtherGradientOf(parameter);
      for (const { offset, bytes, unit } of builder.partsOf(parameter)) {
        const fields = { dw: gradient.stretch(offset, bytes), further: further.stretch(offset, bytes) };
        builder.emit(accumulateParameter, owner, { ...fields, rows: bytes / ROW_BYTES, unit });
      }
    }
    return true;
  }
}
