/** What initializers do, apart from what they are called and take: predicting alone does not need it. */
import type { Random } from '../random.js';
import { size } from '../shape.js';
import type { Fill } from './define.js';
import type { InitializerConfig, InitializerName } from './index.js';
import { fillRandomNormal, fillTruncatedNormal } from './normal.js';
import { fillOrthogonal } from './orthogonal.js';
import { fillUniform } from './uniform.js';
import { fillScaled, glorot, he, lecun } from './varianceScaling.js';

type SettingsOf<K extends InitializerName> = Omit<Extract<InitializerConfig, { kind: K }>, 'kind'>;

const fills: { readonly [K in InitializerName]: Fill<SettingsOf<K>> } = {
  zeros: values => void values.fill(0),
  ones: values => void values.fill(1),
  constant: (values, { value }) => void values.fill(value),
  randomNormal: fillRandomNormal,
  truncatedNormal: (values, { mean, stddev }, _, random) => fillTruncatedNormal(values, mean, stddev, random),
  randomUniform: (values, { min, max }, _, random) => fillUniform(values, min, max, random),
  orthogonal: fillOrthogonal,
  glorotUniform: fillScaled('uniform', glorot),
  glorotNormal: fillScaled('normal', glorot),
  heUniform: fillScaled('uniform', he),
  heNormal: fillScaled('normal', he),
  lecunUniform: fillScaled('uniform', lecun),
  lecunNormal: fillScaled('normal', lecun),
};

/**
 * A parameter's first values, row-major. Its fans follow from the shape: [inputs, outputs] for a dense weight,
 * [...kernel, inputs, outputs] for a convolution's, [n] for a bias.
 */
export function initialize(config: InitializerConfig, shape: readonly number[], random: Random): Float32Array {
  const values = new Float32Array(size(shape));
  (fills[config.kind] as Fill<object>)(values, config, shape, random);
  return values;
}
