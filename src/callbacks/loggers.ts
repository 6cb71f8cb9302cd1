/** Writes every epoch's numbers to a file: one that is resumed goes on behind the epochs that it was resumed from. */
import { checkOptions, wrongValue } from '../errors.js';
import type { EpochEvent } from '../trainingOptions.js';
import { type CallbackDefinition, checkText, filesOf, type Training, valueAt } from './callback.js';

export type CsvLogger = { readonly kind: 'csvLogger'; readonly path: string };
export type JsonLogger = { readonly kind: 'jsonLogger'; readonly path: string };

/** Writes a CSV file with a line for each epoch, and the names of the history above them. */
export function csvLogger(options: { path: string }): CsvLogger {
  checkOptions('csvLogger', options, ['path']);
  return Object.freeze({ kind: 'csvLogger', path: checkText('csvLogger: path', options.path) });
}

/** Writes a file with a JSON object for each epoch, one a line. */
export function jsonLogger(options: { path: string }): JsonLogger {
  checkOptions('jsonLogger', options, ['path']);
  return Object.freeze({ kind: 'jsonLogger', path: checkText('jsonLogger: path', options.path) });
}

/** How a logger's lines are written and read back. */
interface Lines {
  readonly head: (keys: readonly string[]) => string | undefined;
  readonly write: (event: EpochEvent, keys: readonly string[]) => string;
  readonly epochOf: (line: string) => number;
}

/** A name as a cell: those of metrics with several settings have commas. */
const cell = (name: string) => (/[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name);

const csv: Lines = {
  head: keys => keys.map(cell).join(','),
  write: (event, keys) => keys.map(key => valueAt(event, key)).join(','),
  epochOf: line => Number.parseInt(line, 10),
};

const json: Lines = {
  head: () => undefined,
  write: event => JSON.stringify(event),
  epochOf: line => Number(/"epoch":(\d+)/.exec(line)?.[1]),
};

const encode = (lines: readonly string[]) => new TextEncoder().encode(lines.map(line => `${line}\n`).join(''));

/** The lines that a file has of epochs up to now, below its head. */
async function former(where: string, path: string, lines: Lines, training: Training): Promise<string[]> {
  const { epoch, keys, files } = training;
  const bytes = epoch === 0 ? undefined : await files?.read(path).catch(() => undefined);
  if (!bytes) return [];
  const text = new TextDecoder().decode(bytes);
  const head = lines.head(keys);
  if (head !== undefined && text !== '' && !text.startsWith(`${head}\n`)) {
    throw wrongValue(`${where}: path`, 'a file with the columns of this fit', 'one with others', 'give another path');
  }
  const found = text.slice(head?.length ?? 0).split('\n');
  return found.filter(line => line !== '' && lines.epochOf(line) <= epoch);
}

function logger<C extends { kind: string; path: string }>(
  configure: (options: { path: string }) => C,
  lines: Lines,
): CallbackDefinition<C> {
  return {
    options: ['path'],
    configure: options => configure(options as { path: string }),
    watch: ({ kind, path }) => ({
      async begin(training) {
        const files = filesOf(training, `${kind}: path`, 'use onEpoch');
        const head = lines.head(training.keys);
        const all = [...(head === undefined ? [] : [head]), ...(await former(kind, path, lines, training))];
        await files.write(path, encode(all));
      },
      async epoch(event, { keys, files }) {
        await files?.append(path, encode([lines.write(event, keys)]));
        return false;
      },
    }),
  };
}

export const csvLoggerCallback: CallbackDefinition<CsvLogger> = /* @__PURE__ */ logger(csvLogger, csv);
export const jsonLoggerCallback: CallbackDefinition<JsonLogger> = /* @__PURE__ */ logger(jsonLogger, json);
