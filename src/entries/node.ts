/** myelin where `node:fs` is: Node, Bun and Deno. */
import { readBytes, saveAtomically } from '../files/save.js';
import { nodeHost } from '../hosts/node.js';
import { Model as BareModel, type ModelOptions } from '../model.js';
import type { Host } from '../runtime/binaries.js';
import { Trainer as BareTrainer } from '../trainer.js';

export * from '../index.js';

/** A network with parameters. */
export class Model extends BareModel {
  /** @internal */
  static override get host(): Host {
    return nodeHost;
  }

  /** Writes the model to a .safetensors file: beside it first, then in its place, so that a crash leaves the old file whole. */
  async save(path: string): Promise<void> {
    await saveAtomically(path, this.toBytes());
  }

  /** The model in a file that {@link save} wrote. */
  static async load(path: string, options: Omit<ModelOptions, 'seed'> = {}): Promise<Model> {
    return Model.fromBytes(await readBytes(path), options);
  }

  /** @internal */
  protected override newTrainer(options: unknown, where: string): Trainer {
    return new Trainer(this, this.modelBackend, options, where);
  }
}

/** Trains a model step by step, epoch by epoch; can be saved and resumed. */
export class Trainer extends BareTrainer {
  /** @internal */
  static override get modelClass(): typeof Model {
    return Model;
  }
}
