/** Updates of stretches of parameters (`Builder.stretches`). */
import { PANEL } from '../panels.js';
import { defineOp, reads, shareOfUnit, writes } from './op.js';

export const sgd = /* @__PURE__ */ defineOp(
  'sgd',
  {
    parameters: 'address',
    gradients: 'address',
    velocity: 'address',
    rows: 'i32',
    unit: 'i32',
    momentum: 'f32',
    nesterov: 'i32',
    weightDecay: 'f32',
  },
  {
    binary: 'train',
    access: fields => ({
      parameters: writes(shareOfUnit(fields)),
      gradients: reads(shareOfUnit(fields)),
      velocity: writes(shareOfUnit(fields)),
    }),
    work: ({ rows }) => 5 * rows * PANEL,
  },
);

export const adam = /* @__PURE__ */ defineOp(
  'adam',
  {
    parameters: 'address',
    gradients: 'address',
    m: 'address',
    v: 'address',
    rows: 'i32',
    unit: 'i32',
    epsilon: 'f32',
    beta1: 'f64',
    beta2: 'f64',
    weightDecay: 'f32',
    decoupled: 'i32',
  },
  {
    binary: 'train',
    access: fields => ({
      parameters: writes(shareOfUnit(fields)),
      gradients: reads(shareOfUnit(fields)),
      m: writes(shareOfUnit(fields)),
      v: writes(shareOfUnit(fields)),
    }),
    work: ({ rows }) => 18 * rows * PANEL,
  },
);
