/** Where threads that run a plan together have to wait for one another. */
import type { PlannedRecord } from './builder.js';
import { Region } from './memory.js';
import { PANEL } from './panels.js';
import type { OpName } from './record.js';

/**
 * How an op's work on a region is shared out, each thread's part its own: a value by rows of the batch or by panels of columns; a parameter, its gradient and the optimiser's state
 * by outputs or by inputs; or each thread has an `own` one. Or `whole`, where a thread touches what is not its own.
 */
type Share = 'rows' | 'panels' | 'outputs' | 'inputs' | 'own' | 'whole';
type Accesses = Readonly<Record<string, readonly [mode: 'reads' | 'writes', share: Share]>>;

const byRows: Accesses = { x: ['reads', 'rows'], y: ['writes', 'rows'], mask: ['writes', 'rows'] };
const backByPanels: Accesses = {
  x: ['reads', 'panels'],
  y: ['reads', 'panels'],
  mask: ['reads', 'panels'],
  dy: ['reads', 'panels'],
  dx: ['writes', 'panels'],
};
const backByRows: Accesses = {
  x: ['reads', 'rows'],
  y: ['reads', 'rows'],
  dy: ['reads', 'rows'],
  dx: ['writes', 'rows'],
};
const loss: Accesses = {
  x: ['reads', 'rows'],
  target: ['reads', 'rows'],
  rowCosts: ['writes', 'rows'],
  dx: ['writes', 'rows'],
};
const accuracy: Accesses = { x: ['reads', 'whole'], target: ['reads', 'whole'] };

/** An optimiser's, by its record's `unit`. */
function update({ unit }: PlannedRecord['fields']): Accesses {
  const share: Share = unit === PANEL ? 'inputs' : 'outputs';
  return {
    parameters: ['writes', share],
    gradients: ['reads', share],
    velocity: ['writes', share],
    m: ['writes', share],
    v: ['writes', share],
  };
}

/** The first product's, where threads share out the output panels, and with them the weights. */
function forwardByOutputs({ ownBytes }: PlannedRecord['fields']): Accesses {
  return {
    x: ['reads', ownBytes === 0 ? 'whole' : 'own'],
    w: ['reads', 'outputs'],
    b: ['reads', 'outputs'],
    y: ['writes', 'panels'],
  };
}

function weightGradient({ byOutputs, ownBytes }: PlannedRecord['fields']): Accesses {
  const db = ['writes', 'outputs'] as const;
  if (byOutputs === 1) {
    // Of dy a thread reads what it wrote itself.
    const x = ['reads', ownBytes === 0 ? 'whole' : 'own'] as const;
    return { dw: ['writes', 'outputs'], db, x, dy: ['reads', 'panels'] };
  }
  return { dw: ['writes', 'inputs'], db, x: ['reads', 'panels'], dy: ['reads', 'whole'] };
}

/** What each op does to the regions it is given; the shares are those of assembly/ops. Scratch is each thread's own where nothing is said of it. */
const accesses: Readonly<Record<OpName, Accesses | ((fields: PlannedRecord['fields']) => Accesses)>> = {
  nextBatch: {},
  checkFinite: {},
  gather: ({ ownBytes }) => ({ y: ['writes', ownBytes === 0 ? 'rows' : 'own'] }),
  gatherLabels: byRows,
  scatter: byRows,
  denseForward: fields =>
    fields.byOutputs === 1 ? forwardByOutputs(fields) : { ...byRows, w: ['reads', 'whole'], b: ['reads', 'whole'] },
  denseForwardQuantized: {
    ...byRows,
    w: ['reads', 'whole'],
    scale: ['reads', 'whole'],
    b: ['reads', 'whole'],
    // A thread's part of it begins elsewhere for a layer of another width, and nothing else keeps the threads from being in different layers.
    scratch: ['writes', 'whole'],
  },
  denseInputGradient: {
    dx: ['writes', 'panels'],
    dy: ['reads', 'whole'],
    w: ['reads', 'whole'],
    rectified: ['reads', 'panels'],
  },
  denseWeightGradient: weightGradient,
  activationForward: byRows,
  activationGradient: backByPanels,
  softmaxForward: byRows,
  softmaxGradient: backByRows,
  logSoftmaxForward: byRows,
  logSoftmaxGradient: backByRows,
  dropoutForward: byRows,
  dropoutGradient: backByPanels,
  elementwiseLoss: loss,
  softmaxCrossEntropy: loss,
  sparseSoftmaxCrossEntropy: loss,
  cosineSimilarity: loss,
  cost: { rowCosts: ['reads', 'whole'] },
  categoricalAccuracy: accuracy,
  sparseCategoricalAccuracy: accuracy,
  thresholdAccuracy: accuracy,
  sgd: update,
  adam: update,
};

interface Access {
  readonly from: number;
  readonly to: number;
  readonly writes: boolean;
  readonly share: Share;
}

function accessesOf({ op, fields }: PlannedRecord): Access[] {
  const known = accesses[op];
  return Object.entries(typeof known === 'function' ? known(fields) : known).flatMap(([field, [mode, share]]) => {
    const region = fields[field];
    if (!(region instanceof Region)) return [];
    const { address, bytes } = region;
    return [{ from: address, to: address + bytes, writes: mode === 'writes', share }];
  });
}

/** A bit for each share, so that those which some bytes have seen fit into one number. */
const bits: Readonly<Record<Share, number>> = { rows: 1, panels: 2, outputs: 4, inputs: 8, own: 16, whole: 32 };

/** What has touched some bytes since threads last waited for one another. */
class Touched {
  #reads = 0;
  #writes = 0;
  /** How often they had waited by then; before that is forgotten. */
  #round = 0;

  /** Whether one thread may touch what another one touched, and one of them writes. */
  conflicts({ writes, share }: Access, round: number): boolean {
    if (round !== this.#round) return false;
    const others = writes ? this.#reads | this.#writes : this.#writes;
    return (others & ~bits[share]) !== 0 || (share === 'whole' && others !== 0);
  }

  add({ writes, share }: Access, round: number): void {
    if (round !== this.#round) {
      this.#round = round;
      this.#reads = 0;
      this.#writes = 0;
    }
    if (writes) this.#writes |= bits[share];
    else this.#reads |= bits[share];
  }
}

/** For each record of a section that runs over and over, whether all threads must have come this far before it. Takes time as the records are many, and no more. */
export function placeBarriers(records: readonly PlannedRecord[]): boolean[] {
  const barriers = records.map(() => false);
  const own = records.map(accessesOf);
  // Between two neighbouring ends of what any record touches all bytes fare alike.
  const ends = [...new Set(own.flatMap(mine => mine.flatMap(({ from, to }) => [from, to])))].sort((a, b) => a - b);
  const numberOf = new Map(ends.map((end, number) => [end, number]));
  const memory = ends.map(() => new Touched());
  const touchedBy = ({ from, to }: Access) => memory.slice(numberOf.get(from), numberOf.get(to));
  let round = 0;
  // Twice around: the first records of a step also follow the last ones of the step before.
  for (let turn = 0; turn < 2; turn++) {
    own.forEach((mine, index) => {
      if (barriers[index] || mine.some(access => touchedBy(access).some(touched => touched.conflicts(access, round)))) {
        barriers[index] = true;
        round += 1;
      }
      for (const access of mine) for (const touched of touchedBy(access)) touched.add(access, round);
    });
  }
  return barriers;
}
