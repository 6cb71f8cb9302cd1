/** jax-js on its WebAssembly, with steps that it compiles. Arrays are counted: each use takes one, `.ref` keeps one. */
import { factor, Unable } from '../../../src/bench/contest.js';
import { layersOf, readGiven } from '../../../src/bench/given.js';
import { load } from '../../../src/bench/installed.js';

/** Multiply-adds that it does in some seconds. */
const SECONDS_OF_WORK = 2 ** 30;

export async function open() {
  const { names: jax, version } = await load('@jax-js/jax');
  await jax.init('wasm');
  jax.defaultDevice('wasm');
  const { numpy: np, nn, jit, valueAndGrad, tree } = jax;
  const matrix = (values, shape) => np.array(values).reshape(shape);
  const activations = {
    relu: nn.relu,
    tanh: np.tanh,
    sigmoid: nn.sigmoid,
    linear: x => x,
    softmax: x => nn.softmax(x),
  };

  function parametersOf({ chain }, flat) {
    if (!chain) throw new Unable('fully connected layers alone');
    const unknown = chain.activations.find(name => !activations[name]);
    if (unknown) throw new Unable(`no ${unknown}`);
    return layersOf(chain.widths, flat).map(({ inputs, outputs, weight, bias }) => ({
      w: matrix(weight, [inputs, outputs]),
      b: np.array(bias),
    }));
  }

  /** The output, or what the last activation would take. */
  function forward({ chain }, parameters, x, toLogits) {
    return parameters.reduce((value, { w, b }, layer) => {
      const sums = np.matmul(value, w).add(b);
      const last = layer === parameters.length - 1;
      return last && toLogits ? sums : activations[chain.activations[layer]](sums);
    }, x);
  }

  function costOf(task) {
    const outputs = task.chain.widths.at(-1);
    return (parameters, x, y) => {
      if (task.loss === 'meanSquaredError') {
        const d = forward(task, parameters, x, false).sub(y);
        return np.square(d).mean();
      }
      const z = forward(task, parameters, x, true);
      if (task.loss === 'sparseCategoricalCrossEntropy') {
        return nn.logSoftmax(z).mul(y).mean().mul(-outputs);
      }
      const positive = nn.logSigmoid(z.ref).mul(y.ref);
      return positive
        .add(nn.logSigmoid(z.mul(-1)).mul(y.mul(-1).add(1)))
        .mean()
        .mul(-1);
    };
  }

  /** One step as a function of all that it changes. */
  function stepOf(task) {
    const { learningRate, optimizer } = task;
    const gradient = valueAndGrad(costOf(task));
    if (optimizer === 'sgd') {
      return jit(({ parameters, t }, x, y) => {
        const [cost, g] = gradient(tree.ref(parameters), x, y);
        return [{ parameters: tree.map((p, d) => p.sub(d.mul(learningRate)), parameters, g), t }, cost];
      });
    }
    return jit(({ parameters, m, v, t }, x, y) => {
      const [cost, g] = gradient(tree.ref(parameters), x, y);
      const first = tree.map((a, d) => a.mul(0.9).add(d.mul(0.1)), m, tree.ref(g));
      const second = tree.map((a, d) => a.mul(0.999).add(np.square(d).mul(0.001)), v, g);
      const next = t.add(1);
      const rate = np.power(0.9, next.ref).mul(-1).add(1);
      const unbias = np.sqrt(np.power(0.999, next.ref).mul(-1).add(1));
      const moved = tree.map(
        (p, a, s) => p.sub(a.mul(learningRate).div(rate.ref).div(np.sqrt(s).div(unbias.ref).add(1e-8))),
        parameters,
        tree.ref(first),
        tree.ref(second),
      );
      tree.dispose([rate, unbias]);
      return [{ parameters: moved, m: first, v: second, t: next }, cost];
    });
  }

  function training(task) {
    const { x, y, parameters: flat, order } = readGiven(task);
    const { rows, batchSize, chain, loss } = task;
    const [inputs, outputs] = [chain.widths[0], chain.widths.at(-1)];
    const zeros = () => tree.map(p => np.zeros(p.shape), parametersOf(task, flat));
    let state = { parameters: parametersOf(task, flat), t: np.array([0]) };
    if (task.optimizer === 'adam') state = { ...state, m: zeros(), v: zeros() };
    const step = stepOf(task);
    const labels = loss === 'sparseCategoricalCrossEntropy';
    const batchX = new Float32Array(batchSize * inputs);
    const batchY = new Float32Array(batchSize * outputs);
    let epochs = 0;
    let mean = Number.NaN;
    return {
      async run() {
        const rowsOf = order(epochs++);
        const costs = [];
        for (let first = 0; first < rows; first += batchSize) {
          batchY.fill(0);
          for (let i = 0; i < batchSize; i++) {
            const row = rowsOf[first + i];
            batchX.set(x.subarray(row * inputs, (row + 1) * inputs), i * inputs);
            if (labels) batchY[i * outputs + y[row]] = 1;
            else batchY.set(y.subarray(row * outputs, (row + 1) * outputs), i * outputs);
          }
          const [next, cost] = step(
            state,
            matrix(batchX.slice(), [batchSize, inputs]),
            matrix(batchY.slice(), [batchSize, outputs]),
          );
          state = next;
          costs.push(cost);
        }
        let sum = 0;
        for (const cost of costs) sum += cost.dataSync()[0];
        mean = sum / costs.length;
        return rows;
      },
      cost: () => mean,
      drop: () => tree.dispose(state),
    };
  }

  function inference(task) {
    const { x, parameters: flat } = readGiven(task);
    const { batchSize, chain } = task;
    const parameters = parametersOf(task, flat);
    const predict = jit((weights, batch) => forward(task, weights, batch, false));
    const batch = x.slice(0, batchSize * chain.widths[0]);
    const run = () => predict(tree.ref(parameters), matrix(batch.slice(), [batchSize, chain.widths[0]])).dataSync();
    return {
      output: [...run().subarray(0, 64)],
      run() {
        run();
        return batchSize;
      },
      drop: () => tree.dispose(parameters),
    };
  }

  function product({ rows, inputs, outputs }) {
    if (rows * inputs * outputs > SECONDS_OF_WORK) throw new Unable('it would take minutes');
    const of = (height, width, more) =>
      matrix(
        Float32Array.from({ length: height * width }, (_, i) => factor(i + more)),
        [height, width],
      );
    const [a, b] = [of(rows, inputs, 0), of(inputs, outputs, 1)];
    const multiply = () => np.matmul(a.ref, b.ref).dataSync();
    return {
      output: [...multiply().subarray(0, Math.min(8, outputs))],
      run() {
        multiply();
        return rows * inputs * outputs;
      },
      drop: () => tree.dispose([a, b]),
    };
  }

  return {
    name: 'jax-js',
    version,
    prepare(task) {
      if (task.kind === 'training') return training(task);
      if (task.kind === 'inference') return inference(task);
      if (task.kind === 'product' && task.way === 'forward') return product(task);
      throw new Unable('none of its own');
    },
  };
}
