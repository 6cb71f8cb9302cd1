/**
 * The two descriptions of each record, held together: the machine's class as its compiler lays it out, and the op's
 * entry in src/plan/ops.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { together } from '../../src/plan/barriers.js';
import { Builder } from '../../src/plan/builder.js';
import { CONSTANTS_END } from '../../src/plan/memory.js';
import { ops } from '../../src/plan/ops/index.js';
import { PANEL, panelBytes } from '../../src/plan/panels.js';
import {
  controlsStruct,
  type FieldType,
  headStruct,
  offsetsOf,
  RECORD_BYTES,
  type Struct,
} from '../../src/plan/record.js';
import { Program } from '../../src/runtime/program.js';
import { backendOf, compileEntry } from '../support/binaries.js';

const types: readonly FieldType[] = ['address', 'i32', 'f32', 'f64'];

/** Which class each op reads its record as. */
const classes = new Map(
  [...read('assembly/run.ts').matchAll(/case Opcode\.(\w+):.*?changetype<(\w+)>\(record\)/g)].map(match => {
    return [match[1] ?? '', match[2] ?? ''];
  }),
);

/** Every class with the struct that TypeScript has for it, the head included. */
const structs: [name: string, op: string, struct: Struct][] = [
  ['Controls', 'controls', controlsStruct],
  ...Object.entries(ops).map(([name, { fields }]): [string, string, Struct] => {
    return [classes.get(name) ?? '', name, { ...headStruct, ...fields }];
  }),
];

/** The source of each of those classes: beside the op's kernel. */
const sources = new Map(
  [...read('assembly/run.ts').matchAll(/^import \{([^}]*)\} from '(\.\/ops\/\w+)';/gm)].flatMap(([, names, path]) => {
    return (names ?? '').split(',').map((name): [string, string] => [name.trim(), `./assembly/${path?.slice(2)}`]);
  }),
);

/** The classes of the optimisers' rules. */
const rules = [...read('assembly/ops/optimizers.ts').matchAll(/update<(\w+)>/g)].map(([, rule = '']) => rule);

/** A module that tells where each field lies, what it is, and how large each class is. */
function source(): string {
  const known = new Map(structs.filter(([name]) => name !== '').map(([name, , struct]) => [name, struct]));
  const lines = [
    ...[...known.keys()].map(name => `import { ${name} } from '${sources.get(name) ?? './assembly/plan'}';`),
    `export { PANEL, ROW, RECORD_BYTES } from './assembly/plan';`,
    `export { CONSTANTS_END } from './assembly/simd/constants';`,
    `export { CONTROLS_BYTES } from './assembly/parts';`,
    `export { RULE_BYTES } from './assembly/ops/update';`,
    `import { ${rules.join(', ')} } from './assembly/ops/optimizers';`,
    ...rules.map(rule => `export function ${rule}_size(): usize { return offsetof<${rule}>(); }`),
    'function typeOf<T>(value: T): i32 {',
    '  if (isFloat<T>()) return sizeof<T>() == 8 ? 3 : 2;',
    '  return isReference<T>() || !isSigned<T>() ? 0 : 1;',
    '}',
  ];
  for (const [name, struct] of known) {
    lines.push(`export function ${name}_size(): usize { return offsetof<${name}>(); }`);
    for (const field of Object.keys(struct)) {
      lines.push(`export function ${name}_${field}(): usize { return offsetof<${name}>('${field}'); }`);
      lines.push(`export function ${name}_${field}_type(): i32 { return typeOf(changetype<${name}>(0).${field}); }`);
    }
  }
  return lines.join('\n');
}

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

let machine: Record<string, (() => number) & WebAssembly.Global>;

beforeAll(async () => {
  const module = await compileEntry('records.ts', 'simd', source());
  const memory = new WebAssembly.Memory({ initial: 1 });
  machine = new WebAssembly.Instance(module, { env: { memory } }).exports as typeof machine;
});

describe('records', () => {
  it('have a class for every op', () => {
    expect([...classes.keys()].sort()).toEqual(Object.keys(ops).sort());
  });

  it.each(structs)('%s lies as TypeScript writes it (%s)', (name, _, struct) => {
    const offsets = offsetsOf(struct);
    const here = Object.entries(struct).map(([field, type]) => [field, offsets[field], type]);
    const there = Object.keys(struct).map(field => {
      return [field, machine[`${name}_${field}`]?.(), types[machine[`${name}_${field}_type`]?.() ?? -1]];
    });
    expect(there).toEqual(here);
    // A field that TypeScript does not know would make the class longer.
    const ends = Object.entries(struct).map(([field, type]) => (offsets[field] ?? 0) + (type === 'f64' ? 8 : 4));
    expect(machine[`${name}_size`]?.()).toBe(Math.max(...ends));
  });

  it.each(structs.slice(1))('%s fits into a record (%s)', name => {
    expect(machine[`${name}_size`]?.()).toBeLessThanOrEqual(RECORD_BYTES);
  });

  it('fields follow the head where the builder writes them', () => {
    for (const { fields } of Object.values(ops)) {
      const whole = offsetsOf({ ...headStruct, ...fields });
      const after = offsetsOf(fields, Object.keys(headStruct).length * 4);
      expect({ ...offsetsOf(headStruct), ...after }).toEqual(whole);
    }
  });

  it('each thread has a controls block, and behind its fields room for all that the rules of optimisers work with', () => {
    const blocks = (threads: number) => new Builder(1, { paired: false, together: together(threads) }).controls.bytes;
    expect(blocks(1)).toBe(machine.CONTROLS_BYTES?.value);
    expect(blocks(3)).toBe(3 * blocks(1));
    const room = Number(machine.RULE_BYTES?.value);
    expect((machine.Controls_size?.() ?? 0) + room).toBeLessThanOrEqual(blocks(1));
    expect(rules.length).toBeGreaterThan(10);
    for (const rule of rules) expect(machine[`${rule}_size`]?.(), rule).toBeLessThanOrEqual(room);
  });

  it('sizes are the same on both sides', () => {
    expect(machine.PANEL?.value).toBe(PANEL);
    expect(machine.ROW?.value).toBe(panelBytes(1, PANEL));
    expect(machine.RECORD_BYTES?.value).toBe(RECORD_BYTES);
    expect(machine.CONSTANTS_END?.value).toBe(CONSTANTS_END);
  });
});

describe('the memory below the plan', () => {
  /** Where the words of the barrier lie, as assembly/barrier.ts and src/runtime/program.ts say it. */
  const words = (path: string): Record<string, number> =>
    Object.fromEntries(
      [...read(path).matchAll(/^const (ARRIVED|GENERATION|SLEEPING|ABORTED)\b.*?= (\d+)/gm)].map(match => {
        return [match[1], Number(match[2])];
      }),
    );
  const barrier = words('assembly/barrier.ts');

  it('holds the words of the barrier where both sides look for them', () => {
    expect(Object.keys(barrier)).toHaveLength(4);
    expect(barrier).toMatchObject(words('src/runtime/program.ts'));
    expect(Math.max(...Object.values(barrier))).toBeLessThan(CONSTANTS_END);
  });

  it('holds every constant that is put there, each in a place of its own, and no more', async () => {
    const plan = new Builder(1, { paired: false }).finish();
    const { memory } = new Program((await backendOf('simd')).module, plan);
    const numbers = new Uint32Array(memory.buffer);
    const used = [...numbers.keys()].filter(index => numbers[index] !== 0);
    // What products go by besides: a row's offsets, of which the first is 0, and a run's length.
    const count = countPuts('assembly') + 15 + 1;
    expect(used.length, 'constants (is wasm/ built from these sources?)').toBe(count);
    expect(Math.min(...used) * 4).toBeGreaterThanOrEqual(64);
    expect(Math.max(...used) * 4).toBeLessThan(Math.min(...Object.values(barrier)));
  });
});

function sourcesIn(folder: string): string[] {
  const files = readdirSync(new URL(`../../${folder}`, import.meta.url), { recursive: true, encoding: 'utf8' });
  return files.filter(file => file.endsWith('.ts')).map(file => read(`${folder}/${file}`));
}

/** Constants that the folder's sources put there, one or four at a time; none is 0. */
function countPuts(folder: string): number {
  const text = sourcesIn(folder).join('\n');
  return [...text.matchAll(/^ +put\(/gm)].length + 4 * [...text.matchAll(/^ +putQuad\(/gm)].length;
}
