/** WAV files that SciPy and Python's wave wrote, and spectrograms beside NumPy's in float64: test/fixtures/sound. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { logMel, readWav, readWavFolder, wavData } from '../../src/entries/data.js';

interface Expected {
  sampleRate: number;
  samples: Record<string, number[]>;
  spectrograms: { options: object; shape: number[]; values: number[] }[];
}

const path = (name: string) => join('test/fixtures/sound', name);
const read = (name: string) => new Uint8Array(readFileSync(path(name)));
const { sampleRate, samples, spectrograms }: Expected = JSON.parse(readFileSync(path('expected.json'), 'utf8'));
const own = mkdtempSync(join(tmpdir(), 'myelin-sound-'));
afterAll(() => rmSync(own, { recursive: true }));

const furthest = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - (b[i] ?? Number.NaN))));
};

/** A file of these parts, each a name of four letters and its bytes. */
function wav(...parts: [string, number[]][]): Uint8Array {
  const word = (value: number) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24];
  const text = (letters: string) => [...letters].map(letter => letter.charCodeAt(0));
  const body = parts.flatMap(([name, bytes]) => [
    ...text(name),
    ...word(bytes.length),
    ...bytes,
    ...(bytes.length % 2 ? [0] : []),
  ]);
  return Uint8Array.from([...text('RIFF'), ...word(4 + body.length), ...text('WAVE'), ...body]);
}

/** What a part 'fmt ' holds. */
function format(told: {
  kind?: number;
  channels?: number;
  rate?: number;
  bits?: number;
  frame?: number;
  rest?: number[];
}) {
  const { kind = 1, channels = 1, rate = 8000, bits = 16, rest = [] } = told;
  const { frame = (channels * bits) / 8 } = told;
  const half = (value: number) => [value & 255, (value >> 8) & 255];
  const word = (value: number) => [...half(value & 65535), ...half(value >>> 16)];
  const all = [...half(kind), ...half(channels), ...word(rate), ...word(rate * frame), ...half(frame), ...half(bits)];
  return [...all, ...rest];
}

describe('readWav', () => {
  it.each(Object.keys(samples))('reads %s as it was written, of channels the mean', async name => {
    const sound = await readWav(path(name));
    expect(sound.sampleRate).toBe(sampleRate);
    // What float32 rounds, and the nine digits of the fixture.
    expect(furthest(sound.samples, samples[name] ?? [])).toBeLessThan(4e-8);
    expect(await readWav(read(name))).toEqual(sound);
  });

  it('passes over parts that it does not need, and takes formats that stand farther behind', async () => {
    const sound = [0, 64, 0, 192];
    const plain = wav(['LIST', [1, 2, 3]], ['fmt ', format({})], ['data', sound], ['id3 ', [7]]);
    expect((await readWav(plain)).samples).toEqual(Float32Array.of(0.5, -0.5));
    const rest = [22, 0, 16, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113];
    const extended = wav(['fmt ', format({ kind: 0xfffe, rest })], ['data', sound]);
    expect((await readWav(extended)).samples).toEqual(Float32Array.of(0.5, -0.5));
  });

  it.each([
    ['ffmpeg', 0xffffffff, {}],
    ['SoX', 0x7ffff000, {}],
    ['SoX, of six bytes a moment', 0x7fffeffc, { channels: 2, bits: 24 }],
    ['arecord', 0x7fffff80, {}],
  ])('reads to the end where %s wrote into a pipe', async (_, stated, told) => {
    const { channels = 1, bits = 16 } = told as { channels?: number; bits?: number };
    const moment = (high: number) => Array.from({ length: channels }, () => [...Array(bits / 8 - 1).fill(0), high]);
    // Who listened stopped within a moment.
    const piped = wav(['fmt ', format(told)], ['data', [...moment(64), ...moment(192), [0]].flat()]).slice(0, -1);
    const at = piped.length - (2 * channels * bits) / 8 - 1 - 4;
    new DataView(piped.buffer).setUint32(at, stated, true);
    expect((await readWav(piped)).samples).toEqual(Float32Array.of(0.5, -0.5));
    // A length that is none of those means that the file was cut off.
    new DataView(piped.buffer).setUint32(at, 0x7ffe0000, true);
    await expect(readWav(piped)).rejects.toThrow(/expected a whole WAV file, with 2147352576 bytes of 'data', got/);
  });

  it('names what is no WAV file, or none that it reads', async () => {
    const given = (bytes: Uint8Array) => {
      writeFileSync(join(own, 'a.wav'), bytes);
      return readWav(join(own, 'a.wav'));
    };
    const sound: [string, number[]] = ['data', [0, 64]];
    await expect(readWav(path('none.wav'))).rejects.toThrow(/none\.wav'?: expected a file that can be read/);
    await expect(readWav(new Uint8Array(0))).rejects.toThrow(/^readWav: expected a WAV file, got an empty file/);
    await expect(given(Uint8Array.of(1, 2, 3))).rejects.toThrow(/a\.wav: expected a WAV file, got other bytes/);
    await expect(given(wav(['fmt ', format({})]))).rejects.toThrow(/a\.wav: expected a whole WAV file.*fetch it again/);
    await expect(given(wav(sound))).rejects.toThrow(/tells its format before its 'data'/);
    await expect(given(wav(['fmt ', [1, 0]], sound))).rejects.toThrow(/with its 'fmt ', got 2 bytes of it/);
    for (const [told, message] of [
      [{ kind: 7, bits: 8 }, /expected sound of 8, 16, 24 or 32 bits, or of floats, got µ-law; convert it with ffmpeg/],
      [{ kind: 99 }, /got format 99/],
      [{ bits: 12, frame: 2 }, /got 12 bits/],
      [{ channels: 0 }, /got 0 channels in 0 bytes/],
      [{ rate: 0 }, /0 a second/],
      [{ frame: 3 }, /got 1 channels in 3 bytes, 8000 a second; fetch it again/],
    ] as const) {
      await expect(given(wav(['fmt ', format(told)], sound))).rejects.toThrow(message);
    }
    await expect(given(wav(['fmt ', format({})], ['data', [1, 2, 3]]))).rejects.toThrow(
      /2 bytes for each moment, got 3/,
    );
    await expect(given(wav(['fmt ', format({})], ['data', []]))).rejects.toThrow(/with sound, got one without samples/);
    const nan = wav(['fmt ', format({ kind: 3, bits: 32 })], ['data', [0, 0, 192, 127]]);
    await expect(given(nan)).rejects.toThrow(/a\.wav: expected finite samples, got NaN as sample 0/);
    const large = [...new Uint8Array(Float64Array.of(1e39).buffer)];
    await expect(given(wav(['fmt ', format({ kind: 3, bits: 64 })], ['data', large]))).rejects.toThrow(
      /a\.wav: expected finite samples, got Infinity as sample 0/,
    );
  });

  it('refuses every file that was cut off, by its name', async () => {
    const bytes = read('stereo16.wav');
    for (let length = 0; length < bytes.length; length += length < 60 ? 1 : 97) {
      await expect(readWav(bytes.subarray(0, length)), `${length}`).rejects.toThrow(/^readWav: expected a /);
    }
  });
});

describe('logMel', () => {
  it.each(spectrograms)('gives what NumPy gives in float64: $options', async ({ options, shape, values }) => {
    const sound = await readWav(path('pcm16.wav'));
    const given = logMel(sound.samples, { sampleRate, ...options });
    expect(given.shape).toEqual(shape);
    expect(furthest(given.x, values)).toBeLessThan(2e-6);
  });

  it('has 64 bands every 0.01 s by default, and of silence the logarithm of the least', () => {
    const { x, shape } = logMel(new Float32Array(16000), { sampleRate: 16000 });
    expect(shape).toEqual([98, 64]);
    expect(x.every(value => value === Math.fround(Math.log(1e-10)))).toBe(true);
  });

  it('is loudest where a tone is', () => {
    const tone = Float32Array.from({ length: 16000 }, (_, i) => Math.sin((2 * Math.PI * 1000 * i) / 16000));
    const { x } = logMel(tone, { sampleRate: 16000, bands: 40, minFrequency: 0 });
    const first = [...x.subarray(0, 40)];
    // 1000 Hz are 1000 mel of 2840, in bands of 69.3.
    expect(first.indexOf(Math.max(...first))).toBe(Math.round(1000 / (2840 / 41)) - 1);
  });

  it('refuses what it cannot take, before any work', () => {
    const sound = new Float32Array(400);
    const given = (options: object) => () => logMel(sound, { sampleRate: 8000, ...options });
    expect(() => logMel([0, 1] as never, { sampleRate: 8000 })).toThrow(/^logMel: expected a Float32Array of samples/);
    expect(() => logMel(sound, {} as never)).toThrow(
      /^logMel: sampleRate: expected a finite number > 0, got undefined/,
    );
    expect(() => logMel(sound.fill(Infinity, 7, 8), { sampleRate: 8000 })).toThrow(/got Infinity as sample 7/);
    sound.fill(0);
    expect(given({ bands: 0 })).toThrow(/^logMel: bands: expected a whole number from 1/);
    expect(given({ band: 8 })).toThrow(/did you mean 'bands'/);
    expect(given({ bands: 400 })).toThrow(/^logMel: expected bands that frequencies 31\.3 Hz apart.*take fewer bands$/);
    expect(given({ maxFrequency: 4001 })).toThrow(/^logMel: maxFrequency: .*<= 4000, got 4001/);
    expect(given({ minFrequency: 4000 })).toThrow(/^logMel: minFrequency: .* < 4000, got 4000/);
    expect(given({ windowSeconds: 0.1 })).toThrow(/^logMel: expected at least 800 samples, a window's, got 400/);
    expect(given({ hopSeconds: 1e-9 })).toThrow(/^logMel: hopSeconds: expected from 1 to 65536 samples .*, got 0/);
  });
});

describe('wavData', () => {
  it('makes rows of sounds, of which all have one length', async () => {
    const names = ['pcm16.wav', 'stereo16.wav'].map(path);
    const { x, shape, sampleRate: rate } = await wavData([names[0] ?? '', read('stereo16.wav')], { bands: 40 });
    expect([shape, rate]).toEqual([[10, 40], 8000]);
    const rows = await Promise.all(
      names.map(async name => logMel((await readWav(name)).samples, { sampleRate, bands: 40 })),
    );
    expect([...x]).toEqual(rows.flatMap(row => [...row.x]));
    const longer = await wavData(names, { bands: 40, seconds: 0.2 });
    expect(longer.shape).toEqual([18, 40]);
    expect(longer.x.subarray(0, 400)).not.toEqual(longer.x.subarray(-400));
    expect(longer.x.at(-1)).toBe(Math.fround(Math.log(1e-10)));
    const shorter = await wavData(names, { bands: 40, seconds: 0.05 });
    expect(shorter.x.subarray(0, 3 * 40)).toEqual(x.subarray(0, 3 * 40));
  });

  it('names every file of another rate, another length, or that is not whole', async () => {
    writeFileSync(join(own, 'fast.wav'), wav(['fmt ', format({ rate: 44100 })], ['data', Array(2000).fill(1)]));
    writeFileSync(join(own, 'short.wav'), wav(['fmt ', format({})], ['data', Array(1000).fill(1)]));
    writeFileSync(join(own, 'cut.wav'), read('pcm16.wav').subarray(0, 500));
    const given = (...names: string[]) => wavData([path('pcm16.wav'), ...names.map(name => join(own, name))]);
    await expect(given('fast.wav')).rejects.toThrow(
      /fast\.wav: expected 8000 samples a second, got 44100; convert it with ffmpeg -i FILE -ar 8000 FILE\.wav$/,
    );
    await expect(given('short.wav')).rejects.toThrow(/short\.wav: expected 960 samples.*got 500; give \{ seconds \}/);
    await expect(given('fast.wav', 'short.wav', 'cut.wav')).rejects.toThrow(
      /^3 problems: .*fast\.wav.* · .*short\.wav.* · .*cut\.wav/,
    );
    // At 44100 it would be shorter than a window, too.
    for (const rate of [16000, 44100]) {
      await expect(wavData([path('pcm16.wav')], { sampleRate: rate })).rejects.toThrow(
        new RegExp(`pcm16\\.wav: expected ${rate} samples a second, got 8000; convert it with`),
      );
    }
    writeFileSync(join(own, 'tiny.wav'), wav(['fmt ', format({})], ['data', Array(100).fill(1)]));
    await expect(wavData([join(own, 'tiny.wav'), join(own, 'cut.wav')])).rejects.toThrow(
      /^2 problems: .*tiny\.wav.* · .*cut\.wav/,
    );
    await expect(wavData([join(own, 'tiny.wav')])).rejects.toThrow(/tiny\.wav: expected at least 200 samples/);
    await expect(wavData([])).rejects.toThrow(/^wavData: expected at least one sound, got none/);
    await expect(wavData(path('pcm16.wav') as never)).rejects.toThrow(/expected a list of sounds.*give \[sound\]/);
    await expect(wavData([path('pcm16.wav')], { second: 1 } as never)).rejects.toThrow(/did you mean 'seconds'/);
    await expect(wavData([path('pcm16.wav')], { seconds: 0.01 })).rejects.toThrow(/at least 200 samples.*got 80/);
  });

  it('reads a folder of classes', async () => {
    for (const [kind, name] of [
      ['low', 'pcm16.wav'],
      ['high', 'pcm24.wav'],
      ['high', 'stereo16.wav'],
    ] as const) {
      mkdirSync(join(own, 'sounds', kind), { recursive: true });
      writeFileSync(join(own, 'sounds', kind, name), read(name));
    }
    const sounds = await readWavFolder(join(own, 'sounds'), { bands: 20 });
    expect(sounds.classes).toEqual(['high', 'low']);
    expect([...sounds.y]).toEqual([0, 0, 1]);
    expect(sounds.x).toEqual((await wavData(sounds.files, { bands: 20 })).x);
    await expect(readWavFolder(join(own, 'sounds', 'low'))).rejects.toThrow(/a folder for each of two classes or more/);
    mkdirSync(join(own, 'sounds', 'none'));
    await expect(readWavFolder(join(own, 'sounds'))).rejects.toThrow(/sounds\/none: expected WAV files, got none/);
  });
});
