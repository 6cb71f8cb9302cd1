/** Layers over images and sequences, each of their ways alone: a product beside the peak, the rest beside copying. */
import {
  type Architecture,
  activation,
  type Backend,
  batchNormalization,
  conv1d,
  conv2d,
  conv2dTranspose,
  dense,
  depthwiseConv2d,
  embedding,
  globalAveragePool1d,
  globalAveragePool2d,
  gru,
  type Layer,
  layerNormalization,
  lstm,
  maxPool2d,
  multiHeadAttention,
  multiplyAddsOf,
  opName,
  outputShape,
  type Plan,
  recordsOf,
  sequential,
  size,
} from '../../entries/inside.js';
import type { Prepared } from '../contest.js';
import { bytesOf } from '../work.js';
import { planOf, prepareSection, sectionOf } from './parts.js';

/** A layer, one of its ways, and the shape of a sample. */
export interface LayerPiece {
  readonly family: 'conv' | 'image' | 'sequence';
  readonly name: string;
  /** Its place on the suite's axis. */
  readonly at?: number;
  readonly batch: number;
  readonly shape: readonly number[];
  readonly layer: Layer;
  /** Whether there is something to learn before it, so that its input has a gradient. */
  readonly inside: boolean;
  /** From the first to the last of its operations of these names, on the way there or on the way back. */
  readonly ops: RegExp;
  readonly back: boolean;
}

const BATCH = 32;
/** Operations of a layer by what they are for: on the way there, and on the way back. */
interface Ways {
  readonly there: Readonly<Record<string, RegExp>>;
  readonly back?: Readonly<Record<string, RegExp>>;
}

/** With kernels of one number they are fully connected layers at each position. */
const CONVOLUTION: Ways = {
  there: { forward: /^(convolution|dense)Forward/ },
  back: { dX: /^(convolution|dense)InputGradient/, dW: /^(convolution|dense)WeightGradient/ },
};
const TRANSPOSED: Ways = {
  there: { forward: /^convolutionInputGradient/ },
  back: { dX: /^convolutionForward/, dW: /^convolutionWeightGradient/ },
};
const DEPTHWISE: Ways = {
  there: { forward: /^depthwiseForward/ },
  back: { dX: /^depthwise(InputGradient|Forward)/, dW: /^depthwiseWeightGradient/ },
};
const RECURRENT: Ways = {
  there: { forward: /^(dense|recurrent)Forward/ },
  back: { 'back through time': /^recurrentGradient/, 'dW and dU': /^dense(Weight|Input)Gradient/ },
};

type Piece = Pick<LayerPiece, 'family' | 'shape' | 'layer'> & Partial<LayerPiece>;

/** A piece for each of the ways; without dX where the layer comes first. */
function waysOf(piece: Piece, title: string, { there, back = {} }: Ways): LayerPiece[] {
  const { inside = true } = piece;
  const all = [there, back].flatMap((ways, place) =>
    Object.entries(ways).map(([way, ops]) => ({ way, ops, back: place === 1 })),
  );
  return all
    .filter(({ way }) => inside || way !== 'dX')
    .map(({ way, ...rest }) => ({ batch: BATCH, ...piece, ...rest, name: `${title} ${way}`, inside }));
}

const shapeName = (shape: readonly number[]) => shape.join('×');

/** A convolution with a square kernel, `same` by default; first in the network where it has few channels. */
function convolution(
  shape: readonly number[],
  filters: number,
  kernel: number,
  options: { readonly strides?: number; readonly padding?: 'same' | 'valid' } = {},
): LayerPiece[] {
  const { strides = 1, padding = 'same' } = options;
  const isImage = shape.length === 3;
  const layer = isImage ? conv2d(filters, kernel, { strides, padding }) : conv1d(filters, kernel, { strides, padding });
  const more = [
    ...(strides > 1 ? [`stride ${strides}`] : []),
    ...(padding === 'valid' ? ['valid'] : []),
    isImage ? `${kernel}×${kernel}` : `k${kernel}`,
  ];
  const title = `${shapeName(shape)}→${filters} ${more.join(' ')}`;
  return waysOf({ family: 'conv', shape, layer, inside: (shape.at(-1) ?? 0) > 4 }, title, CONVOLUTION);
}

/** One convolution forward on a curve. */
function onCurve(family: 'conv' | 'image', imageSize: number, channels: number): LayerPiece[] {
  const shape = [imageSize, imageSize, channels];
  const layer = conv2d(channels, 3, { padding: 'same' });
  const title = `${family === 'conv' ? 'channels' : 'image'}: ${shapeName(shape)}→${channels}`;
  const at = family === 'conv' ? channels : imageSize;
  return waysOf({ family, at, shape, layer }, title, { there: CONVOLUTION.there });
}

function recurrent(name: 'lstm' | 'gru', units: number): LayerPiece[] {
  const layer = name === 'lstm' ? lstm(units) : gru(units);
  const at = name === 'lstm' ? { at: units } : {};
  const ways = waysOf({ family: 'sequence', shape: [100, 16], layer }, `${name}(${units}) 100×16`, RECURRENT);
  return ways.map(piece => (/forward$/.test(piece.name) ? { ...piece, ...at } : piece));
}

const image = [32, 32, 16] as const;
const attentive = { family: 'sequence', shape: [128, 64], layer: multiHeadAttention(4, 16) } as const;

export const layerPieces: readonly LayerPiece[] = [
  ...[4, 8, 16, 32, 64, 128].flatMap(channels => onCurve('conv', 16, channels)),
  ...[4, 8, 16, 32, 64].flatMap(imageSize => onCurve('image', imageSize, 32)),
  ...convolution([14, 14, 32], 64, 3),
  ...convolution([8, 8, 64], 64, 3),
  ...convolution([32, 32, 16], 16, 3),
  ...convolution([16, 16, 32], 32, 3),
  ...convolution([32, 32, 3], 16, 3),
  ...convolution([28, 28, 1], 32, 3),
  ...convolution([28, 28, 1], 8, 3),
  ...convolution([28, 28, 1], 6, 5),
  ...convolution([14, 14, 6], 16, 5, { padding: 'valid' }),
  ...convolution([32, 32, 16], 32, 3, { strides: 2 }),
  ...convolution([16, 16, 32], 64, 3, { strides: 2 }),
  ...convolution([16, 16, 64], 64, 1),
  ...convolution([32, 32, 16], 32, 1, { strides: 2 }),
  ...convolution([128, 9], 64, 5),
  ...convolution([128, 64], 64, 5),
  ...waysOf(
    { family: 'conv', shape: [16, 16, 32], layer: conv2dTranspose(16, 3, { strides: 2, padding: 'same' }) },
    '16×16×32→16 transposed stride 2',
    TRANSPOSED,
  ),
  ...waysOf(
    { family: 'conv', shape: [16, 16, 64], layer: depthwiseConv2d(3, { padding: 'same' }) },
    'depthwise 16×16×64',
    DEPTHWISE,
  ),
  ...waysOf({ family: 'conv', shape: image, layer: maxPool2d(2) }, `max pool 2×2 ${shapeName(image)}`, {
    there: { forward: /^poolForward/ },
    back: { gradient: /^poolGradient/ },
  }),
  ...waysOf({ family: 'conv', shape: image, layer: globalAveragePool2d() }, `global average ${shapeName(image)}`, {
    there: { forward: /^poolForward/ },
  }),
  ...waysOf({ family: 'conv', shape: image, layer: batchNormalization() }, `batch norm ${shapeName(image)}`, {
    there: { moments: /^column(Chunks|Sums)/, apply: /^columnNormForward/ },
    back: { gradient: /^column(Chunks|Sums|NormGradient)/ },
  }),
  ...[32, 64, 128].flatMap(units => recurrent('lstm', units)),
  ...recurrent('gru', 64),
  ...waysOf({ ...attentive, batch: 16 }, 'attention core 128×64', {
    there: { forward: /^attention/ },
    back: { back: /^attention/ },
  }),
  ...waysOf({ family: 'sequence', shape: [128, 128], layer: activation('softmax') }, 'softmax 128×128', {
    there: { forward: /^softmaxForward/ },
    back: { gradient: /^softmaxGradient/ },
  }),
  ...waysOf({ family: 'sequence', shape: [64, 64], layer: layerNormalization() }, 'layer norm 64×64', {
    there: { forward: /^rowNormForward/ },
    back: { gradient: /^rowNormGradient/, 'parameter gradient': /^rowNormParameterGradient/ },
  }),
  ...waysOf({ family: 'sequence', shape: [64], layer: embedding(1000, 64), inside: false }, 'embedding 64 of 1000×64', {
    there: { forward: /^embeddingForward/ },
    back: { gradient: /^rowsGradient/ },
  }),
];

/** The layer between one that learns, where it is inside, and an end with two classes. */
function networkOf({ shape, layer, inside }: LayerPiece): Architecture {
  const last = outputShape(sequential(shape, [layer]));
  const pools = last.length === 3 ? [globalAveragePool2d()] : last.length === 2 ? [globalAveragePool1d()] : [];
  const before = inside ? [batchNormalization()] : [];
  return sequential(shape, [...before, layer, ...pools, dense(2, { activation: 'softmax' })]);
}

/** Where a piece's records lie: from the first to the last that it names, on the way there or on the way back. */
function placeOf({ layer, inside, ops, back }: LayerPiece, plan: Plan): readonly [from: number, to: number] {
  const records = recordsOf(plan, 'step');
  const turn = records.findIndex(({ op }) => opName(op) === 'cost');
  const owner = `${inside ? 1 : 0}.${layer.kind}`;
  const places = records.flatMap(({ op, owner: own }, place) => {
    return own === owner && ops.test(opName(op)) && place > turn === back ? [place] : [];
  });
  const [first, last] = [places[0], places.at(-1)];
  if (first === undefined || last === undefined) throw new Error(`${owner} has no operation like ${ops}`);
  return [first, last + 1];
}

/** What a piece comes to, once: multiply-adds, numbers of its input, bytes that are read and written. */
export function measureOf(piece: LayerPiece) {
  const plan = planOf(networkOf(piece), piece.batch, false);
  const records = recordsOf(plan, 'step');
  const sum = (numbers: readonly number[]) => numbers.slice(...placeOf(piece, plan)).reduce((a, b) => a + b, 0);
  return {
    multiplyAdds: sum(multiplyAddsOf(records, piece.batch)),
    numbers: piece.batch * size(piece.shape),
    bytes: sum(records.map(bytesOf)),
  };
}

export function prepareLayer(backend: Backend, piece: LayerPiece): Prepared {
  const { multiplyAdds, numbers } = measureOf(piece);
  const choose = (plan: Plan) => sectionOf(plan, ...placeOf(piece, plan));
  const { run } = prepareSection(backend, networkOf(piece), [piece.batch, 1], choose);
  return { run: () => run() * (multiplyAdds || numbers) };
}
