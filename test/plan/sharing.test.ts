/** Regions share places, and no two that are needed at the same time share one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  activation,
  add,
  batchNormalization,
  concatenate,
  conv2d,
  dense,
  globalAveragePool2d,
  graph,
  type Loss,
  Model,
  sgd,
} from '../../src/entries/node.js';
import type { GraphNode } from '../../src/graph.js';
import { planPrediction } from '../../src/network.js';
import { resolveOptimizer } from '../../src/optimizers/index.js';
import type { Plan, SectionKey } from '../../src/plan/builder.js';
import type { Region } from '../../src/plan/memory.js';
import { RECORD_BYTES } from '../../src/plan/record.js';
import { Program } from '../../src/runtime/program.js';
import { copySamples, setBatch } from '../../src/runtime/staging.js';
import { planTraining } from '../../src/training.js';
import { labels, numbers } from '../reference/data.js';
import { backendOf } from '../support/binaries.js';
import { allCases, architectureOf, type Case, goalsOf } from '../threads/cases.js';

const backend = await backendOf('simd');
const layerOf = {
  conv2d: conv2d(5, 3, { padding: 'same', activation: 'tanh' }),
  batchNormalization: batchNormalization(),
  activation: activation('gelu'),
};

const normal = (x: GraphNode, filters: number, strides = 1, kernel = 3) =>
  x.to(conv2d(filters, kernel, { strides, padding: 'same', useBias: false })).to(batchNormalization());

function block(x: GraphNode, filters: number, strides: number): GraphNode {
  const through = normal(normal(x, filters, strides).to(activation('relu')), filters);
  return add(strides === 1 ? x : normal(x, filters, strides, 1), through).to(activation('relu'));
}

const resnet8 = graph([32, 32, 3], x => {
  const first = normal(x, 16).to(activation('relu'));
  const last = block(block(block(first, 16, 1), 32, 2), 64, 2);
  return last.to(globalAveragePool2d()).to(dense(10, { activation: 'softmax' }));
});

const residual: Case = {
  name: 'ResNet-8',
  inputs: [],
  layers: [],
  graph: resnet8,
  loss: 'sparseCategoricalCrossEntropy',
  optimizer: sgd(),
  batchSize: 128,
  rows: 128,
};

function planOf(each: Case, rows: number, threads: number): Plan {
  const judgement = { goals: goalsOf(each), optimizer: resolveOptimizer('test', each.optimizer), paired: false };
  return planTraining(architectureOf(each), rows, { ...judgement, threads }).plan;
}

/** The numbers of a section's first record and the one after its last. */
function recordsOf(plan: Plan, key: SectionKey): { first: number; last: number } {
  const start = plan.region('records').address;
  const { first = 0, last = 0 } = plan.sections.get(key) ?? {};
  return { first: (first - start) / RECORD_BYTES, last: (last - start) / RECORD_BYTES };
}

type Life = readonly [first: number, last: number];

/** For each region the records that name it, from the first to the last of each section. */
function livesOf(plan: Plan): Map<Region, Map<SectionKey, Life>> {
  const lives = new Map<Region, Map<SectionKey, Life>>();
  for (const region of plan.regions) {
    const uses = plan.records.flatMap(({ fields }, index) => (Object.values(fields).includes(region) ? [index] : []));
    for (const key of plan.sections.keys()) {
      const { first, last } = recordsOf(plan, key);
      const within = uses.filter(index => index >= first && index < last);
      const life = lives.get(region) ?? new Map<SectionKey, Life>();
      if (within.length > 0) lives.set(region, life.set(key, [Math.min(...within), Math.max(...within)]));
    }
  }
  return lives;
}

/** Pairs of regions that lie at one place, and of each section that has both when they are used there. */
function sharers(plan: Plan) {
  const lives = livesOf(plan);
  const regions = plan.regions.filter(({ bytes }) => bytes > 0);
  return regions.flatMap((a, i) =>
    regions.slice(i + 1).flatMap(b => {
      if (a.address >= b.address + b.bytes || b.address >= a.address + a.bytes) return [];
      const uses = [...(lives.get(a) ?? [])].flatMap(([key, ofA]) => {
        const ofB = lives.get(b)?.get(key);
        return ofB ? [{ key, ofA, ofB }] : [];
      });
      return [{ names: `${a.name} and ${b.name}`, isUsed: lives.has(a) && lives.has(b), uses }];
    }),
  );
}

/** Whether threads wait for one another after one record and before or at another of a section, around its end too. */
function waits(plan: Plan, key: SectionKey, after: number, until: number): boolean {
  const { first, last } = recordsOf(plan, key);
  const passed =
    after < until
      ? [[after + 1, until + 1]]
      : [
          [after + 1, last],
          [first, until + 1],
        ];
  return passed.some(range => plan.barriers.slice(...range).includes(true));
}

describe('a plan that trains', () => {
  it.each([1, 2])('lays no two regions that are needed at once at one place, for %i threads', threads => {
    let count = 0;
    for (const each of [...allCases, residual]) {
      const plan = planOf(each, 16_384, threads);
      for (const { names, isUsed, uses } of sharers(plan)) {
        count += 1;
        expect(isUsed, names).toBe(true);
        for (const { key, ofA, ofB } of uses) {
          expect(ofA[1] < ofB[0] || ofB[1] < ofA[0], names).toBe(true);
          if (threads === 1) continue;
          expect([waits(plan, key, ofA[1], ofB[0]), waits(plan, key, ofB[1], ofA[0])], names).toEqual([true, true]);
        }
      }
    }
    expect(count).toBeGreaterThan(100);
  });

  it('takes at most 1.3 times what is live at once, for ResNet-8 on 128 rows', () => {
    const plan = planOf(residual, 128, 1);
    const lives = livesOf(plan);
    const always = plan.regions.reduce((sum, region) => sum + (lives.has(region) ? 0 : region.bytes), 0);
    const live = plan.records.map((_, at) => {
      const now = [...lives].filter(([, life]) =>
        [...life.values()].some(([first, last]) => first <= at && at <= last),
      );
      return now.reduce((sum, [{ bytes }]) => sum + bytes, always);
    });
    expect(plan.end).toBeLessThan(1.3 * Math.max(...live));
    expect(plan.end).toBeLessThan(0.6 * plan.regions.reduce((sum, { bytes }) => sum + bytes, 0));
    expect(planPrediction(resnet8, 128, false).plan.end).toBeLessThan(plan.end);
  });

  it('keeps its memory and its bits however many steps and threads there are, and says which records need what', async () => {
    const x = numbers(32 * 32 * 32 * 3, 1);
    const y = labels(32, 10, 2);
    const trained = async (threads: number) => {
      const model = await Model.create(resnet8);
      const trainer = await model.trainer({ loss: residual.loss as Loss, optimizer: sgd(), threads });
      await trainer.fit({ x, y }, { epochs: 3 });
      expect(trainer.plan.print()).toMatch(/^d 0\.conv2d +\d+ +\d+ {2}.*step \d+–\d+$/m);
      return { values: model.parameters.map(({ data }) => data), end: trainer.plan.end, steps: trainer.steps };
    };
    const [alone, together] = [await trained(1), await trained(2)];
    expect(together.values).toEqual(alone.values);
    expect(alone.steps).toBe(3);
  });
});

describe('a plan that predicts', () => {
  it('takes at most 1.3 times what is live at once, and less than training, for ResNet-8 on 128 rows', () => {
    const { plan } = planPrediction(resnet8, 128, false);
    expect(plan.end).toBeLessThan(1.3 * plan.live);
    expect(plan.end).toBeLessThan(0.3 * planOf(residual, 128, 1).end);
    expect(plan.end).toBeLessThan(0.3 * planPrediction(resnet8, 128, false, 'float32', { keeps: true }).plan.end);
  });

  it('gives the bits of one whose values have places of their own, whatever the graph', () => {
    const step = fc.record({
      from: fc.nat(),
      beside: fc.option(fc.nat()),
      kind: fc.constantFrom('conv2d', 'batchNormalization', 'activation', 'again'),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 5 }), (steps, rows) => {
        const network = graph([5, 4, 3], x => {
          const nodes = [x];
          const read = new Set([x]);
          const pick = (place: number) => {
            const node = nodes[place % nodes.length] ?? x;
            read.add(node);
            return node;
          };
          for (const { from, beside, kind } of steps) {
            const made = kind === 'again' ? pick(from) : pick(from).to(layerOf[kind]);
            nodes.push((beside === null ? made : concatenate(made, pick(beside))).to(conv2d(3, 1)));
          }
          return Object.fromEntries(nodes.flatMap((node, i) => (read.has(node) ? [] : [[`end${i}`, node]])));
        });
        const outputs = [true, false].map(keeps => {
          const { plan, inputs } = planPrediction(network, rows, false, 'float32', { keeps });
          for (const { names, uses } of sharers(plan)) {
            for (const { ofA, ofB } of uses) expect(ofA[1] < ofB[0] || ofB[1] < ofA[0], names).toBe(true);
          }
          const program = new Program(backend.module, plan);
          program.floats(plan.parameterRegion).set(numbers(plan.parameterRegion.bytes / 4, 3).map(Math.abs));
          const samples = { rows, values: numbers(rows * inputs, 4), scale: 1 };
          copySamples(program, program.reserve(samples.values.byteLength), samples, 0, rows);
          setBatch(program, rows);
          // Twice: nothing may hang on what lay there before.
          for (let turn = 0; turn < 2; turn++) expect(program.run('predict')).toBe(1);
          return program.floats(plan.region('predictions')).slice();
        });
        expect(outputs[1]).toEqual(outputs[0]);
      }),
      { numRuns: 40 },
    );
  });
});
