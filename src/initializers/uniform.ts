import { wrongValue } from '../errors.js';
import type { Random } from '../random.js';
import { defineInitializer } from './define.js';

/** Fills `values` with numbers from min to max, each equally likely. */
export function fillUniform(values: Float32Array, min: number, max: number, random: Random): void {
  for (let i = 0; i < values.length; i++) values[i] = min + (max - min) * random.uniform();
}

/** Equally likely values between two bounds: `randomUniform({ min: -0.05, max: 0.05 })`. RangeError where min > max. */
export const randomUniform = defineInitializer('randomUniform', { min: -0.05, max: 0.05 }, (where, { min, max }) => {
  if (min > max) throw wrongValue(where, 'min <= max', `min ${min} and max ${max}`);
});
