/** The table of ops: an entry for each, whole, and what follows from it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { activation, dense, dropout, flatten, sequential } from '../../src/index.js';
import { planPrediction } from '../../src/network.js';
import { resolveOptimizer } from '../../src/optimizers/index.js';
import { Builder } from '../../src/plan/builder.js';
import { weightFormats } from '../../src/plan/formats.js';
import { Opcode } from '../../src/plan/opcodes.js';
import { ops } from '../../src/plan/ops/index.js';
import { type AnyOp, defineOp, opName, reads, writes } from '../../src/plan/ops/op.js';
import { planTraining } from '../../src/training.js';
import { allCases, architectureOf, goalsOf } from '../threads/cases.js';

const table: readonly (AnyOp & { name: string })[] = Object.values(ops).map(op => ({ ...op, name: opName(op) }));
const run = readFileSync(new URL('../../assembly/run.ts', import.meta.url), 'utf8');

/** All number fields of an op with one value. */
function filled({ fields }: AnyOp, value: number): Record<string, number> {
  const names = Object.keys(fields).filter(name => fields[name] !== 'address');
  return Object.fromEntries(names.map(name => [name, value]));
}

describe('the table of ops', () => {
  it('has one entry for each opcode, by its name', () => {
    const names = Object.keys(Opcode).filter(name => !/^\d+$/.test(name));
    expect(table.map(({ name }) => name).sort()).toEqual(names.sort());
    expect(Object.entries(ops).filter(([key, op]) => key !== opName(op))).toEqual([]);
  });

  it.each(table)('$name tells of each of its regions, and of nothing else', op => {
    const addresses = Object.keys(op.fields).filter(name => op.fields[name] === 'address');
    for (const value of [0, 1, 16]) {
      const access = op.access(filled(op, value));
      expect(Object.keys(access).sort()).toEqual(addresses.sort());
      for (const { writes, matrix } of Object.values(access)) expect(writes || matrix === undefined).toBe(true);
    }
  });

  it('compiles no entry that forgets one of its regions', () => {
    const about = { binary: 'predict', work: () => 1 } as const;
    const fields = { y: 'address', x: 'address', columns: 'i32' } as const;
    expect(
      defineOp(() => Opcode.gather, fields, { ...about, access: () => ({ y: writes('rows'), x: reads('rows') }) }),
    ).toBeDefined();
    // @ts-expect-error nothing is said of x: threads would not wait for one another where they read it
    expect(defineOp(() => Opcode.gather, fields, { ...about, access: () => ({ y: writes('rows') }) })).toBeDefined();
  });

  it('says which binary holds an op, as the machine has it', () => {
    const [predicting = '', training = ''] = run.split('function executeTraining');
    for (const { name, binary } of table) {
      expect(binary === 'predict' ? predicting : training, name).toContain(`case Opcode.${name}:`);
    }
  });

  it.each(table)('$name takes work that grows with what it is given', op => {
    const grows = (fields: Record<string, number>, more: Record<string, number>) =>
      op.work(more, 8) > op.work(fields, 4) || /^next(Batch|Part)$/.test(op.name);
    expect(grows(filled(op, 16), filled(op, 32))).toBe(true);
  });
});

describe('a plan', () => {
  it('that predicts asks for nothing that predict.wasm lacks', () => {
    for (const each of allCases) {
      for (const weights of weightFormats) {
        const { plan } = planPrediction(architectureOf(each), 8, false, weights);
        expect(plan.records.filter(({ op }) => op.binary !== 'predict')).toEqual([]);
      }
    }
  });

  it('has the work of its longest section', () => {
    for (const each of allCases) {
      const optimizer = resolveOptimizer('test', each.optimizer);
      const { plan } = planTraining(architectureOf(each), 32, {
        goals: goalsOf(each),
        optimizer,
        paired: false,
      });
      const works = [...plan.sections.values()].map(({ work }) => work);
      expect(plan.work).toBe(Math.max(...works));
      expect(plan.work).toBe(plan.sections.get('step')?.work);
    }
    const builder = new Builder(10, { paired: false });
    const sizes = { columns: 7 };
    builder.section('once', () => builder.emit(ops.checkFinite, 'test', sizes));
    const once = builder.finish().work;
    builder.section('three times', () => {
      for (let i = 0; i < 3; i++) builder.emit(ops.checkFinite, 'test', sizes);
    });
    expect(once).toBeGreaterThan(0);
    expect(builder.finish().work).toBe(3 * once);
  });

  it('counts the products as multiply-adds, and layers without weights too', () => {
    const work = (layers: Parameters<typeof sequential>[1]) =>
      planPrediction(sequential([1000], layers), 50, false).plan.work;
    const product = 50 * 1000 * 1000;
    expect(work([dense(1000)])).toBeGreaterThan(product);
    expect(work([dense(1000)])).toBeLessThan(1.1 * product);
    expect(work([activation('gelu')])).toBeGreaterThan(work([flatten()]));
    expect(work([dropout(0.5)])).toBe(work([flatten()]));
  });
});
