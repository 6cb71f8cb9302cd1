/** A cluster of workers on other machines. */
import { checkOptions } from '../errors.js';
import { checkBroker, openBroker } from './brokers.js';
import type { Cluster } from './cluster.js';
import { Coordinator } from './coordinator.js';
import { averageRounds } from './rounds.js';
import type { Models } from './shard.js';

/** The cluster at a broker's address; connects when it is first used. */
export function clusterBy(models: Models, url: string, options: { readonly name: string }): Cluster<string> {
  const where = 'cluster';
  checkOptions(where, options, ['name']);
  checkBroker(where, url, options.name);
  let opened: Promise<Coordinator> | undefined;
  const open = () => {
    opened ??= openBroker(where, url, options.name).then(broker => new Coordinator(broker));
    opened.catch(() => {
      opened = undefined;
    });
    return opened;
  };
  const close = async () => {
    const coordinator = await opened?.catch(() => undefined);
    opened = undefined;
    await coordinator?.close();
  };
  return {
    averageRounds: async options => averageRounds(models, await open(), options),
    close,
    [Symbol.asyncDispose]: close,
  };
}
