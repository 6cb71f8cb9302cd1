/**
 * Recurrent layers, attention and what is made of them against PyTorch's float64 values: the output, and every
 * gradient.
 */
import { expect, it } from 'vitest';
import {
  type Architecture,
  add,
  bidirectional,
  dense,
  graph,
  gru,
  type Layer,
  layerNormalization,
  lstm,
  Model,
  multiHeadAttention,
  sequential,
  simpleRnn,
} from '../../src/entries/node.js';
import { at } from '../reference/activations.js';
import { expectClose } from '../reference/golden.js';
import { goldenLayer } from '../reference/goldenLayers.js';
import {
  attentionOf,
  named,
  normOf,
  type Ours,
  recurrentOf,
  type Tensors,
  weightedOf,
  within,
} from '../reference/torch.js';

const all = { returnSequences: true } as const;
type Translation = (tensors: Tensors, gradients: boolean) => Ours;

/** One layer, and what is its own. */
function alone(layer: Layer, own: Translation): readonly [(shape: readonly number[]) => Architecture, Translation] {
  return [
    shape => sequential([...shape], [layer]),
    (tensors, gradients) => named(`0.${layer.kind}`, own(tensors, gradients)),
  ];
}

const recurrent = (layer: Layer, suffix?: string) =>
  alone(layer, (tensors, gradients) =>
    recurrentOf(tensors, layer.kind, { gradients, ...(suffix !== undefined && { suffix }) }),
  );

const built: Readonly<Record<string, readonly [(shape: readonly number[]) => Architecture, Translation]>> = {
  'simpleRNN(tanh) [B,T,F] all outputs': recurrent(simpleRnn(5, all)),
  'lstm (gates i,f,g,o) [B,T,F] all outputs': recurrent(lstm(5, all)),
  'gru (gates r,z,n; PyTorch form) [B,T,F] all outputs': recurrent(gru(5, all)),
  'multiHeadAttention embed8 heads2 self-attention [B,T,E]': alone(multiHeadAttention(2, 4), t => attentionOf(t)),
  'lstm, last output': recurrent(lstm(6)),
  'gru (reset after), last output': recurrent(gru(6)),
  'simpleRNN tanh, last output': recurrent(simpleRnn(6)),
  'bidirectional lstm, all outputs concatenated': alone(bidirectional(lstm(5, all)), (tensors, gradients) => ({
    ...named('forward', recurrentOf(tensors, 'lstm', { gradients })),
    ...named('backward', recurrentOf(tensors, 'lstm', { suffix: '_l0_reverse', gradients })),
  })),
  'two lstm layers, last output': [
    shape => sequential([...shape], [lstm(5, all), lstm(5)]),
    (tensors, gradients) => ({
      ...named('0.lstm', recurrentOf(tensors, 'lstm', { gradients })),
      ...named('1.lstm', recurrentOf(tensors, 'lstm', { suffix: '_l1', gradients })),
    }),
  ],
  'gru reset before the product (Keras resetAfter false), all outputs': recurrent(
    gru(5, { ...all, resetAfter: false }),
    '',
  ),
  'multiHeadAttention embed12 heads3 causal': alone(multiHeadAttention(3, 4, { causal: true }), t => attentionOf(t)),
  'transformer encoder block, norm first, gelu': [
    shape =>
      graph([...shape], x => {
        const norm = () => layerNormalization({ epsilon: 1e-5 });
        const h = add(x, x.to(norm()).to(multiHeadAttention(3, 4)));
        return add(
          h,
          h
            .to(norm())
            .to(dense(20, { activation: 'gelu' }))
            .to(dense(12)),
        );
      }),
    tensors => ({
      ...named('0.layerNormalization', normOf(tensors, 'norm1.')),
      ...named('1.multiHeadAttention', attentionOf(within(tensors, 'self_attn.'))),
      ...named('3.layerNormalization', normOf(tensors, 'norm2.')),
      ...named('4.dense', weightedOf(tensors, 'linear1.')),
      ...named('5.dense', weightedOf(tensors, 'linear2.')),
    }),
  ],
};

it.each(Object.entries(built))('%s', async (name, [architectureFor, ours]) => {
  const golden = goldenLayer(name);
  const model = await Model.create(architectureFor(golden.x.shape.slice(1)));
  model.setParameters(ours(golden.parameters, false));
  const x = Float32Array.from(golden.x.data);
  const [y, dy] = [golden.y.data, golden.dy.data];
  expectClose(model.predict(x), y, 1e-6, 'y');
  const targets = Float32Array.from(y, (value, i) => value - (at(dy, i) * y.length) / 2);
  const found = model.gradients(x, targets, { loss: 'meanSquaredError', inputs: true }).gradients;
  const want: Ours = { ...ours(golden.gradients, true), input: golden.dx.data };
  expect(Object.keys(found).sort()).toEqual(Object.keys(want).sort());
  for (const [parameter, values] of Object.entries(want)) {
    expectClose(found[parameter] ?? [], values, 2e-6, parameter);
  }
});
