import { checkNumber } from '../errors.js';
import type { Random } from '../random.js';
import { defineInitializer, type Fill } from './define.js';

const defaults = { mean: 0, stddev: 0.05 };

function check(where: string, { stddev }: typeof defaults): void {
  checkNumber(`${where}.stddev`, stddev, { min: 0 });
}

/** Fills `values` with normal numbers, those farther than two `stddev` from `mean` drawn again. */
export function fillTruncatedNormal(values: Float32Array, mean: number, stddev: number, random: Random): void {
  for (let i = 0; i < values.length; i++) {
    let z = random.normal();
    while (Math.abs(z) > 2) z = random.normal();
    values[i] = mean + stddev * z;
  }
}

/** Normally distributed values: `randomNormal({ mean: 0, stddev: 0.05 })`. RangeError where stddev < 0. */
export const randomNormal = defineInitializer('randomNormal', defaults, check);

export const fillRandomNormal: Fill<typeof defaults> = (values, { mean, stddev }, _shape, random) => {
  for (let i = 0; i < values.length; i++) values[i] = mean + stddev * random.normal();
};

/**
 * Normally distributed values within two standard deviations of the mean: `truncatedNormal({ mean: 0, stddev: 0.05 })`.
 * `stddev` is that before the cut; the values' own is 0.8796 times it. RangeError where stddev < 0.
 */
export const truncatedNormal = defineInitializer('truncatedNormal', defaults, check);
