/** One matrix product, with the kernel and the layout that training has. */
import { type Backend, ops, panelBytes, panelCount } from '../../entries/inside.js';
import { factor, type Prepared, type ProductTask } from '../contest.js';
import { calls, fillPanels, matrixOf, programOf } from './program.js';

export function prepareProduct(backend: Backend, { way, rows, inputs, outputs }: ProductTask): Prepared {
  const program = programOf(backend, rows, builder => {
    const [x, y] = [matrixOf(builder, 'x', inputs), matrixOf(builder, 'y', outputs)];
    const [w, b] = [builder.parameter('w', [inputs, outputs]), builder.parameter('b', [outputs])];
    const [dx, dy] = [builder.gradientOf(x), builder.gradientOf(y)];
    const sizes = { inputs, outputs, paired: builder.paired };
    const shared = { byOutputs: 0, ownBytes: 0 };
    if (way === 'forward') {
      const floor = Number.NEGATIVE_INFINITY;
      builder.emit(ops.denseForward, 'op', { y: y.data, x: x.data, w: w.data, b: b.data, floor, ...shared, ...sizes });
    } else if (way === 'inputGradient') {
      const scratch = builder.scratch(panelBytes(16 + panelCount(outputs) * 16, 16));
      builder.emit(ops.denseInputGradient, 'op', { dx, dy, w: w.data, rectified: x.data, ...scratch, ...sizes });
    } else {
      const [dw, db] = [w.gradient ?? 0, b.gradient ?? 0] as const;
      builder.emit(ops.denseWeightGradient, 'op', { dw, db, x: x.data, dy, ...shared, ...sizes });
    }
  });
  const [w, b] = program.plan.parameters;
  const named = (name: string) => program.plan.regions.find(region => region.name === name);
  const [x, y] = [named('x'), named('y')];
  if (!w || !b || !x || !y) throw new Error('a product has x, w, b and y');
  fillPanels(program, x, [rows, inputs], factor);
  fillPanels(program, w.data, [inputs, outputs], place => factor(place + 1));
  program.floats(b.data).fill(0);
  const run = calls(program);
  const multiplyAdds = rows * inputs * outputs;
  run();
  // The first columns of the first row, where their panel begins.
  const output = way === 'forward' ? { output: [...program.floats(y).subarray(0, Math.min(8, outputs))] } : {};
  return { run: () => run() * multiplyAdds, ...output };
}
