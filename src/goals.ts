/** What is asked of a network's outputs: of each a cost, what that counts, and which metrics. */
import { type Architecture, outputsOf, placedLayers } from './architecture.js';
import { putColumns, takeColumns } from './data/columns.js';
import { type OutputGradient, readGradient, readTargets, type SequenceLengths, type Targets } from './data/samples.js';
import { checkNumber, checkOptions, wrongKind, wrongValue } from './errors.js';
import { hasKey, kindOf } from './kinds.js';
import { sequencesOf } from './lengths.js';
import { fitLoss, type Loss, type LossConfig, mayBeNegative, refuseConstant, resolveLoss } from './losses/index.js';
import { type AskedMetric, checkMetricList, fitMetrics, type Metric, resolveMetrics } from './metrics/definitions.js';
import type { End } from './metrics/metric.js';
import { endOf } from './metrics/tallies.js';
import { allByName, type ByName, valuesByName } from './names.js';
import { endingsOf, type Goal, targetNumbers, wordsOf } from './training.js';

/** A loss; where outputs have names one for all of them, or a record of them. */
export type NetworkLoss = ByName<Loss>;
/** Targets, or where outputs have names a record of them. */
export type NetworkTargets = ByName<Targets>;

/** What users say of their goals. */
export interface GoalOptions {
  /** Where outputs have names, one for all of them or an object by those. */
  readonly loss: NetworkLoss;
  /** What each output's cost counts in the whole, by their names; 1 by default. */
  readonly lossWeights?: Readonly<Record<string, number>>;
  /** None by default; where outputs have names, an object of lists by those. */
  readonly metrics?: ByName<readonly Metric[]>;
}

/** Of sequences that end early. */
export interface LengthsOptions {
  /** How many steps each row has, from 1 up; what follows in x is padding. All of them by default. */
  readonly lengths?: SequenceLengths;
}

/** What {@link Model.cost} is told. */
export type CostOptions = Pick<GoalOptions, 'loss' | 'lossWeights'> & LengthsOptions;

/** What {@link Model.gradients} is told. */
export interface GradientOptions extends CostOptions {
  /** Whether also for the samples, as the network takes them; false by default. */
  readonly inputs?: boolean;
  /** Whether all is as in a training step, with the masks of the model's next one; false by default. */
  readonly training?: boolean;
  /** With `training`: a seed in place of the model's, and the masks of its first step. */
  readonly seed?: number;
}

/** The same, checked and complete; plain data, as a trainer's file holds it. */
export interface GoalConfig {
  readonly loss: ByName<LossConfig>;
  readonly lossWeights?: Readonly<Record<string, number>>;
  readonly metrics: ByName<readonly Metric[]>;
}

/** What is asked of one output. */
export interface OutputGoal extends Goal {
  /** Undefined where nobody named it. */
  readonly name: string | undefined;
  /** The metrics that its rows are kept for: those that the machine does not count. */
  readonly measured: readonly AskedMetric[];
  /** How metrics read it. */
  readonly end: Omit<End, 'where'>;
  /** Numbers of a row of its predictions. */
  readonly columns: number;
  /** Whether its cost may be below 0. */
  readonly isSigned: boolean;
  /** By which input's lengths its steps end, counted from 1; 0 where by none's. */
  readonly lengths: number;
}

/** Checks goals against the names of the outputs, where they have some. */
export function resolveGoals(
  where: string,
  given: { readonly loss?: unknown; readonly lossWeights?: unknown; readonly metrics?: unknown },
  names: readonly string[] | undefined,
): GoalConfig {
  const { loss, lossWeights, metrics } = given;
  if (!names) {
    const expected = 'none where the output has no name';
    if (lossWeights !== undefined) throw wrongKind(`${where}: lossWeights`, expected, 'some');
    return { loss: resolveLoss(where, loss), metrics: checkMetricList(`${where}: metrics`, metrics) };
  }
  const byName = <T>(values: readonly T[]) => Object.fromEntries(names.map((name, i) => [name, values[i] as T]));
  const losses = isOneLoss(loss, names) ? names.map(() => loss) : allByName(`${where}: loss`, 'output', loss, names);
  const weights = valuesByName(`${where}: lossWeights`, 'output', lossWeights ?? {}, names);
  const lists = valuesByName(`${where}: metrics`, 'output', metrics ?? {}, names);
  const place = (what: string, i: number) => `${where}: ${what}: ${names[i]}`;
  const counts = weights.map((own = 1, i) => checkNumber(place('lossWeights', i), own, { min: 0 }));
  if (counts.every(count => count === 0)) throw wrongValue(`${where}: lossWeights`, 'a number above 0', 'only 0');
  return {
    loss: byName(losses.map((own, i) => resolveLoss(place('loss', i), own))),
    lossWeights: byName(counts),
    metrics: byName(lists.map((own, i) => checkMetricList(place('metrics', i), own))),
  };
}

/** Whether a loss is for all outputs, and no record by their names: one of which may be `kind`. */
function isOneLoss(loss: unknown, names: readonly string[]): boolean {
  return typeof loss === 'string' || (hasKey(loss, 'kind') && !names.includes('kind'));
}

/** Fits goals to a network's outputs. */
export function fitGoals(
  where: string,
  architecture: Architecture,
  { loss, lossWeights, metrics }: GoalConfig,
): OutputGoal[] {
  const placed = placedLayers(architecture);
  const { made } = sequencesOf(architecture, placed);
  const nodes = outputsOf(architecture, placed).map(({ node }) => node);
  return endingsOf(architecture).map(({ name, ...ending }, i) => {
    const config = name === undefined ? (loss as LossConfig) : (loss as Record<string, LossConfig>)[name];
    const asked = resolveMetrics(where, name === undefined ? metrics : (metrics as Record<string, unknown>)[name]);
    if (!config) throw new Error(`output ${name} has no loss`);
    refuseConstant(config, ending);
    const fitted = fitLoss(config, ending);
    const end = endOf(fitted, ending);
    fitMetrics(name === undefined ? `${where}: metrics` : `${where}: metrics: ${name}`, asked, end);
    const weight = name === undefined ? 1 : (lossWeights?.[name] ?? 1);
    const accuracy = asked.some(({ key }) => key === 'accuracy');
    const measured = asked.filter(({ key }) => key !== 'accuracy');
    const columns = ending.columns * ending.positions;
    const isSigned = mayBeNegative(config);
    const lengths = made[nodes[i] ?? 0] ?? 0;
    const kept = measured.length > 0;
    return { name, loss: fitted, weight, accuracy, measured, kept, end, columns, isSigned, lengths };
  });
}

/** The same where each row's cost counts as its weight says. Right answers then are a metric like others. */
export function weighGoals(where: string, architecture: Architecture, config: GoalConfig): OutputGoal[] {
  return fitGoals(where, architecture, config).map(goal => {
    const { name } = goal;
    const own = name === undefined ? config.metrics : (config.metrics as Record<string, unknown>)[name];
    const measured = resolveMetrics(where, own);
    return { ...goal, weighted: true, accuracy: false, measured, kept: measured.length > 0 };
  });
}

/** Where an output's targets, or its predictions, lie in a row of all outputs'. */
export function placesOf(goals: readonly OutputGoal[], columnsOf: (goal: OutputGoal) => number) {
  const stride = goals.reduce((sum, goal) => sum + columnsOf(goal), 0);
  let start = 0;
  return goals.map(goal => {
    const place = { goal, start, columns: columnsOf(goal), stride };
    start += place.columns;
    return place;
  });
}

/** Targets of all outputs side by side: four bytes each, as the machine reads them. */
export function readAllTargets(
  where: string,
  y: unknown,
  rows: number,
  goals: readonly OutputGoal[],
): Int32Array | Float32Array {
  const [first] = goals;
  if (first?.name === undefined) return readTargets(`${where}: y`, y, rows, first?.loss ?? missing());
  const given = allByName(`${where}: y`, 'output', y, namesOf(goals));
  const places = placesOf(goals, ({ loss }) => targetNumbers(loss));
  const words = new Int32Array(rows * (places[0]?.stride ?? 0));
  places.forEach((place, i) => {
    const { goal } = place;
    const targets = readTargets(`${where}: y: ${goal.name}`, given[i], rows, goal.loss);
    putColumns(words, new Int32Array(targets.buffer, targets.byteOffset, targets.length), place);
  });
  return words;
}

/** The targets of each output as numbers, out of those of all. */
export function targetsByOutput(
  targets: Int32Array | Float32Array,
  rows: number,
  goals: readonly OutputGoal[],
): (Int32Array | Float32Array)[] {
  if (goals[0]?.name === undefined && !goals[0]?.weighted) return [targets];
  const all = new Int32Array(targets.buffer, targets.byteOffset, targets.length);
  return placesOf(goals, wordsOf).map(place => {
    const columns = targetNumbers(place.goal.loss);
    const words = takeColumns(all, new Int32Array(rows * columns), { ...place, columns });
    return place.goal.loss.target.kind === 'labels' ? words : new Float32Array(words.buffer);
  });
}

/** In place of targets: the cost's gradient for the outputs, where they have names by those. */
export interface NetworkGradient {
  readonly gradient: ByName<OutputGradient>;
}

/** Whether y is a gradient, and not targets of an output that has that name. */
export function isGiven(y: unknown, goals: readonly OutputGoal[]): y is NetworkGradient {
  if (kindOf(y) !== 'Object' || !hasKey(y, 'gradient')) return false;
  return goals[0]?.name === undefined || kindOf(y.gradient) === 'Object';
}

/** The gradient of all outputs side by side. */
export function readAllGradients(
  where: string,
  given: NetworkGradient,
  rows: number,
  goals: readonly OutputGoal[],
): Float32Array {
  checkOptions(where, given, ['gradient']);
  const [first] = goals;
  const place = `${where}: gradient`;
  if (first?.name === undefined) return readGradient(place, given.gradient, rows, first?.columns ?? 0);
  const values = allByName(place, 'output', given.gradient, namesOf(goals));
  const places = placesOf(goals, ({ columns }) => columns);
  const all = new Float32Array(rows * (places[0]?.stride ?? 0));
  places.forEach((own, i) => {
    putColumns(all, readGradient(`${place}: ${own.goal.name}`, values[i], rows, own.columns), own);
  });
  return all;
}

function namesOf(goals: readonly OutputGoal[]): string[] {
  return goals.flatMap(({ name }) => name ?? []);
}

function missing(): never {
  throw new Error('a network has an output');
}
