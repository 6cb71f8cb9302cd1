/** How loud which frequencies are, moment by moment, as far apart as people hear them. */
import { findNotFinite } from '../../data/samples.js';
import { cosineOfTurns, naturalExp, naturalLog } from '../../elementary.js';
import { checkInteger, checkNumber, checkOptions, wrongType, wrongValue } from '../../errors.js';
import { isFloat32Array } from '../../kinds.js';

export interface LogMelOptions {
  /** How many bands of frequencies there are; 64 by default. */
  readonly bands?: number;
  /** How long a moment is, in seconds; 0.025 by default. */
  readonly windowSeconds?: number;
  /** How long after one moment the next one begins, in seconds; 0.01 by default. */
  readonly hopSeconds?: number;
  /** Where the lowest band begins, in hertz; 20 by default. */
  readonly minFrequency?: number;
  /** Where the highest band ends, in hertz; half of the sample rate by default. */
  readonly maxFrequency?: number;
}

/** A spectrogram as a row of samples: `x` is what a network of `shape` takes. */
export interface Spectrogram {
  /** Row-major moments × bands. */
  readonly x: Float32Array;
  readonly shape: readonly [moments: number, bands: number];
}

export const logMelNames = ['bands', 'windowSeconds', 'hopSeconds', 'minFrequency', 'maxFrequency'] as const;

/** What is louder by less than this is silence. */
const LEAST_POWER = 1e-10;
const MOST_BANDS = 2 ** 10;
const MOST_WINDOW = 2 ** 16;

/**
 * The logarithm of the power in bands of the mel scale, for every moment of a sound of one channel: ln max(power,
 * 1e-10), of Hann windows (periodic) without padding, of triangular bands after HTK that are not normalised. It is what
 * torchaudio's `MelSpectrogram` gives with `center=False` and a window in the middle of the next power of two, and its
 * logarithm. The same bits everywhere.
 *
 * @throws RangeError where the sound is shorter than a window, or a band too narrow for any frequency to fall into it
 */
export function logMel(samples: Float32Array, options: LogMelOptions & { readonly sampleRate: number }): Spectrogram {
  const where = 'logMel';
  if (!isFloat32Array(samples)) throw wrongType(where, 'a Float32Array of samples', samples);
  const bad = findNotFinite(samples);
  if (bad >= 0) throw wrongValue(where, 'finite samples', `${samples[bad]} as sample ${bad}`);
  checkOptions(where, options, [...logMelNames, 'sampleRate']);
  const { sampleRate, ...rest } = options;
  checkNumber(`${where}: sampleRate`, sampleRate, { above: 0 });
  const mel = new MelBands(where, sampleRate, rest);
  const moments = mel.momentsOf(where, samples.length);
  const x = new Float32Array(moments * mel.bands);
  mel.write(samples, x);
  return { x, shape: [moments, mel.bands] };
}

/** One band: the first frequency that it has, and what each from there on counts. */
interface Band {
  readonly first: number;
  readonly weights: Float64Array;
}

/** Everything that is the same for all sounds of a sample rate. */
export class MelBands {
  readonly bands: number;
  readonly #window: Float64Array;
  readonly #hop: number;
  readonly #bands: readonly Band[];
  readonly #fourier: Fourier;

  constructor(where: string, sampleRate: number, options: LogMelOptions) {
    const { bands = 64, windowSeconds = 0.025, hopSeconds = 0.01, minFrequency = 20 } = options;
    this.bands = checkInteger(`${where}: bands`, bands, 1, MOST_BANDS);
    const length = samplesOf(`${where}: windowSeconds`, windowSeconds, sampleRate);
    this.#hop = samplesOf(`${where}: hopSeconds`, hopSeconds, sampleRate);
    const half = sampleRate / 2;
    const { maxFrequency = half } = options;
    checkNumber(`${where}: maxFrequency`, maxFrequency, { above: 0, max: half });
    checkNumber(`${where}: minFrequency`, minFrequency, { min: 0, below: maxFrequency });
    this.#window = Float64Array.from({ length }, (_, i) => 0.5 - 0.5 * cosine((2 * i) / length));
    this.#fourier = new Fourier(2 ** (32 - Math.clz32(length - 1)));
    this.#bands = bandsOf(where, bands, minFrequency, maxFrequency, sampleRate / this.#fourier.length);
  }

  /** How many moments so many samples have; `where` is whose they are. */
  momentsOf(where: string, samples: number): number {
    const length = this.#window.length;
    if (samples >= length) return 1 + Math.floor((samples - length) / this.#hop);
    throw wrongValue(where, `at least ${length} samples, a window's`, samples, 'give a shorter window');
  }

  /** Writes the moments of a sound, one behind the other. */
  write(samples: ArrayLike<number>, to: Float32Array): void {
    const { real, imaginary, length } = this.#fourier;
    const before = (length - this.#window.length) >> 1;
    for (let start = 0, at = 0; at < to.length; start += this.#hop) {
      real.fill(0);
      imaginary.fill(0);
      for (const [i, weight] of this.#window.entries()) real[before + i] = weight * (samples[start + i] ?? 0);
      this.#fourier.transform();
      for (const { first, weights } of this.#bands) {
        let power = 0;
        for (let i = 0; i < weights.length; i++) {
          const [a = 0, b = 0] = [real[first + i], imaginary[first + i]];
          power += (weights[i] ?? 0) * (a * a + b * b);
        }
        to[at++] = naturalLog(Math.max(power, LEAST_POWER));
      }
    }
  }
}

function samplesOf(where: string, seconds: unknown, sampleRate: number): number {
  const samples = Math.round(checkNumber(where, seconds, { above: 0 }) * sampleRate);
  if (samples >= 1 && samples <= MOST_WINDOW) return samples;
  throw wrongValue(where, `from 1 to ${MOST_WINDOW} samples at ${sampleRate} a second`, samples);
}

/** The cosine of x · π, for x from 0 to 2. */
const cosine = (x: number) => cosineOfTurns(x > 1 ? 2 - x : x);

/**
 * Triangles as wide as each other on the mel scale, each from one's middle to the next one's but one, over frequencies
 * `step` apart. Stevens, Volkmann and Newman 1937, with HTK's formula; its factor is of no account here.
 */
function bandsOf(where: string, count: number, lowest: number, highest: number, step: number): Band[] {
  const mel = (frequency: number) => naturalLog(1 + frequency / 700);
  const [from, to] = [mel(lowest), mel(highest)];
  const edges = Array.from({ length: count + 2 }, (_, i) => {
    return 700 * (naturalExp(from + ((to - from) * i) / (count + 1)) - 1);
  });
  return Array.from({ length: count }, (_, band) => {
    const [left = 0, middle = 0, right = 0] = edges.slice(band);
    const first = Math.floor(left / step) + 1;
    const weights = Float64Array.from({ length: Math.ceil(right / step) - first }, (_, i) => {
      const frequency = (first + i) * step;
      return Math.min((frequency - left) / (middle - left), (right - frequency) / (right - middle));
    });
    if (weights.length > 0) return { first, weights };
    const got = `band ${band} of ${count}, from ${left.toFixed(0)} to ${right.toFixed(0)} Hz, without one`;
    throw wrongValue(where, `bands that frequencies ${step.toFixed(1)} Hz apart fall into`, got, 'take fewer bands');
  });
}

/** Fourier's transform of a power of two of numbers, in place (Cooley and Tukey 1965). */
class Fourier {
  readonly length: number;
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
  /** cos(2πk / length) from k = 0 to length / 2, and the sines. */
  readonly #cosines: Float64Array;
  readonly #sines: Float64Array;
  /** Where each number goes first: its place with its bits turned round. */
  readonly #turned: Int32Array;

  constructor(length: number) {
    this.length = length;
    this.real = new Float64Array(length);
    this.imaginary = new Float64Array(length);
    const half = length >> 1;
    this.#cosines = Float64Array.from({ length: half }, (_, k) => cosineOfTurns(k / half));
    this.#sines = Float64Array.from({ length: half }, (_, k) => cosineOfTurns(Math.abs(k / half - 0.5)));
    this.#turned = new Int32Array(length);
    for (let i = 1; i < length; i++) {
      this.#turned[i] = ((this.#turned[i >> 1] ?? 0) >> 1) | ((i & 1) * half);
    }
  }

  transform(): void {
    const { length, real, imaginary } = this;
    for (let i = 0; i < length; i++) {
      const j = this.#turned[i] ?? 0;
      if (j <= i) continue;
      [real[i], real[j]] = [real[j] ?? 0, real[i] ?? 0];
      [imaginary[i], imaginary[j]] = [imaginary[j] ?? 0, imaginary[i] ?? 0];
    }
    for (let half = 1; half < length; half *= 2) {
      const stride = length / (2 * half);
      for (let start = 0; start < length; start += 2 * half) {
        for (let k = 0; k < half; k++) {
          const [upper, lower] = [start + k, start + k + half];
          const [cos, sin] = [this.#cosines[k * stride] ?? 0, this.#sines[k * stride] ?? 0];
          const [a, b] = [real[lower] ?? 0, imaginary[lower] ?? 0];
          const [x, y] = [cos * a + sin * b, cos * b - sin * a];
          real[lower] = (real[upper] ?? 0) - x;
          imaginary[lower] = (imaginary[upper] ?? 0) - y;
          real[upper] = (real[upper] ?? 0) + x;
          imaginary[upper] = (imaginary[upper] ?? 0) + y;
        }
      }
    }
  }
}
