/** Where threads that run a plan together have to wait for one another. */
import type { PlannedRecord, Together } from './builder.js';
import { Region } from './memory.js';
import { Opcode } from './opcodes.js';
import { type Share, scalarsOf } from './ops/op.js';

interface Touch {
  /** Several regions may lie at one place, one after another. */
  readonly region: Region;
  readonly from: number;
  readonly to: number;
  readonly writes: boolean;
  readonly share: Exclude<Share, 'back'>;
}

function touchesOf({ op, fields, positions }: PlannedRecord): Touch[] {
  const back = positions > 1 ? 'rows' : 'panels';
  return Object.entries(op.access(scalarsOf(fields))).flatMap(([field, { writes, share: told }]) => {
    const region = fields[field];
    if (!(region instanceof Region)) return [];
    const share = told === 'back' ? back : told;
    return [{ region: region.root, from: region.address, to: region.address + region.bytes, writes, share }];
  });
}

/** A bit for each share, so that those which some bytes have seen fit into one number. */
const bits: Readonly<Record<Touch['share'], number>> = {
  rows: 1,
  panels: 2,
  outputs: 4,
  inputs: 8,
  own: 16,
  whole: 32,
};

/**
 * The next step's batch may be shorter, and its rows and panels lie elsewhere in the same bytes: a thread's share of
 * them is another one's then.
 */
function bitOf(share: Touch['share'], turn: number): number {
  return share === 'rows' || share === 'panels' ? bits[share] << (6 * turn) : bits[share];
}

/** What has touched some bytes since threads last waited for one another. */
class Touched {
  /** What lies there. */
  #region: Region | undefined;
  #reads = 0;
  #writes = 0;
  /** How often they had waited by then, which is never yet; before that is forgotten. */
  #round = -1;

  /** Whether one thread may touch what another one touched, and one of them writes. */
  conflicts({ region, writes, share }: Touch, round: number, turn: number): boolean {
    if (round !== this.#round) return false;
    // Shares of another region are other bytes.
    if (region !== this.#region) return writes || this.#writes !== 0;
    const others = writes ? this.#reads | this.#writes : this.#writes;
    return (others & ~bitOf(share, turn)) !== 0 || (share === 'whole' && others !== 0);
  }

  add({ region, writes, share }: Touch, round: number, turn: number): void {
    if (round !== this.#round || region !== this.#region) {
      this.#region = region;
      this.#round = round;
      this.#reads = 0;
      this.#writes = 0;
    }
    if (writes) this.#writes |= bitOf(share, turn);
    else this.#reads |= bitOf(share, turn);
  }
}

/** What a plan for so many threads takes; one thread has nobody to wait for. */
export function together(threads: number): Together | undefined {
  return threads > 1 ? { threads, placeBarriers } : undefined;
}

/**
 * For each record of a section that runs over and over, whether all threads must have come this far before it. Takes
 * time as the records are many, and no more.
 */
export function placeBarriers(records: readonly PlannedRecord[]): boolean[] {
  // From there threads may go back to the first record.
  const barriers = records.map(({ op }) => op.code === Opcode.nextPart);
  const own = records.map(touchesOf);
  // Between two neighbouring ends of what any record touches all bytes fare alike.
  const ends = [...new Set(own.flatMap(mine => mine.flatMap(({ from, to }) => [from, to])))].sort((a, b) => a - b);
  const numberOf = new Map(ends.map((end, number) => [end, number]));
  const memory = ends.map(() => new Touched());
  const touchedBy = ({ from, to }: Touch) => memory.slice(numberOf.get(from), numberOf.get(to));
  let round = 0;
  // Twice around: the first records of a step also follow the last ones of the step before.
  for (let turn = 0; turn < 2; turn++) {
    own.forEach((mine, index) => {
      if (
        barriers[index] ||
        mine.some(touch => touchedBy(touch).some(touched => touched.conflicts(touch, round, turn)))
      ) {
        barriers[index] = true;
        round += 1;
      }
      for (const touch of mine) for (const touched of touchedBy(touch)) touched.add(touch, round, turn);
    });
  }
  return barriers;
}
