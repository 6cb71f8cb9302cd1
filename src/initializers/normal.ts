import { checkNumber, wrongValue } from '../errors.js';
import type { Random } from '../random.js';
import { defineInitializer, type Fill } from './define.js';

const defaults = { mean: 0, stddev: 0.05 };

/**
 * How many standard deviations from the mean a value may lie: as far as `Random.normal` goes, or where the tails are
 * cut.
 */
const UNCUT = 13;
const CUT = 2;

const check =
  (deviations: number) =>
  (where: string, { mean, stddev }: typeof defaults) => {
    checkNumber(`${where}.stddev`, stddev, { min: 0 });
    if (Number.isFinite(Math.fround(Math.abs(mean) + deviations * stddev))) return;
    const got = `mean ${mean} and stddev ${stddev}`;
    throw wrongValue(where, `values within float32, up to ${deviations} stddev from the mean`, got);
  };

/** Fills `values` with normal numbers, those farther than two `stddev` from `mean` drawn again. */
export function fillTruncatedNormal(values: Float32Array, mean: number, stddev: number, random: Random): void {
  for (let i = 0; i < values.length; i++) {
    let z = random.normal();
    while (Math.abs(z) > CUT) z = random.normal();
    values[i] = mean + stddev * z;
  }
}

/**
 * Normally distributed values: `randomNormal({ mean: 0, stddev: 0.05 })`. RangeError where stddev < 0,
 * or values may be beyond float32.
 */
export const randomNormal = defineInitializer('randomNormal', defaults, check(UNCUT));

export const fillRandomNormal: Fill<typeof defaults> = (values, { mean, stddev }, _shape, random) => {
  for (let i = 0; i < values.length; i++) values[i] = mean + stddev * random.normal();
};

/**
 * Normally distributed values within two standard deviations of the mean: `truncatedNormal({ mean: 0, stddev: 0.05 })`.
 * `stddev` is that before the cut; the values' own is 0.8796 times it. RangeError where stddev < 0, or values may
 * be beyond float32.
 */
export const truncatedNormal = defineInitializer('truncatedNormal', defaults, check(CUT));
