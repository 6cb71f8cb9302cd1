import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { activationNames } from '../layers/activations.js';
import { methods } from '../search/search.js';
import { columnKinds } from '../tabular/columns.js';
import type { BenchOptions } from './bench.js';
import { type EvaluateOptions, evaluate } from './evaluate.js';
import type { ForecastOptions } from './forecast.js';
import { inspect } from './inspect.js';
import { createOutput, onScreen } from './output.js';
import { type PredictOptions, predict } from './predict.js';
import { type TrainOptions, train } from './train.js';
import type { FoldsOptions, SearchFileOptions } from './tune.js';
import {
  choice,
  classWeights,
  delimiter,
  fileName,
  gathered,
  hiddenSizes,
  missingWords,
  number,
  seed,
  thousands,
  threshold,
  UsageError,
  wholeNumber,
  wholeNumbers,
} from './usage.js';
import { type WorkFileOptions, workWith } from './work.js';

const program = new Command('myelin')
  .description('Train neural networks on CSV files, and predict with them.')
  .version(version(), '--version', 'print the version')
  .helpOption('-h, --help', 'show how it is used')
  .helpCommand('help [command]', 'show how a command is used')
  .showSuggestionAfterError()
  .configureOutput({ outputError: message => complain(inOurVoice(message)) })
  .exitOverride()
  .addHelpText(
    'after',
    `
Examples:
  myelin train flowers.csv --target species
  myelin predict model.safetensors new-flowers.csv > predictions.csv
  myelin evaluate model.safetensors more-flowers.csv
  myelin inspect model.safetensors

Exit codes: 0 done, 1 bad data or model, 2 bad usage.`,
  );

/** As src/bench/suites.ts has them, which is read only where benchmarks are run; a test compares the two. */
const SUITES =
  'training, inference, gemm, ops, conv, image, sequence, step, coldStart, threads, speedUp, published, networks, width, batch, depth';

/** The options that say how a CSV file is read. */
function withReading(command: Command, unless: string): Command {
  return command
    .option('--delimiter <sign>', 'what stands between cells: , ; tab bar … (default: found)', delimiter)
    .option(
      '--decimal <sign>',
      `what stands before fractions: . or , (default: ${unless})`,
      choice('--decimal', ['.', ',']),
    )
    .option('--thousands <sign>', `what groups digits: , . space apostrophe none (default: ${unless})`, thousands)
    .option('--missing <words>', 'what counts as missing beside empty cells, between commas', missingWords)
    .option('--header', 'the first line holds the names, whatever it looks like')
    .option('--no-header', 'there are no names: columns are column1, column2 and so on');
}

const NO_TARGET = "required option '--target <column>' not specified; see myelin train --help";

/** The options of whatever trains on a table. */
function withTraining(command: Command, ...tasks: string[]): Command {
  // Anomalies are of no column: there the action asks for one.
  const named =
    tasks.length === 0
      ? command.requiredOption('--target <column>', 'the column to predict')
      : command.option('--target <column>', 'the column to predict');
  return named
    .option('--hidden <sizes>', 'units of the hidden layers, such as 64,32; or none', hiddenSizes, [64])
    .option(
      '--activation <name>',
      `activation of the hidden layers: ${activationNames.join(', ')}`,
      choice('--activation', activationNames),
      'relu',
    )
    .option(
      '--dropout <rate>',
      'fraction of hidden units dropped in training',
      number('--dropout', { min: 0, below: 1 }),
      0,
    )
    .option(
      '--epochs <count>',
      'passes over the training rows (default: about 2000 steps, 20 to 300 epochs)',
      wholeNumber('--epochs', 1),
    )
    .option('--batch-size <rows>', 'rows per step', wholeNumber('--batch-size', 1, 2 ** 20), 32)
    .option('--learning-rate <rate>', "Adam's step size", number('--learning-rate', { above: 0 }), 0.001)
    .option(
      '--weight-decay <rate>',
      'pulls weights to zero (AdamW when above 0)',
      number('--weight-decay', { min: 0 }),
      0,
    )
    .option('--seed <number>', 'same seed, same split and same model', seed('--seed'), 0)
    .option(
      '--validation <fraction>',
      'share of the rows held out, and of the others that choose the epoch',
      number('--validation', { min: 0, below: 1 }),
      0.2,
    )
    .option(
      '--task <task>',
      `${['classification', 'regression', ...tasks].join(', ')} (default: decided from the target)`,
      choice('--task', ['classification', 'regression', ...tasks]),
    )
    .option(
      '--impute',
      'fill missing values in, here and later: numbers with the median, texts with the most frequent one',
    )
    .option(
      '--columns <kinds>',
      `what columns are, such as plan=category,signup=date: ${columnKinds.join(', ')}`,
      gathered,
    )
    .option('--ignore <columns>', 'a column to leave out, or some between commas; again for more', gathered)
    .option(
      '--keep <epoch>',
      'best: the epoch with the lowest validation loss; last: the last one',
      choice('--keep', ['best', 'last']),
      'best',
    )
    .option(
      '--patience <epochs>',
      'with --keep best: epochs without a lower validation loss that end the training (default: a tenth, 10 at least)',
      wholeNumber('--patience', 1),
    )
    .option('--calibrate', 'make probabilities say how often they are right, by the validation rows')
    .option(
      '--threshold <wish>',
      "from which probability on it is the second of two classes: f1, 'cost 5:1' (missed : false alarm), 'recall 0.8'",
      threshold,
    )
    .option(
      '--class-weights <weights>',
      'how much classes count in training: balanced, or numbers by their names, such as yes=5,no=1',
      classWeights,
    )
    .option('--no-refit', 'save the model that was judged, not one that is trained again on all rows')
    .option('--no-turbo', 'leave the flags of the JavaScript engine alone')
    .option('--json', 'print one JSON object per event on its own line');
}

withTraining(withReading(program.command('train'), 'found'), 'forecast', 'anomaly')
  .description('Train a network on a CSV file and save it.')
  .argument('<file>', 'the table: CSV (also .tsv and .gz; - for standard input), .jsonl or .parquet')
  .option('--out <file>', 'where to save the model', fileName('--out'), 'model.safetensors')
  .option('--horizon <steps>', 'with --task forecast: how many steps it predicts', wholeNumber('--horizon', 1, 10_000))
  .option(
    '--quantile <share>',
    'with --task anomaly: the share of rows that is normal (default: 0.99)',
    number('--quantile', { above: 0, below: 1 }),
  )
  .option(
    '--length <steps>',
    'with --task forecast: how many steps before them it is given (default: two seasons or horizons)',
    wholeNumber('--length', 1, 100_000),
  )
  .option(
    '--season <steps>',
    'with --task forecast: after how many steps the series is alike (default: found)',
    wholeNumber('--season', 2, 100_000),
  )
  .option('--report <file>', 'write a page of curves, figures, mistakes, columns and settings', fileName('--report'))
  .addHelpText(
    'after',
    `
Texts are classes, and so are two different numbers, or a few whole numbers that
repeat; other numbers are quantities (--task overrides). Numeric columns are
standardised; text columns become one input per value, at most 100. What was
learned about the columns is saved with the model.

Numbers are read by one grammar for the whole file, which its cells show; where
1,234 could be two numbers, --decimal or --thousands says which. Whole numbers
with leading zeros (007) or beyond 2^53 stay texts, and so do lists (1,2,3).
Empty cells, NA, N/A, n/a, NaN, nan, null and NULL are missing values; --missing
gives other words for them: --missing 'NA,?', or --missing '' for none.

Some rows are held out for the figures. Of the others, with --keep best, some
choose when to stop; what is saved is then trained again on all rows, for as
many epochs (--no-refit leaves that out).

The losses of a regression are in standardised units, the scores at the end in
the target's own. Ctrl-C (or SIGTERM) stops, keeps the best epoch so far and
saves it; a second one ends at once.

Examples:
  myelin train flowers.csv --target species
  myelin train machines.csv --task anomaly --ignore id
  myelin train sales.csv --target sold --task forecast --horizon 7
  myelin train houses.csv --target price --hidden 64,32 --epochs 200 --impute --out houses.safetensors`,
  )
  .action(async (file: string, options: TrainOptions | ForecastOptions, command: Command) => {
    const given = Object.keys(options).filter(name => command.getOptionValueSource(name) === 'cli');
    if ((options.task as string) === 'forecast') {
      if (options.target === undefined) throw new UsageError(NO_TARGET);
      if (!('horizon' in options)) throw new UsageError('--task forecast: expected --horizon, the steps to predict');
      await (await import('./forecast.js')).trainForecast(file, options, given);
      return;
    }
    const foreign = given.find(name => ['horizon', 'length', 'season'].includes(name));
    if (foreign) throw new UsageError(`--${foreign}: expected --task forecast with it`);
    if ((options.task as string) === 'anomaly') {
      await (await import('./anomaly.js')).trainAnomaly(file, options, given);
      return;
    }
    if (given.includes('quantile')) throw new UsageError('--quantile: expected --task anomaly with it');
    if (options.target === undefined) throw new UsageError(NO_TARGET);
    await train(file, options);
  });

const WORKERS = 'how many are trained at a time, on threads (default: the cores, where that is quicker)';
const METHODS =
  'random; grid: every combination of some; halving: all for a while, the better third three times as long';
const trials = wholeNumber('--trials', 1, 100_000);

withTraining(withReading(program.command('cross-validate'), 'found'))
  .description('Judge training on a table by rows that it did not see, fold by fold.')
  .argument('<file>', 'the CSV file')
  .option('--folds <count>', 'parts of the rows, each of which judges once', wholeNumber('--folds', 2, 1000), 5)
  .option('--rounds <count>', 'rounds of folds, with the seeds that follow', wholeNumber('--rounds', 1, 1000), 1)
  .option('--workers <count>', WORKERS, wholeNumber('--workers', 1, 256))
  .addHelpText('after', '\nExample:\n  myelin cross-validate flowers.csv --target species --folds 10')
  .action(async (file: string, options: FoldsOptions) => (await import('./tune.js')).crossValidateFile(file, options));

withTraining(withReading(program.command('search'), 'found'))
  .description('Try what is not said of layers, rates and dropout, and save the model of the best.')
  .argument('<file>', 'the CSV file')
  .option('--trials <count>', 'how many settings are tried (default: 20, of a grid all)', trials)
  .option('--method <name>', METHODS, choice('--method', methods), 'random')
  .option('--workers <count>', WORKERS, wholeNumber('--workers', 1, 256))
  .option('--out <file>', 'where to save the model', fileName('--out'), 'model.safetensors')
  .addHelpText('after', '\nExample:\n  myelin search flowers.csv --target species --trials 50')
  .action(async (file: string, options: SearchFileOptions, command: Command) => {
    const given = Object.keys(options).filter(name => command.getOptionValueSource(name) === 'cli');
    await (await import('./tune.js')).searchFile(file, options, given);
  });

withReading(program.command('predict'), "the model's")
  .description('Predict every row of a CSV file, as CSV: the prediction, then the probability of each class.')
  .argument('<model>', 'the model file')
  .argument('<file>', 'the CSV file; columns are found by name, others are ignored')
  .option('--out <file>', 'write to this file instead of standard output', fileName('--out'))
  .option('--impute', 'fill missing values in, and take unknown texts for the most frequent')
  .option(
    '--interval <share>',
    'of numbers: print lower and upper too, between which that share of rows lies, such as 0.9',
    number('--interval', { above: 0, below: 1 }),
  )
  .option('--json', 'print one JSON object per row')
  .addHelpText('after', '\nExample:\n  myelin predict model.safetensors new-flowers.csv > predictions.csv')
  .action((model: string, file: string, options: PredictOptions) => predict(model, file, options));

withReading(program.command('evaluate'), "the model's")
  .description('Compare the predictions for a CSV file with its target column.')
  .argument('<model>', 'the model file')
  .argument('<file>', 'the CSV file, with the target')
  .option('--target <column>', 'the target (default: the one the model was trained on)')
  .option('--impute', 'fill missing values in, and take unknown texts for the most frequent')
  .option('--report <file>', 'write a page of figures, curves and mistakes', fileName('--report'))
  .option('--json', 'print one JSON object')
  .addHelpText('after', '\nExample:\n  myelin evaluate model.safetensors more-flowers.csv')
  .action((model: string, file: string, options: EvaluateOptions) => evaluate(model, file, options));

program
  .command('inspect')
  .description('Show what is in a model file: layers, columns, classes.')
  .argument('<model>', 'the model file')
  .option('--json', 'print one JSON object')
  .addHelpText('after', '\nExample:\n  myelin inspect model.safetensors')
  .action((model: string, options: { json: boolean }) => inspect(model, options));

program
  .command('work')
  .description("Train what a cluster's coordinators give, on rows that this machine reads.")
  .argument('<url>', 'the broker: redis://…, rediss://… or postgres://…')
  .requiredOption('--name <name>', "the cluster's name")
  .requiredOption(
    '--data <file>',
    'a module that exports readers: ({ part, parts }) => ({ x, y, scale })',
    fileName('--data'),
  )
  .option(
    '--lock <seconds>',
    'after how long a worker that is not heard of has lost its job',
    number('--lock', { min: 1 }),
    30,
  )
  .option('--status', 'print one JSON object a job on its own line')
  .addHelpText(
    'after',
    `
Needs the packages bullmq and, for redis://, ioredis or, for postgres://, pg.
SIGTERM and Ctrl-C end it when the job under way is done.

Example:
  myelin work rediss://worker:secret@broker:6379 --name digits --data ./data.js --status`,
  )
  .action((url: string, options: WorkFileOptions) => workWith(url, options));

program
  .command('bench')
  .description(
    'Measure how fast a network trains and predicts here, beside the limit of the machine and other libraries.',
  )
  .argument('[suites...]', `what to measure: ${SUITES} (default: training inference)`)
  .option('--network <network>', "widths, an architecture's JSON or a file of it, or a model file", '784-128-10')
  .option('--batch <rows>', 'batch sizes, between commas', wholeNumbers('--batch', 1, 2 ** 16), [32])
  .option('--threads <counts>', 'threads, between commas (default: 1)', wholeNumbers('--threads', 1, 256), [])
  .option('--turbo', 'myelin with flags of the JavaScript engine as well')
  .option('--optimizer <name>', 'adam or sgd', choice('--optimizer', ['adam', 'sgd']), 'adam')
  .option('--peers <names>', 'who else takes part: all, none, or names between commas', 'all')
  .option('--seconds <count>', 'how long it may take, roughly', number('--seconds', { above: 0 }), 45)
  .option('--json', 'print the whole run as one JSON object')
  .option('--html <file>', 'write one page with all tables and charts', fileName('--html'))
  .option('--svg <path>', 'write all charts as one .svg, or into a folder with the figures of each', fileName('--svg'))
  .option('--compare <run>', 'with another run: what changed between two files of --json', fileName('--compare'))
  .option('--threshold <percent>', 'how much slower is too much', number('--threshold', { above: 0 }), 10)
  .addHelpText(
    'after',
    `
Everyone has the same first parameters, rows, order and optimiser, and takes turns;
figures are medians, with half the distance between the quartiles. Shares are of
what one core does at most in 128 bits, and of copying as many bytes, measured
beside. Ctrl-C shows what was measured.

Examples:
  myelin bench --network 784-128-10 --batch 1,32
  myelin bench gemm ops --turbo
  myelin bench width batch --html report.html
  myelin bench --json > b.json; myelin bench --compare a.json b.json`,
  )
  // Read only now: most uses of the command line are others.
  .action(async (suites: string[], options: BenchOptions) => (await import('./bench.js')).bench(suites, options));

// A reader that has seen enough, such as head, is no error. Of a full disk each write tells: once is enough, and what
// else is to be done, such as saving a model, goes on.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' || process.exitCode === 1) return;
  process.exitCode = 1;
  process.stderr.write(`myelin: standard output: expected a place to write to, got ${error.message}\n`);
});
const code = await main();
process.exitCode ||= code;

async function main(): Promise<number> {
  try {
    await program.parseAsync();
    return 0;
  } catch (error) {
    // Commander has already written its own messages, and help is no failure.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    complain(explain(error), problemsOf(error));
    return error instanceof UsageError ? 2 : 1;
  }
}

/**
 * Says what went wrong on standard error, each problem on a line where there are several, and with --json also as an
 * event.
 */
function complain(message: string, problems: readonly string[] = []): void {
  const many = problems.length > 1 ? { problems } : {};
  createOutput(process.argv.includes('--json')).event('error', { message, ...many });
  const lines = problems.length > 1 ? [`${problems.length} problems`, ...problems] : [message];
  process.stderr.write(`${onScreen(`myelin: ${lines.map(onOneLine).join('\n')}`, process.stderr)}\n`);
}

/** All that is wrong, where an error is about several things. */
function problemsOf(error: unknown): readonly string[] {
  const { problems } = (error ?? {}) as { problems?: unknown };
  return Array.isArray(problems) ? problems : [];
}

/** Commander's message as one line: «error: unknown option '--epoch'\n(Did you mean --epochs?)». */
function inOurVoice(message: string): string {
  const line = message
    .trim()
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ');
  const command = program.commands.find(command => command.name() === process.argv[2]);
  return `${line}; see myelin ${command === undefined ? '' : `${command.name()} `}--help`;
}

/** What went wrong, whatever was thrown. */
function explain(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function onOneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}

function version(): string {
  const manifest: { version: string } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  return manifest.version;
}
