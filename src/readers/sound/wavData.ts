/** Sounds as the rows that a network takes. */
import { roomFor as roomForNumbers } from '../../conversions.js';
import {
  allProblems,
  checkInteger,
  checkNumber,
  checkOptions,
  messageOf,
  wrongType,
  wrongValue,
} from '../../errors.js';
import { isList } from '../../kinds.js';
import type { DataSource } from '../../platform.js';
import { type ClassFiles, type ClassFolderOptions, filesOfClasses } from '../classFolder.js';
import { type Opened, openSource, wholeOf } from '../source.js';
import { type LogMelOptions, logMelNames, MelBands } from './logMel.js';
import { type Sound, soundOf } from './wav.js';

export interface WavOptions extends LogMelOptions {
  /** Samples a second, which all files must have; those of the first by default. */
  readonly sampleRate?: number;
  /**
   * How much of each sound is taken, from its beginning on; shorter ones have silence behind. As long as they are by
   * default, which must then be alike.
   */
  readonly seconds?: number;
}

/** Sounds as samples: `x` is what `fit` and `predict` take. */
export interface WavRows {
  /** Row-major sounds × moments × bands, as {@link logMel} gives them. */
  readonly x: Float32Array;
  /** Of each sound. */
  readonly shape: readonly [moments: number, bands: number];
  /** Samples a second. */
  readonly sampleRate: number;
}

export interface LabelledWavs extends WavRows, ClassFiles {}

const names = [...logMelNames, 'sampleRate', 'seconds'] as const;
const MOST_SECONDS = 2 ** 20;

/**
 * Reads WAV files, of paths, addresses, bytes and whatever else readers take, as spectrograms in one array: `{ x,
 * shape, sampleRate }`, each as {@link logMel} gives it, of several channels of their mean.
 *
 * @throws naming all files that are none, are not whole, have another sample rate, or are of other lengths where no
 *   `seconds` are given
 */
export async function wavData(sounds: readonly DataSource[], options: WavOptions = {}): Promise<WavRows> {
  const where = 'wavData';
  checkOptions(where, options, names);
  if (!isList(sounds)) throw wrongType(where, 'a list of sounds', sounds, 'give [sound] for one');
  return readWavs(where, sounds, options, i => `${where}: sounds[${i}]`);
}

/**
 * Reads a folder of classes: each folder in it is a class by that name, and holds its WAV files. Their order, and what
 * is passed over, are as of `readImageFolder`. Needs a platform with files.
 *
 * @throws naming the folder where it has fewer than two classes or one without sounds, and as {@link wavData}
 */
export async function readWavFolder(
  path: string,
  options: WavOptions & ClassFolderOptions = {},
): Promise<LabelledWavs> {
  const where = 'readWavFolder';
  checkOptions(where, options, [...names, 'classes']);
  const { classes, ...rest } = options;
  const found = await filesOfClasses(where, path, classes, { ends: /\.wave?$/i, plural: 'WAV files' });
  return { ...(await readWavs(where, found.files, rest, i => found.files[i] ?? where)), ...found };
}

async function readWavs(
  where: string,
  sources: readonly DataSource[],
  options: WavOptions,
  nameOf: (i: number) => string,
): Promise<WavRows> {
  const { sampleRate, seconds } = options;
  if (sampleRate !== undefined) checkInteger(`${where}: sampleRate`, sampleRate, 1);
  if (seconds !== undefined) checkNumber(`${where}: seconds`, seconds, { above: 0, max: MOST_SECONDS });
  const problems: string[] = [];
  let room: Room | undefined;
  let isUnfit = false;
  for (const [row, source] of sources.entries()) {
    const sound = await read(openSource(nameOf(row), source)).catch(error => {
      problems.push(messageOf(error));
    });
    if (!sound) continue;
    const rate = sampleRate ?? room?.sampleRate ?? sound.sampleRate;
    if (sound.sampleRate !== rate) {
      const mend = `convert it with ffmpeg -i FILE -ar ${rate} FILE.wav`;
      problems.push(wrongValue(sound.name, `${rate} samples a second`, sound.sampleRate, mend).message);
      continue;
    }
    if (isUnfit) continue;
    try {
      room ??= roomFor(seconds === undefined ? sound.name : where, sources.length, sound, options);
    } catch (error) {
      if (error instanceof TypeError) throw error;
      // The others would say the same.
      isUnfit = true;
      problems.push(messageOf(error));
      continue;
    }
    const { name, samples } = sound;
    if (seconds === undefined && samples.length !== room.length) {
      const expected = `${room.length} samples, as before it`;
      problems.push(wrongValue(name, expected, samples.length, 'give { seconds }').message);
    }
    // Where one is wrong, the others are looked at alone.
    if (problems.length === 0) room.mel.write(samples, room.x.subarray(row * room.size, (row + 1) * room.size));
  }
  if (problems.length > 0) throw allProblems(problems);
  if (!room) throw wrongValue(where, 'at least one sound', 'none');
  const { x, shape, sampleRate: rate } = room;
  return { x, shape, sampleRate: rate };
}

interface NamedSound extends Sound {
  readonly name: string;
}

async function read(opened: Opened): Promise<NamedSound> {
  return { name: opened.name, ...soundOf(opened.name, await wholeOf(opened)) };
}

/** What all sounds have in common, and where their spectrograms go. */
interface Room extends WavRows {
  readonly mel: MelBands;
  /** Samples of each sound, and numbers of its spectrogram. */
  readonly length: number;
  readonly size: number;
}

/** Room for so many sounds like the first, or as they are asked for. */
function roomFor(where: string, count: number, first: Sound, { sampleRate, seconds, ...rest }: WavOptions): Room {
  const rate = sampleRate ?? first.sampleRate;
  const length = seconds === undefined ? first.samples.length : Math.round(seconds * rate);
  const mel = new MelBands(where, rate, rest);
  const moments = mel.momentsOf(where, length);
  const size = moments * mel.bands;
  return { x: roomForNumbers(count * size), shape: [moments, mel.bands], sampleRate: rate, mel, length, size };
}
