/**
 * Uses the package where TypeScript knows JavaScript alone: neither the library dom nor @types/node. Nothing of this
 * runs.
 */
import { adam, dense, Model, sequential, Trainer, type TrainingData } from 'myelin';
import * as core from 'myelin/core';
import { type ArrayData, type DataTable, readCsv, readNpz, split, streamNpy } from 'myelin/data';
import { type Cluster, local, plainAverage } from 'myelin/distributed';
import * as inline from 'myelin/inline';
import * as predict from 'myelin/predict';
import { report } from 'myelin/report';
import { type Figures, fitTable, TableModel } from 'myelin/tabular';
import * as tables from 'myelin/tabular/predict';

export const load = (path: string): Promise<Model> => Model.load(path);

export async function read(bytes: Uint8Array): Promise<TrainingData> {
  const table: DataTable = await readCsv(bytes, { decimal: ',' });
  const { y } = table.labels('species');
  for await (const chunk of streamNpy('x.npy', { rows: 100 })) {
    const { shape }: ArrayData = chunk;
    y[shape[0] ?? 0] = 0;
  }
  const { x } = await readNpz(bytes);
  // @ts-expect-error there is no such option
  await readCsv(bytes, { decimals: ',' });
  return split({ x: table.numbers(), y: x ? y : [0] }, { test: 0.2, stratify: true }).train;
}

export async function use(bytes: Uint8Array): Promise<number> {
  const model: Model = await Model.create(sequential([4], [dense(3, { activation: 'softmax' })]));
  const data: TrainingData = { x: bytes, y: [0, 1, 2], scale: 1 / 255 };
  const history = await model.fit(data, { loss: 'sparseCategoricalCrossEntropy', optimizer: adam() });
  const trainer: Trainer = await model.trainer({ loss: 'sparseCategoricalCrossEntropy', optimizer: 'sgd' });
  const resumed: Trainer = await Trainer.fromBytes(trainer.toBytes());
  const table: string = resumed.plan.print();
  const file: Uint8Array = model.toBytes();
  await core.init(bytes);
  const predictor: predict.Model = await predict.Model.fromBytes(file);
  const inlined: inline.Model = await inline.Model.fromBytes(file);
  const output: Float32Array = inlined.predictInto(predictor.predict([[1, 2, 3, 4]]), new Float64Array(4));
  // @ts-expect-error the rate of dropout is a number
  core.dropout('0.5');
  await model[Symbol.asyncDispose]();
  return output.length + table.length + (history.loss[0] ?? 0);
}

export async function useTables(bytes: Uint8Array): Promise<string> {
  interface Flower {
    readonly petal: number;
    readonly species: string;
  }
  const rows: Flower[] = [{ petal: 1, species: 'setosa' }];
  const model = await fitTable(rows, { target: 'species', search: { trials: 3 } });
  const trials: number[] = model.training?.trials?.map(({ settings }) => settings.learningRate) ?? [];
  // @ts-expect-error there is no such setting
  model.training?.trials?.map(({ settings }) => settings.momentum);
  const { prediction } = model.predict({ petal: trials[0] ?? 1 });
  // @ts-expect-error there is no such column
  model.predict({ petals: 1 });
  const judged: Figures = await model.evaluate(rows);
  const loaded: TableModel = await TableModel.fromBytes(bytes);
  const worker: tables.TableModel<{ readonly petal: number }> = await tables.TableModel.fromBytes(loaded.toBytes());
  worker.predict([{ petal: 1 }]);
  const cluster: Cluster<never> = local();
  await cluster.close();
  return report(loaded, undefined, rows) + prediction + judged.rows + plainAverage().kind;
}
