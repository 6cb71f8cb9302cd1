/** Everything wrong is refused before any work: where, expected, got, and how to mend it. */
import { describe, expect, it } from 'vitest';
import {
  Architecture,
  activation,
  adadelta,
  adam,
  adamW,
  binaryCrossEntropy,
  categoricalCrossEntropy,
  constant,
  dense,
  dropout,
  elu,
  flatten,
  gelu,
  huber,
  type LossName,
  leakyRelu,
  Model,
  randomUniform,
  rprop,
  sequential,
  sgd,
  sparseCategoricalCrossEntropy,
  Trainer,
} from '../../src/entries/node.js';
import { labels, numbers } from '../reference/data.js';

const [rows, inputs, classes] = [6, 4, 3];
const x = numbers(rows * inputs, 1);
const y = labels(rows, classes, 2);
const loss = 'sparseCategoricalCrossEntropy';
const options = { loss, optimizer: 'sgd', batchSize: 4 } as const;

const classifier = () => Model.create(sequential([inputs], [dense(classes, { activation: 'softmax' })]));
const regressor = () => Model.create(sequential([inputs], [dense(2)]));

/** What a table of refusals holds: what is tried, the kind of its error, and what the message must say. */
type Row<T> = [what: string, given: T, ...parts: RegExp[]];
type KindRow<T> = [what: string, given: T, kind: typeof TypeError, ...parts: RegExp[]];

/** Hands over what TypeScript would refuse, as a JavaScript caller can. */
function loosely<T>(value: unknown): T {
  return value as T;
}

/** The error of `work`, be it thrown or a rejection. */
async function refusal(work: () => unknown): Promise<Error> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** Expects an error of one kind, whose message holds every part, in the one form of all errors. */
async function expectRefusal(
  work: () => unknown,
  kind: typeof TypeError,
  ...parts: (string | RegExp)[]
): Promise<void> {
  const error = await refusal(work);
  expect(error.message).toMatch(/^[^:]+: .*expected .+, got .+/s);
  for (const part of parts) expect(error.message).toMatch(part);
  expect(error).toBeInstanceOf(kind);
}

describe('shapes', () => {
  it('targets where outputs have positions: one for each, and which of them is wrong', async () => {
    const model = await Model.create(sequential([3, 2], [dense(4, { activation: 'softmax' })]));
    const loss = 'sparseCategoricalCrossEntropy';
    const cost = (y: number[] | number[][]) => model.cost(new Float32Array(12), y, { loss });
    await expectRefusal(() => cost([0, 1]), RangeError, /6 class indices/, /3 for each row/, /2 numbers/);
    await expectRefusal(() => cost([0, 1, 2, 3, 4, 0]), RangeError, /label 4 in row 1, position 1/);
    expect(
      cost([
        [0, 1, 2],
        [3, 1, 0],
      ]),
    ).toBe(cost([0, 1, 2, 3, 1, 0]));
  });

  it.each<Row<Float32Array | number[][]>>([
    ['rows of numbers', [[1, 2, 3]], /\[rows, 4\]|4/, /3/],
    ['a flat array that is no whole number of rows', new Float32Array(7), /4/, /7/],
    [
      'rows of different lengths',
      [
        [1, 2, 3, 4],
        [1, 2],
      ],
      /row 1/,
      /2/,
    ],
  ])('x: %s', async (_, wrong, ...parts) => {
    const model = await classifier();
    await expectRefusal(() => model.predict(wrong), RangeError, /predict/, ...parts);
  });

  it('x names the first layer that would take it', async () => {
    const model = await classifier();
    await expectRefusal(() => model.predict([[1, 2, 3]]), RangeError, /0\.dense|dense\(3\)|input/);
  });

  it.each<Row<Int32Array>>([
    ['fewer labels than rows', new Int32Array(rows - 1), /6/, /5/],
    ['more labels than rows', new Int32Array(rows + 1), /6/, /7/],
  ])('y: %s', async (_, wrong, ...parts) => {
    const model = await classifier();
    await expectRefusal(() => model.cost(x, wrong, { loss }), RangeError, /y/, ...parts);
    await expectRefusal(() => model.fit({ x, y: wrong }, options), RangeError, /y/, ...parts);
  });

  it('y of a regression has rows × outputs numbers', async () => {
    const model = await regressor();
    const wrong = new Float32Array(rows);
    await expectRefusal(() => model.cost(x, wrong, { loss: 'meanSquaredError' }), RangeError, /y/, /12|6, 2/, /6/);
  });

  it('predictInto wants rows × outputs numbers to write to', async () => {
    const model = await classifier();
    await expectRefusal(() => model.predictInto(new Float32Array(17), x), RangeError, /predictInto/, /18|6, 3/, /17/);
  });

  it.each<KindRow<Record<string, Float32Array>>>([
    ['of another length', { '0.dense.weight': new Float32Array(5) }, RangeError, /0\.dense\.weight/, /12/, /5/],
    ['that do not exist', { '0.dense.wieght': new Float32Array(12) }, RangeError, /wieght/, /0\.dense\.weight/],
  ])('parameters %s', async (_, values, kind, ...parts) => {
    const model = await classifier();
    await expectRefusal(() => model.setParameters(values), kind, /setParameters/, ...parts);
  });

  it('one wrong parameter leaves them all as they were', async () => {
    const model = await classifier();
    const before = model.parameters;
    const values = { '0.dense.bias': new Float32Array(3).fill(7), '0.dense.weight': new Float32Array(1) };
    await refusal(() => model.setParameters(values));
    expect(model.parameters).toEqual(before);
  });

  it('a batch larger than the trainer was made for', async () => {
    const model = await classifier();
    const trainer = await model.trainer(options);
    await expectRefusal(() => trainer.stepSync(x, y), RangeError, /step/, /4/, /6/);
    await expectRefusal(() => trainer.step(x, y), RangeError, /step/, /4/, /6/);
  });
});

describe('data', () => {
  const labelled = (row: number, label: number) => {
    const wrong = Float64Array.from(y);
    wrong[row] = label;
    return Array.from(wrong);
  };

  it.each<Row<number[]>>([
    ['too large', labelled(4, 3), /row 4/, /0 to 2|< 3/, /3/],
    ['negative', labelled(2, -1), /row 2/, /0 to 2|>= 0/, /-1/],
    ['fractional', labelled(5, 0.5), /row 5/, /whole|class/, /0\.5/],
  ])('a label that is %s, with its row', async (_, wrong, ...parts) => {
    const model = await classifier();
    const before = model.parameters;
    await expectRefusal(() => model.cost(x, wrong, { loss }), RangeError, ...parts);
    await expectRefusal(() => model.gradients(x, wrong, { loss }), RangeError, ...parts);
    await expectRefusal(() => model.evaluate({ x, y: wrong }, { loss, metrics: [] }), RangeError, ...parts);
    await expectRefusal(() => model.fit({ x, y: wrong }, options), RangeError, ...parts);
    await expectRefusal(() => model.fit({ x, y }, { ...options, validation: { x, y: wrong } }), RangeError, ...parts);
    const trainer = await model.trainer({ ...options, batchSize: rows });
    await expectRefusal(() => trainer.stepSync(x, wrong), RangeError, ...parts);
    expect(model.parameters).toEqual(before);
  });

  it.each([Number.NaN, Infinity, -Infinity])('%s in x, with its row and column', async bad => {
    const model = await classifier();
    const before = model.parameters;
    const wrong = x.slice();
    wrong[3 * inputs + 2] = bad;
    const asRows = Array.from({ length: rows }, (_, r) => Array.from(wrong.subarray(r * inputs, (r + 1) * inputs)));
    const parts = [/row 3/, /column 2/, /finite/, new RegExp(String(bad))];
    for (const given of [wrong, asRows]) {
      await expectRefusal(() => model.predict(given), RangeError, ...parts);
      await expectRefusal(() => model.predictInto(new Float32Array(rows * classes), given), RangeError, ...parts);
      await expectRefusal(() => model.forward(given), RangeError, ...parts);
      await expectRefusal(() => model.cost(given, y, { loss }), RangeError, ...parts);
      await expectRefusal(() => model.gradients(given, y, { loss }), RangeError, ...parts);
      await expectRefusal(() => model.fit({ x: given, y }, options), RangeError, ...parts);
    }
    await expectRefusal(() => model.fit({ x, y }, { ...options, validation: { x: wrong, y } }), RangeError, ...parts);
    expect(model.parameters).toEqual(before);
  });

  it('a number too large for float32, with its row and column', async () => {
    const model = await classifier();
    await expectRefusal(() => model.predict([[0, 1e39, 0, 0]]), RangeError, /row 0/, /column 1/, /1e\+39|Infinity/);
  });

  it('NaN in y, with its row and column', async () => {
    const model = await regressor();
    const wrong = numbers(rows * 2, 3);
    wrong[5] = Number.NaN;
    await expectRefusal(
      () => model.fit({ x, y: wrong }, { ...options, loss: 'meanSquaredError' }),
      RangeError,
      /row 2/,
      /column 1/,
      /NaN/,
    );
  });

  it('no rows', async () => {
    const model = await classifier();
    await expectRefusal(() => model.predict(new Float32Array(0)), RangeError, /predict/, /at least one row/, /none/);
    await expectRefusal(() => model.predict([]), RangeError, /predict/, /at least one row/, /none/);
    await expectRefusal(() => model.fit({ x: [], y: [] }, options), RangeError, /fit/, /at least one row/, /none/);
    await expectRefusal(() => model.cost([], [], { loss }), RangeError, /cost/, /at least one row/, /none/);
  });

  it('targets outside what a cost takes, with row and column', async () => {
    const binary = await Model.create(sequential([inputs], [dense(1, { activation: 'sigmoid' })]));
    const wrong = [0, 1, 2, 0, 1, 1];
    const wanted = [/row 2/, /0.*1/, /2/];
    await expectRefusal(() => binary.cost(x, wrong, { loss: 'binaryCrossEntropy' }), RangeError, ...wanted);
  });

  it.each([
    ['nothing', undefined],
    ['a string', 'x'],
    ['text in a row', [['a', 1, 2, 3]]],
    ['Float64Array rows in an object', { y: 1 }],
    ['bytes without a scale', new Uint8Array(8)],
  ])('x: %s', async (_, wrong) => {
    const model = await classifier();
    await expectRefusal(() => model.predict(loosely(wrong)), TypeError, /predict/);
  });

  it('data without y', async () => {
    const model = await classifier();
    await expectRefusal(() => model.fit(loosely({ x }), options), TypeError, /fit/, /y/);
  });
});

describe('settings', () => {
  it.each([0, -1, 1.5, Number.NaN, Infinity])('batchSize %s', async batchSize => {
    const model = await classifier();
    await expectRefusal(
      () => model.fit({ x, y }, { ...options, batchSize }),
      RangeError,
      /batchSize/,
      /whole number/,
      new RegExp(String(batchSize)),
    );
    await expectRefusal(() => model.trainer({ ...options, batchSize }), RangeError, /batchSize/);
  });

  it.each([0, -1, 1.5])('epochs %s', async epochs => {
    const model = await classifier();
    await expectRefusal(() => model.fit({ x, y }, { ...options, epochs }), RangeError, /epochs/, /whole number/);
  });

  it.each<KindRow<() => unknown>>([
    ['dense(0)', () => dense(0), RangeError, /dense/, /units/, /0/],
    ['dense(1.5)', () => dense(1.5), RangeError, /dense/, /1\.5/],
    ["dense('3')", () => dense(loosely('3')), TypeError, /dense/],
    ['dropout(1)', () => dropout(1), RangeError, /dropout/, /rate/, /1/],
    ['dropout(-0.1)', () => dropout(-0.1), RangeError, /dropout/, /rate/, /-0\.1/],
    ["activation('rleu')", () => activation(loosely('rleu')), RangeError, /rleu/, /'relu'/],
    ["dense(2, { activation: 'sofmax' })", () => dense(2, { activation: loosely('sofmax') }), RangeError, /'softmax'/],
    [
      "dense(2, { weightInitializer: 'heNromal' })",
      () => dense(2, { weightInitializer: loosely('heNromal') }),
      RangeError,
      /'heNormal'/,
    ],
    ['sequential([0], …)', () => sequential([0], [dense(1)]), RangeError, /sequential/, /0/],
    ['sequential([], …)', () => sequential([], [dense(1)]), TypeError, /sequential/],
    ['sequential(4, [])', () => sequential(4, []), RangeError, /sequential/, /layer/],
    [
      'two layers of one name',
      () => sequential(4, [dense(2, { name: 'a' }), dense(2, { name: 'a' })]),
      RangeError,
      /sequential/,
      /'a'/,
    ],
    ["sequential(4, ['dense'])", () => sequential(4, loosely(['dense'])), TypeError, /sequential/, /layer/],
    ['sgd with a negative learning rate', () => sgd({ learningRate: -1 }), RangeError, /sgd/, /learningRate/, /-1/],
    ['sgd with momentum 1.5', () => sgd({ momentum: 1.5 }), RangeError, /sgd/, /momentum/, /1\.5/],
    ['nesterov without momentum', () => sgd({ nesterov: true }), RangeError, /sgd/, /momentum/],
    ['adam with beta1 = 1', () => adam({ beta1: 1 }), RangeError, /adam/, /beta1/, /1/],
    ['rprop with etas of one side', () => rprop({ etas: [0.5, 0.9] }), RangeError, /rprop: etas/, /0\.9/],
    ['rprop with sizes in reverse', () => rprop({ stepSizes: [1, 0.1] }), RangeError, /stepSizes/, /0\.1/],
    ['rprop with one size', () => rprop({ stepSizes: loosely([1]) }), TypeError, /stepSizes/, /two numbers/],
    ['adadelta with rho 1', () => adadelta({ rho: 1 }), RangeError, /adadelta: rho/, /1/],
    ['adamW with NaN', () => adamW({ weightDecay: Number.NaN }), RangeError, /adamW/, /weightDecay/, /NaN/],
    ['huber with delta 0', () => huber({ delta: 0 }), RangeError, /huber/, /delta/, /0/],
    [
      'labelSmoothing 1.5',
      () => sparseCategoricalCrossEntropy({ labelSmoothing: 1.5 }),
      RangeError,
      /labelSmoothing/,
      /1\.5/,
    ],
    ['gelu with another form', () => gelu({ approximate: loosely('fast') }), RangeError, /gelu/, /approximate/],
  ])('%s', async (_, work, kind, ...parts) => {
    await expectRefusal(work, kind, ...parts);
  });

  it.each([-1, 1.5, Number.NaN])('seed %s', async seed => {
    const architecture = sequential([2], [dense(1)]);
    await expectRefusal(() => Model.create(architecture, { seed }), RangeError, /seed/);
  });

  it('an unknown loss, optimiser or metric names the nearest', async () => {
    const model = await classifier();
    await expectRefusal(() => model.cost(x, y, { loss: loosely('meanSquareError') }), RangeError, /'meanSquaredError'/);
    await expectRefusal(() => model.fit({ x, y }, { ...options, optimizer: loosely('adm') }), RangeError, /'adam'/);
    await expectRefusal(
      () => model.fit({ x, y }, { ...options, metrics: loosely(['acuracy']) }),
      RangeError,
      /'accuracy'/,
    );
  });

  it.each(['softmax', 'logSoftmax'] as const)('%s of one output learns nothing, and names sigmoid', async end => {
    const model = await Model.create(sequential(2, [dense(1, { activation: end })]));
    const one = { x: [[0, 1]], y: [0] };
    for (const loss of ['meanSquaredError', 'huber', 'klDivergence', 'categoricalCrossEntropy', 'hinge'] as const) {
      const refused = [RangeError, /outputs \[rows, 1\] with activation/, /end the network with 'sigmoid'/] as const;
      await expectRefusal(() => model.fit(one, { loss, optimizer: 'sgd' }), ...refused);
      await expectRefusal(() => model.cost(one.x, one.y, { loss }), ...refused);
    }
  });

  it('cosineSimilarity of one output has no direction to learn', async () => {
    const model = await Model.create(sequential(2, [dense(1)]));
    await expectRefusal(
      () => model.cost([[0, 1]], [0], { loss: 'cosineSimilarity' }),
      RangeError,
      /'meanSquaredError'/,
    );
  });

  it('loss and optimizer are asked for', async () => {
    const model = await classifier();
    await expectRefusal(() => model.cost(x, y, loosely({})), TypeError, /cost/, /loss/);
    await expectRefusal(() => model.fit({ x, y }, loosely({ loss })), TypeError, /fit/, /optimizer/);
  });

  it('a broken or foreign JSON architecture', async () => {
    await expectRefusal(() => Architecture.fromJSON('{'), TypeError, /fromJSON/);
    await expectRefusal(() => Architecture.fromJSON('{"a":1}'), TypeError, /fromJSON/);
    const text = JSON.stringify(sequential([2], [dense(1)])).replace('"dense"', '"denes"');
    await expectRefusal(() => Architecture.fromJSON(text), RangeError, /'dense'/);
  });

  it('a missing file', async () => {
    await expect(Model.load('no/such/file.safetensors')).rejects.toThrow(/no\/such\/file\.safetensors/);
  });
});

describe('unknown keys name the nearest known one', () => {
  const misspelt: [string, string, () => unknown][] = [
    ['dense', 'activation', () => dense(2, loosely({ activaton: 'relu' }))],
    ['leakyRelu', 'slope', () => leakyRelu(loosely({ slop: 1 }))],
    ['elu', 'alpha', () => elu(loosely({ alfa: 1 }))],
    ['gelu', 'approximate', () => gelu(loosely({ aproximate: 'tanh' }))],
    ['constant', 'value', () => constant(loosely({ valeu: 1 }))],
    ['randomUniform', 'min', () => randomUniform(loosely({ mni: 0 }))],
    ['sgd', 'learningRate', () => sgd(loosely({ learningrate: 1 }))],
    ['adam', 'beta1', () => adam(loosely({ beta_1: 0.9 }))],
    ['adamW', 'weightDecay', () => adamW(loosely({ weight_decay: 0.1 }))],
    ['huber', 'delta', () => huber(loosely({ dleta: 1 }))],
    ['binaryCrossEntropy', 'fromLogits', () => binaryCrossEntropy(loosely({ fromLogit: true }))],
    ['categoricalCrossEntropy', 'labelSmoothing', () => categoricalCrossEntropy(loosely({ labelsmoothing: 0.1 }))],
    [
      'sparseCategoricalCrossEntropy',
      'fromLogits',
      () => sparseCategoricalCrossEntropy(loosely({ from_logits: true })),
    ],
    ['Model.create', 'seed', () => Model.create(sequential([2], [dense(1)]), loosely({ sead: 1 }))],
    ['cost', 'loss', async () => (await classifier()).cost(x, y, loosely({ los: loss }))],
    ['gradients', 'loss', async () => (await classifier()).gradients(x, y, loosely({ loss, lss: loss }))],
    ['evaluate', 'metrics', async () => (await classifier()).evaluate({ x, y }, loosely({ loss, metric: [] }))],
    ['evaluate', 'scale', async () => (await classifier()).evaluate(loosely({ x, y, scael: 1 }), { loss })],
    ['fit', 'epochs', async () => (await classifier()).fit({ x, y }, loosely({ ...options, epoch: 3 }))],
    ['fit', 'scale', async () => (await classifier()).fit(loosely({ x, y, scal: 1 }), options)],
    ['trainer', 'batchSize', async () => (await classifier()).trainer(loosely({ ...options, batchsize: 3 }))],
    [
      'fit',
      'shuffle',
      async () => (await (await classifier()).trainer(options)).fit({ x, y }, loosely({ shufle: true })),
    ],
    ['predict', 'scale', async () => (await classifier()).predict(loosely({ x: new Uint8Array(4), scael: 1 }))],
    [
      'fromBytes',
      'deterministic',
      async () => Model.fromBytes((await classifier()).toBytes(), loosely({ determinstic: true })),
    ],
  ];
  it.each(misspelt)('%s: %s', async (where, nearest, work) => {
    await expectRefusal(work, TypeError, new RegExp(where), new RegExp(`'${nearest}'`));
  });
});

describe('a cost that does not fit the last layer', () => {
  type Last = 'softmax' | 'sigmoid' | 'linear' | 'relu' | 'logSoftmax';
  const two = (a: Last) => Model.create(sequential([inputs], [dense(2, { activation: a })]));
  const targets = new Float32Array(rows * 2);
  targets.fill(1);
  const indices = new Int32Array(rows);

  it.each<[loss: LossName, last: Last, target: Float32Array | Int32Array, ...parts: RegExp[]]>([
    ['sparseCategoricalCrossEntropy', 'linear', indices, /softmax/, /fromLogits/],
    ['sparseCategoricalCrossEntropy', 'relu', indices, /softmax/],
    ['sparseCategoricalCrossEntropy', 'sigmoid', indices, /softmax/],
    ['categoricalCrossEntropy', 'linear', targets, /softmax/, /fromLogits/],
    ['binaryCrossEntropy', 'linear', targets, /sigmoid/, /fromLogits/],
    ['binaryCrossEntropy', 'relu', targets, /sigmoid/],
    ['klDivergence', 'logSoftmax', targets, /softmax/],
    ['hinge', 'softmax', targets, /tanh/],
    ['hinge', 'relu', targets, /tanh/],
    ['squaredHinge', 'relu', targets, /tanh/],
    ['categoricalHinge', 'softmax', targets, /tanh/],
    ['focal', 'linear', targets, /sigmoid/, /fromLogits/],
    ['poisson', 'logSoftmax', targets, /exponential/],
  ])('%s after %s', async (name, last, target, ...parts) => {
    const model = await two(last);
    await expectRefusal(() => model.cost(x, target, { loss: name }), RangeError, new RegExp(name), ...parts);
    await expectRefusal(() => model.fit({ x, y: target }, { ...options, loss: name }), RangeError, new RegExp(name));
    await expectRefusal(() => model.trainer({ ...options, loss: name }), RangeError, new RegExp(name));
  });

  it('logits are not probabilities', async () => {
    const soft = await two('softmax');
    const cost = () => soft.cost(x, indices, { loss: sparseCategoricalCrossEntropy({ fromLogits: true }) });
    await expectRefusal(cost, RangeError, /sparseCategoricalCrossEntropy/, /fromLogits/, /softmax/);
    const sigmoid = await two('sigmoid');
    const binary = () => sigmoid.cost(x, targets, { loss: binaryCrossEntropy({ fromLogits: true }) });
    await expectRefusal(binary, RangeError, /binaryCrossEntropy/, /fromLogits/, /sigmoid/);
  });
});

it('a layer is data: what is frozen does not change', () => {
  const architecture = sequential([2, 2], [flatten(), dense(1)]);
  expect(Object.isFrozen(architecture)).toBe(true);
  expect(Object.isFrozen(architecture.layers)).toBe(true);
  expect(architecture.layers.every(layer => Object.isFrozen(layer))).toBe(true);
});

it('a Model and a Trainer are made by their functions', async () => {
  await expectRefusal(() => Model.fromBytes(loosely('abc')), TypeError, /fromBytes/);
  await expectRefusal(() => Trainer.fromBytes(loosely('abc')), TypeError, /fromBytes/);
  await expectRefusal(() => Model.create(loosely<Architecture>({ layers: [] })), TypeError, /sequential/);
  await expectRefusal(() => Model.create(loosely<Architecture>(undefined)), TypeError, /Model\.create/, /sequential/);
});

describe('what a user of another library might try', () => {
  const bytes = new Uint8Array(rows * inputs).fill(3);

  it('values are quoted as they were given', async () => {
    await expectRefusal(() => sgd({ learningRate: loosely('0.1') }), TypeError, /got "0.1"/);
    await expectRefusal(() => dense(loosely('4')), TypeError, /got "4"/);
    await expectRefusal(() => dense(loosely(4n)), TypeError, /got 4n/);
  });

  it('abbreviations are understood', async () => {
    await expectRefusal(() => adam(loosely({ lr: 1 })), TypeError, /did you mean 'learningRate'/);
    await expectRefusal(() => adam(loosely({ wd: 1 })), TypeError, /did you mean 'weightDecay'/);
    await expectRefusal(() => adam(loosely({ zzzzzzzz: 1 })), TypeError, /known: learningRate/);
  });

  it('bytes by themselves are refused, and with their scale taken everywhere', async () => {
    const model = await classifier();
    const trainer = await model.trainer(options);
    for (const work of [
      () => model.predict(loosely(bytes)),
      () => model.cost(loosely(bytes), y, { loss }),
      () => model.gradients(loosely(bytes), y, { loss }),
      () => trainer.stepSync(loosely(bytes.subarray(0, inputs)), y.subarray(0, 1)),
    ]) {
      await expectRefusal(work, TypeError, /scale/);
    }
    const scaled = { x: bytes, scale: 0.25 };
    const floats = Float32Array.from(bytes, value => value * 0.25);
    expect(model.cost(scaled, y, { loss })).toBe(model.cost(floats, y, { loss }));
    expect(model.evaluate({ x: scaled, y }, { loss })).toEqual(model.evaluate({ x: floats, y }, { loss }));
    const [one, two] = [await classifier(), await classifier()];
    await one.fit({ x: scaled, y }, { ...options, validation: { x: scaled, y } });
    await two.fit({ x: floats, y }, options);
    expect(one.parameters).toEqual(two.parameters);
    await expectRefusal(() => model.evaluate({ x: scaled, y, scale: 1 }, { loss }), RangeError, /one scale/);
    await expectRefusal(() => model.predict({ x: bytes, scale: 1e300 }), RangeError, /scale/, /1e\+300/);
  });

  it('holes in lists are no rows and no layers', async () => {
    const model = await classifier();
    await expectRefusal(() => model.predict(new Array(3)), TypeError, /row 0/);
    const hole = Object.assign(new Array<ReturnType<typeof dense>>(2), { 1: dense(1) });
    await expectRefusal(() => sequential(3, hole), TypeError, /layer 0/);
    await expectRefusal(() => model.predict(loosely([new DataView(new ArrayBuffer(16))])), TypeError, /row 0/);
  });

  it('labels, metrics and paths of another kind', async () => {
    const model = await classifier();
    const words = loosely<number[]>(['a', 'b', 'c', 'a', 'b', 'c']);
    await expectRefusal(() => model.cost(x, words, { loss }), TypeError, /label "a" in row 0/);
    for (const metrics of ['accuracy', null]) {
      const asked = loosely<['accuracy']>(metrics);
      await expectRefusal(() => model.evaluate({ x, y }, { loss, metrics: asked }), TypeError, /metrics/, /list/);
      await expectRefusal(() => model.fit({ x, y }, { ...options, metrics: asked }), TypeError, /metrics/, /list/);
    }
    await expectRefusal(() => model.save(loosely(3)), TypeError, /Model\.save: path/);
    await expectRefusal(
      () => Model.load(loosely(new URL('file:///a'))),
      TypeError,
      /Model\.load: path/,
      /fileURLToPath/,
    );
  });

  it('networks and batches beyond any memory', async () => {
    await expectRefusal(() => Model.create(sequential(40000, [dense(40000)])), RangeError, /MiB/, /fewer units/);
    await expectRefusal(() => Model.create(sequential(2 ** 24, [dense(2 ** 24)])), RangeError, /MiB/);
    const layers = Array.from({ length: 10_001 }, () => flatten());
    await expectRefusal(() => sequential(3, layers), RangeError, /at most 10000/);
  });

  it('a step that would leave nothing to go on from or to save', async () => {
    const model = await Model.create(sequential(1, [dense(1)]));
    model.setParameters({ '0.dense.weight': [1e18] });
    const trainer = await model.trainer({ loss: 'meanSquaredError', optimizer: sgd({ learningRate: 1e30 }) });
    const before = model.toBytes();
    await expectRefusal(() => trainer.stepSync([[1]], new Float32Array(1)), RangeError, /step 1: .*0\.dense\.weight/);
    await expectRefusal(() => trainer.toBytes(), Error, /0\.dense\.weight/, /make another/);
    expect(model.parameters[0]?.data).toEqual(Float32Array.of(1e18));
    expect((await Model.fromBytes(model.toBytes())).parameters).toEqual((await Model.fromBytes(before)).parameters);
  });

  it('a small file that asks for much memory', async () => {
    const small = await Model.create(sequential(8, [activation('relu'), activation('relu')]));
    const text = new TextDecoder('latin1').decode(small.toBytes());
    const at = text.indexOf('{\\"inputShape');
    expect(at).toBeGreaterThan(0);
    const changed = text.replace('[8]', `[${2 ** 24}]`);
    const bytes = Uint8Array.from(changed, char => char.charCodeAt(0));
    new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - 8), true);
    await expectRefusal(() => Model.fromBytes(bytes), RangeError, /architecture/, /wide/);
  });
});
