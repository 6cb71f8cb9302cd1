/** What deployments get wrong: each has one error that says what to do. */
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as core from '../../src/entries/core.js';
import { dense, Model, sequential } from '../../src/entries/node.js';
import * as predict from '../../src/entries/predict.node.js';
import { readSafetensors, writeSafetensors } from '../../src/files/safetensors.js';
import { compileAt, compileOwn } from '../../src/runtime/source.js';
import { VERSION } from '../../src/version.js';

const wasm = async (name: string) => new Uint8Array(await readFile(`wasm/${name}.wasm`));
const architecture = sequential([3], [dense(4, { activation: 'tanh' }), dense(2)]);
const modelFile = async () => (await Model.create(architecture, { seed: 1 })).toBytes();

/** The file with other metadata. */
async function altered(change: (metadata: Record<string, string>) => Record<string, string>): Promise<Uint8Array> {
  const { tensors, metadata } = readSafetensors(await modelFile());
  return writeSafetensors(tensors, { ...metadata, ...change(metadata) });
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe('WebAssembly that is handed in', () => {
  // First, for init holds for all that follows.
  it('is asked for where there is none yet', async () => {
    const message = /^myelin\/core: expected its WebAssembly, got none yet; call init first/;
    await expect(core.Model.create(architecture)).rejects.toThrow(message);
    await expect(core.Model.fromBytes(await modelFile())).rejects.toThrow(message);
  });

  it('is refused where it is cut off, wherever that is', async () => {
    const whole = await wasm('simd');
    for (const length of [0, 7, 100, whole.length / 2, whole.length - 1].map(Math.floor)) {
      await expect(core.init(whole.subarray(0, length))).rejects.toThrow(
        new RegExp(
          `^myelin/core: init: expected a whole \\.wasm file, got ${length} bytes: .*take it from the package`,
        ),
      );
    }
  });

  it('is refused where it is not this package’s', async () => {
    const empty = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
    await expect(core.init(empty)).rejects.toThrow(
      "myelin/core: init: expected myelin/wasm/simd.wasm or myelin/wasm/relaxed.wasm, got another library's WebAssembly",
    );
    await expect(core.init(await wasm('predict'))).rejects.toThrow(/relaxed\.wasm, got predict\.wasm$/);
    await expect(predict.init(await wasm('simd-threads'))).rejects.toThrow(/got simd-threads\.wasm$/);
  });

  it('is refused where it is of another version', async () => {
    const bytes = Buffer.from(await wasm('simd'));
    const at = bytes.lastIndexOf(VERSION);
    bytes.write('9', at);
    await expect(core.init(bytes)).rejects.toThrow(
      `expected a .wasm of myelin ${VERSION}, got one of 9${VERSION.slice(1)}`,
    );
  });

  it('is refused where it is nothing of the kind, or a response that tells of an error', async () => {
    for (const source of [undefined, 5, 'simd.wasm', {}, Promise.resolve()]) {
      await expect(core.init(source as unknown as URL)).rejects.toThrow(
        /^myelin\/core: init: expected a WebAssembly\.Module, the bytes of a \.wasm file, a Response or a URL, got /,
      );
    }
    await expect(core.init(new Response('', { status: 404 }))).rejects.toThrow(
      /expected a \.wasm file, got status 404/,
    );
  });

  it('is refused by a platform that compiles no bytes, with the way out', async () => {
    const refusal = 'WebAssembly.compile(): Wasm code generation disallowed by embedder';
    vi.spyOn(WebAssembly, 'compile').mockRejectedValue(new WebAssembly.CompileError(refusal));
    await expect(core.init(await wasm('simd'))).rejects.toThrow(
      /compiles no bytes: take the entry 'myelin', or .*the imported \.wasm file$/,
    );
  });

  it.each([
    "WebAssembly.compile(): Compiling or instantiating WebAssembly module violates the following Content Security policy directive because neither 'wasm-unsafe-eval' nor 'unsafe-eval' is an allowed source of script in the following Content Security Policy directive: \"script-src 'self'\"",
    'call to WebAssembly.compile() blocked by CSP',
    "Refused to create a WebAssembly object because 'unsafe-eval' or 'wasm-unsafe-eval' is not an allowed source of script",
  ])('is refused by a page whose policy forbids it, with the directive: %s', async refusal => {
    vi.spyOn(WebAssembly, 'compile').mockRejectedValue(new WebAssembly.CompileError(refusal));
    await expect(core.init(await wasm('simd'))).rejects.toThrow(
      /; the page's Content-Security-Policy forbids WebAssembly: add 'wasm-unsafe-eval' to its script-src$/,
    );
  });

  it('is taken as a module, as bytes, as a response and from a URL, and gives the same predictions', async () => {
    const bytes = await wasm('simd');
    const file = await modelFile();
    const x = Float32Array.of(0.5, -1, 2);
    const expected = (await Model.fromBytes(file, { deterministic: true })).predict(x);
    const url = new URL(`data:application/wasm;base64,${Buffer.from(bytes).toString('base64')}`);
    const path = new URL('../../wasm/simd.wasm', import.meta.url);
    for (const source of [new WebAssembly.Module(bytes), bytes, bytes.buffer, new Response(bytes), url, path]) {
      await core.init(source);
      expect((await core.Model.fromBytes(file)).predict(x)).toEqual(expected);
    }
  });

  it('says what to do where an address cannot be fetched', async () => {
    for (const nowhere of ['http://127.0.0.1:1/simd.wasm', 'file:///no/such/simd.wasm']) {
      await expect(core.init(new URL(nowhere))).rejects.toThrow(
        `myelin/core: init: expected an address that can be read, got ${nowhere}; read the file and give its bytes`,
      );
    }
  });

  it.each([
    ['status 404', new Response('', { status: 404 })],
    ['a page', new Response('<!doctype html>')],
  ])('names the entry that has it inside, where a bundler put no file beside the script: %s', async (got, answer) => {
    const address = 'http://a.page/wasm/simd.wasm';
    vi.stubGlobal('fetch', async () => Object.defineProperty(answer, 'url', { value: address }));
    await expect(compileAt('simd', () => new URL(address))).rejects.toThrow(
      `myelin/wasm/simd.wasm: expected a .wasm file, got ${got} from ${address}; put the package's simd.wasm there, or import 'myelin/inline', which has it inside`,
    );
  });

  it('is known by its name where the package itself has it', async () => {
    await expect(compileOwn('simd', await wasm('predict'))).rejects.toThrow(
      'myelin/wasm/simd.wasm: expected myelin/wasm/simd.wasm, got predict.wasm',
    );
    expect(await compileOwn('predict', await wasm('predict'))).toBeInstanceOf(WebAssembly.Module);
  });
});

it('says so where the platform has no SIMD, or no WebAssembly', async () => {
  const message = /^myelin: expected a platform with WebAssembly SIMD, got one without; Node 16\.4, Chrome 91/;
  vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
  await expect(Model.create(architecture)).rejects.toThrow(message);
  vi.stubGlobal('WebAssembly', undefined);
  await expect(Model.create(architecture)).rejects.toThrow(message);
});

describe('a model file', () => {
  it('of a newer format is refused', async () => {
    const file = await altered(() => ({ myelin: '2' }));
    await expect(predict.Model.fromBytes(file)).rejects.toThrow(
      'model file: format: expected 1, got "2"; update myelin to read newer files',
    );
  });

  it('with a layer nobody knows is refused', async () => {
    const file = await altered(({ architecture: text = '' }) => ({ architecture: text.replace('dense', 'conv3d') }));
    await expect(predict.Model.fromBytes(file)).rejects.toThrow(
      /^model file: architecture: sequential: layer 0: kind of layer: expected a known name, got 'conv3d'.*then update myelin$/,
    );
  });

  it('that is cut off is refused, wherever that is', async () => {
    const whole = await modelFile();
    for (const length of [0, 7, 20, whole.length - 1]) {
      await expect(predict.Model.fromBytes(whole.subarray(0, length))).rejects.toThrow(
        /^model file.*: expected .* damaged/,
      );
    }
  });

  it('in an ArrayBuffer is refused with the way to give it', async () => {
    const { buffer } = await modelFile();
    await expect(predict.Model.fromBytes(buffer as unknown as Uint8Array)).rejects.toThrow(
      /expected a Uint8Array, .*; wrap an ArrayBuffer as new Uint8Array\(buffer\)$/,
    );
  });
});

it('refuses to save where the platform has no files', async () => {
  await core.init(await wasm('simd'));
  const model = await core.Model.create(architecture);
  await expect(model.save('x')).rejects.toThrow('Model.save: expected a platform with files, got one without');
  await expect(core.Model.load('x')).rejects.toThrow('Model.load: expected a platform with files, got one without');
});

it('is of one version with its package', async () => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8'));
  expect(VERSION).toBe(version);
});

describe('an uncaught error', () => {
  it('prints one line of the package, its message and a short stack with the names of its classes', () => {
    const program = `
      import { dense, Model, sequential } from '${new URL('../../dist/entries/node.js', import.meta.url)}';
      (await Model.create(sequential(2, [dense(1)]))).predict([[1, 2, 3]]);`;
    const { stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
    expect(stderr).toContain('RangeError: predict: x: dense(1): expected input [rows, 2], got 3 numbers in row 0');
    expect(stderr).toMatch(/\n {4}at Model\.predict /);
    expect(stderr).not.toMatch(/at \w+[a-z]\d\./);
    expect(stderr.length).toBeLessThan(2500);
    for (const line of stderr.split('\n')) expect(line.length).toBeLessThan(300);
  });

  it.each(['Model', 'Trainer'] as const)('of new %s() says how to get one', async name => {
    const classes = await import('../../src/entries/node.js');
    const Class = classes[name] as unknown as new (...given: unknown[]) => unknown;
    for (const given of [[], [architecture]])
      expect(() => new Class(...given)).toThrow(/, got new \w+\(…\); each gives a promise: await it$/);
  });
});
