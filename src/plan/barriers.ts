/** Where threads that run a plan together have to wait for one another. */
import type { PlannedRecord, Together } from './builder.js';
import { Region } from './memory.js';
import { type Access, type Share, scalarsOf } from './ops/op.js';

interface Touch {
  readonly from: number;
  readonly to: number;
  readonly access: Access;
}

function touchesOf({ op, fields }: PlannedRecord): Touch[] {
  return Object.entries(op.access(scalarsOf(fields))).flatMap(([field, access]) => {
    const region = fields[field];
    if (!(region instanceof Region)) return [];
    return [{ from: region.address, to: region.address + region.bytes, access }];
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

/** What a plan for so many threads takes; one thread has nobody to wait for. */
export function together(threads: number): Together | undefined {
  return threads > 1 ? { threads, placeBarriers } : undefined;
}

/**
 * For each record of a section that runs over and over, whether all threads must have come this far before it. Takes
 * time as the records are many, and no more.
 */
export function placeBarriers(records: readonly PlannedRecord[]): boolean[] {
  const barriers = records.map(() => false);
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
        mine.some(touch => touchedBy(touch).some(touched => touched.conflicts(touch.access, round)))
      ) {
        barriers[index] = true;
        round += 1;
      }
      for (const touch of mine) for (const touched of touchedBy(touch)) touched.add(touch.access, round);
    });
  }
  return barriers;
}
