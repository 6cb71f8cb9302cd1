/** myelin where `node:fs` is: Node, Bun and Deno. */
import { nodeHost } from '../hosts/node.js';
import { Model as BareModel } from '../model.js';
import type { Host } from '../runtime/binaries.js';
import { crossValidationBy } from '../search/crossValidate.js';
import { searchBy } from '../search/search.js';
import { Trainer as BareTrainer } from '../trainer.js';

export * from '../index.js';

/** A network with parameters. */
export class Model extends BareModel {
  /** @internal */
  static override get host(): Host {
    return nodeHost;
  }

  /** @internal */
  static override get trainerClass(): typeof Trainer {
    return Trainer;
  }
}

/** Trains a model step by step, epoch by epoch; can be saved and resumed. */
export class Trainer extends BareTrainer<BareModel> {
  /** @internal */
  static override get modelClass(): typeof Model {
    return Model;
  }
}

export const crossValidate = /* @__PURE__ */ crossValidationBy(
  (network, options) => Model.create(network, options),
  nodeHost.runs,
);
export const search = /* @__PURE__ */ searchBy((network, options) => Model.create(network, options), nodeHost.runs);
