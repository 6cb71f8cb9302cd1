import { defineInitializer, type Fill } from './define.js';
import { fillTruncatedNormal } from './normal.js';
import { fillUniform } from './uniform.js';

interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/**
 * How many inputs feed one output of a parameter, and how many outputs one input feeds, by its shape: [inputs,
 * outputs]; [...kernel, inputs, outputs], where each kernel position counts; [n], where both are n.
 */
function computeFans(shape: readonly number[]): Fans {
  const outputs = shape.at(-1) ?? 1;
  const inputs = shape.at(-2) ?? outputs;
  const positions = shape.slice(0, -2).reduce((product, size) => product * size, 1);
  return { fanIn: positions * inputs, fanOut: positions * outputs };
}

/** Values with mean 0 and a variance that the fans give, drawn uniformly or from a normal cut at two deviations. */
export function fillScaled(distribution: 'uniform' | 'normal', variance: (fans: Fans) => number): Fill<object> {
  return (values, _settings, shape, random) => {
    const stddev = Math.sqrt(variance(computeFans(shape)));
    if (distribution === 'uniform') {
      const limit = Math.sqrt(3) * stddev;
      fillUniform(values, -limit, limit, random);
    } else {
      // A standard normal cut at ±2 has this standard deviation; dividing by it restores the variance asked for.
      fillTruncatedNormal(values, 0, stddev / 0.87962566103423978, random);
    }
  };
}

export const glorot = ({ fanIn, fanOut }: Fans) => 2 / (fanIn + fanOut);
export const he = ({ fanIn }: Fans) => 2 / fanIn;
export const lecun = ({ fanIn }: Fans) => 1 / fanIn;

/**
 * Uniform between ±sqrt(6 / (fanIn + fanOut)); the default for weights.
 *
 * Source: Glorot and Bengio, «Understanding the difficulty of training deep feedforward neural networks», AISTATS 2010.
 */
export const glorotUniform = defineInitializer('glorotUniform', {});

/** Normal with standard deviation sqrt(2 / (fanIn + fanOut)), cut at two deviations. Source: as `glorotUniform`. */
export const glorotNormal = defineInitializer('glorotNormal', {});

/**
 * Uniform between ±sqrt(6 / fanIn); suits relu.
 *
 * Source: He, Zhang, Ren and Sun, «Delving deep into rectifiers», ICCV 2015.
 */
export const heUniform = defineInitializer('heUniform', {});

/** Normal with standard deviation sqrt(2 / fanIn), cut at two deviations; suits relu. Source: as `heUniform`. */
export const heNormal = defineInitializer('heNormal', {});

/**
 * Uniform between ±sqrt(3 / fanIn); suits tanh.
 *
 * Source: LeCun, Bottou, Orr and Müller, «Efficient backprop», 1998.
 */
export const lecunUniform = defineInitializer('lecunUniform', {});

/** Normal with standard deviation sqrt(1 / fanIn), cut at two deviations; suits selu. Source: as `lecunUniform`. */
export const lecunNormal = defineInitializer('lecunNormal', {});
