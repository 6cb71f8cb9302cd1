/** WAV files: sound as numbers, without any packing (Multimedia Programming Interface and Data Specifications 1.0). */
import { quote, wrongKind, wrongValue } from '../../errors.js';
import type { Bytes } from '../../kinds.js';
import type { DataSource } from '../../platform.js';
import { openSource, wholeOf } from '../source.js';

/** Sound of one channel. */
export interface Sound {
  /** Samples a second. */
  readonly sampleRate: number;
  /** From −1 to 1; of floating-point files whatever they hold. */
  readonly samples: Float32Array;
}

/**
 * Reads a WAV file of whole numbers of 8, 16, 24 or 32 bits or of floating-point ones, of a path, an address, bytes and
 * whatever else readers take: `{ sampleRate, samples }`, of several channels their mean. What ffmpeg, SoX and others
 * wrote into a pipe, which does not know its length, is read to its end.
 *
 * @throws naming the file where it is none, is not whole, holds no sound, or packed sound such as MP3
 */
export async function readWav(source: DataSource): Promise<Sound> {
  const opened = openSource('readWav', source);
  return soundOf(opened.name, await wholeOf(opened));
}

/** The samples of a whole file; `name` is what messages call it. */
export function soundOf(name: string, bytes: Bytes): Sound {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const word = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (word(0) !== 'RIFF' || word(8) !== 'WAVE') {
    const got = bytes.length === 0 ? 'an empty file' : `other bytes, ${quote(word(0))}`;
    throw wrongKind(name, 'a WAV file', got, 'convert it with ffmpeg -i FILE FILE.wav, or leave it out');
  }
  let format: Format | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const kind = word(at);
    const start = at + 8;
    const stated = view.getUint32(at + 4, true);
    const isOpen = kind === 'data' && stated >= UNKNOWN_LENGTH && start + stated > bytes.length;
    const length = isOpen ? bytes.length - start : stated;
    if (start + length > bytes.length) {
      const expected = `a whole WAV file, with ${length} bytes of ${quote(kind)}`;
      throw wrongValue(name, expected, `${bytes.length - start}`, 'fetch it again');
    }
    if (kind === 'fmt ') format = formatOf(name, new DataView(view.buffer, view.byteOffset + start, length));
    if (kind === 'data') {
      if (!format) throw wrongValue(name, "a WAV file that tells its format before its 'data'", 'one without');
      const own = isOpen ? whole(length, format) : length;
      const samples = mean(name, format, new DataView(view.buffer, view.byteOffset + start, own));
      return { sampleRate: format.sampleRate, samples };
    }
    // Parts of an odd length have a byte behind them.
    at = start + length + (length % 2);
  }
  throw wrongValue(name, 'a whole WAV file', "one without 'data'", 'fetch it again');
}

/**
 * What is written into a pipe does not know how much sound follows, and says what is about as much as there can be: SoX
 * 0x7ffff000 and fewer by less than a moment's bytes, arecord up to 0x7fffffff, ffmpeg 0xffffffff.
 */
const UNKNOWN_LENGTH = 0x7fff0000;

/** Of so many bytes those of whole moments: who listens to a pipe may stop within one. */
const whole = (length: number, { channels, bytes }: Format) => length - (length % (channels * bytes));

interface Format {
  readonly sampleRate: number;
  readonly channels: number;
  readonly bytes: number;
  readonly sampleAt: (view: DataView, at: number) => number;
}

const PCM = 1;
const FLOAT = 3;
/** The format stands farther behind. */
const EXTENSIBLE = 0xfffe;
const OTHERS: Readonly<Record<number, string>> = { 2: 'ADPCM', 6: 'A-law', 7: 'µ-law', 17: 'ADPCM', 85: 'MP3' };

/** Of each kind and number of bits a sample's value. */
const SAMPLES: Readonly<Record<string, Format['sampleAt']>> = {
  '1/8': (view, at) => (view.getUint8(at) - 128) / 2 ** 7,
  '1/16': (view, at) => view.getInt16(at, true) / 2 ** 15,
  '1/24': (view, at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 2 ** 16) / 2 ** 23,
  '1/32': (view, at) => view.getInt32(at, true) / 2 ** 31,
  '3/32': (view, at) => view.getFloat32(at, true),
  '3/64': (view, at) => view.getFloat64(at, true),
};

function formatOf(name: string, view: DataView): Format {
  const part = "a whole WAV file, with its 'fmt '";
  if (view.byteLength < 16) throw wrongValue(name, part, `${view.byteLength} bytes of it`, 'fetch it again');
  const [stated, channels, bits] = [0, 2, 14].map(at => view.getUint16(at, true)) as [number, number, number];
  const isExtended = stated === EXTENSIBLE && view.byteLength >= 26;
  const kind = isExtended ? view.getUint16(24, true) : stated;
  const sampleAt = SAMPLES[`${kind}/${bits}`];
  if (!sampleAt) {
    const own = kind === PCM || kind === FLOAT ? `${bits} bits` : (OTHERS[kind] ?? `format ${kind}`);
    const expected = 'sound of 8, 16, 24 or 32 bits, or of floats';
    throw wrongValue(name, expected, own, 'convert it with ffmpeg -i FILE -c:a pcm_s16le FILE.wav');
  }
  const [sampleRate, frame] = [view.getUint32(4, true), view.getUint16(12, true)];
  if (sampleRate === 0 || channels === 0 || frame !== (channels * bits) / 8) {
    const got = `${channels} channels in ${frame} bytes, ${sampleRate} a second`;
    throw wrongValue(name, `a format of ${bits} bits a sample`, got, 'fetch it again');
  }
  return { sampleRate, channels, bytes: bits / 8, sampleAt };
}

/** The mean of all channels, sample by sample. */
function mean(name: string, { channels, bytes, sampleAt }: Format, view: DataView): Float32Array {
  const frame = channels * bytes;
  if (view.byteLength % frame !== 0) {
    const expected = `a whole WAV file, of ${frame} bytes for each moment`;
    throw wrongValue(name, expected, `${view.byteLength}`, 'fetch it again');
  }
  if (view.byteLength === 0) throw wrongValue(name, 'a WAV file with sound', 'one without samples', 'leave it out');
  const samples = new Float32Array(view.byteLength / frame);
  for (let i = 0, at = 0; i < samples.length; i++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++, at += bytes) sum += sampleAt(view, at);
    const value = Math.fround(sum / channels);
    if (!Number.isFinite(value)) throw wrongValue(name, 'finite samples', `${value} as sample ${i}`, 'fetch it again');
    samples[i] = value;
  }
  return samples;
}
