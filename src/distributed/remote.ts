/** A cluster of workers on other machines. */
import { checkOptions, wrongType } from '../errors.js';
import { crossValidateRows } from '../search/crossValidate.js';
import { searchRows } from '../search/search.js';
import { checkBroker, openBroker } from './brokers.js';
import type { Cluster } from './cluster.js';
import { Coordinator } from './coordinator.js';
import { remoteRuns, rowsOf } from './remoteRuns.js';
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
  const create = deterministic(models);
  return {
    averageRounds: options => averageRounds(models, checkReader, open, options),
    crossValidate: async (architecture, data, options) => {
      const reader = checkReader('crossValidate: data', data);
      const rows = rowsOf(open, reader, options?.signal);
      return crossValidateRows(create, remoteRuns(open, reader), architecture, rows, options);
    },
    search: async (space, data, options) => {
      const reader = checkReader('search: data', data);
      return searchRows(create, remoteRuns(open, reader), space, rowsOf(open, reader, options?.signal), options);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function checkReader(where: string, data: string): string {
  if (typeof data === 'string') return data;
  const mend = 'give workers a file of readers: --data data.js';
  throw wrongType(where, "a reader's name, which workers have", data, mend);
}
