/** What every optimiser is made of. */
import type { Builder } from '../plan/builder.js';

export interface OptimizerDefinition<C> {
  readonly options: readonly string[];
  /** Validates a factory's options, and gives the config complete and frozen. */
  configure(options: object): C;
  /** The buffers it keeps, each as large as the parameters, and what their numbers always are. */
  state(config: C): Readonly<Record<string, 'finite' | 'notNegative'>>;
  /** Emits the update of all parameters, one record for each of `builder.stretches()`. */
  emit(builder: Builder, config: C): void;
}
