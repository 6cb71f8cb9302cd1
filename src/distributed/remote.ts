/** A cluster of workers on other machines. */
import { checkOptions } from '../errors.js';
import { crossValidationBy } from '../search/crossValidate.js';
import { searchBy } from '../search/search.js';
import { checkSpace } from '../search/space.js';
import { checkFunction } from '../trainingOptions.js';
import { checkBroker, openBroker } from './brokers.js';
import type { Cluster } from './cluster.js';
import { Coordinator } from './coordinator.js';
import { pointOf, remoteRuns, rowsOf } from './remoteRuns.js';
import { averageRounds } from './rounds.js';
import { deterministic, type Models } from './shard.js';

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
    crossValidate: async (architecture, data, given) => {
      const coordinator = await open();
      const name = coordinator.checkData('crossValidate: data', data);
      const rows = await rowsOf(coordinator, name, architecture, given.signal);
      return crossValidationBy(deterministic(models), remoteRuns(coordinator, name))(architecture, rows, given);
    },
    search: async (space, data, given) => {
      const coordinator = await open();
      const name = coordinator.checkData('search: data', data);
      checkSpace('search: space', space);
      checkFunction('search: build', given.build);
      const rows = await rowsOf(coordinator, name, given.build(pointOf(space)), given.signal);
      return searchBy(deterministic(models), remoteRuns(coordinator, name))(space, rows, given);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
