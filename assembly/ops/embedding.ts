// Rows of a table looked up by whole numbers, each in a place of its own, or all of a sample's added up.
import {
  controlsOf, firstOf, firstRow, firstUnit, lastOf, lastRow, lastUnit, panelsOf, partNumber, rowsOf,
} from '../parts';
import { Op, PANEL, ROW } from '../plan';
import { fourWeights } from '../simd/quantized';
import { tell } from './finite';

@unmanaged
export class Embedding extends Op {
  y: usize;
  /** Each sample's indices, as whole float32 numbers: those who gave them were refused others. */
  x: usize;
  w: usize;
  /** One for each column of int8 weights, else 0. */
  scale: usize;
  /** Rows of w. */
  vocabulary: i32;
  columns: i32;
  /** Indices of a sample. */
  steps: i32;
  /** 0 where each has a row of y to itself; 1 for their sum, 2 for their mean. */
  bag: i32;
  /** The index that counts as nothing in a bag. */
  pad: i32;
  /** Of a weight. */
  bits: i32;
}

@unmanaged
export class EmbeddingGradient extends Op {
  dw: usize;
  dy: usize;
  x: usize;
  vocabulary: i32;
  columns: i32;
  steps: i32;
  bag: i32;
  pad: i32;
  /** 1 where threads share out the panels of w, 0 where they share out its rows. */
  byOutputs: i32;
}

const MEAN: i32 = 2;
/** Rows of a table are shared out so many at a time, as the optimiser does. */
const UNIT: i32 = 16;

// @ts-ignore: decorator
@inline
function indexAt(x: usize, samples: i32, sample: i32, step: i32): i32 {
  return <i32>load<f32>(x + <usize>(step / PANEL * samples + sample) * ROW + ((step % PANEL) << 2));
}

/** Whether an index names a row: neither that which counts as nothing, nor what stands beyond a sample's length. */
// @ts-ignore: decorator
@inline
function isMeant(index: i32, pad: i32): bool {
  return index >= 0 && index != pad;
}

/** 1, or for a mean 1 / how many of a sample's indices count. */
function shareOf(x: usize, samples: i32, sample: i32, steps: i32, bag: i32, pad: i32): f32 {
  if (bag != MEAN) return 1;
  let count = 0;
  for (let step = 0; step < steps; step++) count += i32(isMeant(indexAt(x, samples, sample, step), pad));
  return count > 0 ? 1 / <f32>count : 0;
}

/**
 * y[B·S,C] = w[x[B,S],C]; or as a bag y[B,C] = Σ over S of w[x[B,S],C], and for a mean divided by how many they are.
 */
export function embeddingForward(r: Embedding): void {
  const samples = controlsOf(r).rows;
  const rows = rowsOf(r);
  const bytes = <usize>PANEL * r.bits / 8;
  const first = firstRow(r) / r.positions;
  const last = lastRow(r) / r.positions;
  for (let sample = first; sample < last; sample++) {
    const share = f32x4.splat(shareOf(r.x, samples, sample, r.steps, r.bag, r.pad));
    for (let panel = 0; panel < panelsOf(r.columns); panel++) {
      const w = r.w + <usize>(panel * r.vocabulary) * bytes;
      const y = r.y + <usize>(panel * rows) * ROW;
      for (let group = 0; group < 4; group++) {
        const factor = r.scale ? v128.load(r.scale + panel * ROW + group * 16) : f32x4.splat(1);
        let total = f32x4.splat(0);
        for (let step = 0; step < r.steps; step++) {
          const index = indexAt(r.x, samples, sample, step);
          if (!isMeant(index, r.pad)) {
            if (!r.bag) v128.store(y + <usize>(sample * r.steps + step) * ROW + group * 16, f32x4.splat(0));
            continue;
          }
          const row = f32x4.mul(fourWeights(w + <usize>index * bytes + group * bytes / 4, r.bits), factor);
          if (r.bag) total = f32x4.add(total, row);
          else v128.store(y + <usize>(sample * r.steps + step) * ROW + group * 16, row);
        }
        if (r.bag) v128.store(y + <usize>sample * ROW + group * 16, f32x4.mul(total, share));
      }
    }
  }
}

/** dw[V,C] = Σ of the dy of all places that took its row, in the order of the batch. */
export function embeddingGradient(r: EmbeddingGradient): void {
  const samples = controlsOf(r).rows;
  const rows = rowsOf(r);
  const panels = panelsOf(r.columns);
  const byOutputs = r.byOutputs != 0;
  const firstPanel = byOutputs ? firstUnit(panels) : 0;
  const lastPanel = byOutputs ? lastUnit(panels) : panels;
  const first = byOutputs ? 0 : firstOf(r.vocabulary, UNIT);
  const last = byOutputs ? r.vocabulary : lastOf(r.vocabulary, UNIT);
  for (let panel = firstPanel; panel < lastPanel; panel++) {
    const dw = r.dw + <usize>(panel * r.vocabulary) * ROW;
    const dy = r.dy + <usize>(panel * rows) * ROW;
    memory.fill(dw + <usize>first * ROW, 0, <usize>max(last - first, 0) * ROW);
    for (let sample = 0; sample < samples; sample++) {
      const share = f32x4.splat(shareOf(r.x, samples, sample, r.steps, r.bag, r.pad));
      for (let step = 0; step < r.steps; step++) {
        const index = indexAt(r.x, samples, sample, step);
        if (index < first || index >= last || !isMeant(index, r.pad)) continue;
        const to = dw + <usize>index * ROW;
        const from = dy + <usize>(r.bag ? sample : sample * r.steps + step) * ROW;
        for (let group: usize = 0; group < <usize>ROW; group += 16) {
          v128.store(to + group, f32x4.add(v128.load(to + group), f32x4.mul(v128.load(from + group), share)));
        }
      }
    }
  }
}

/** Finds the rows that an update's batches name, each once: the first thread does. */
@unmanaged
export class NameRows extends Op {
  x: usize;
  /** For each row of the table where it stands in the list, if it does. */
  found: usize;
  /** How many rows there are, then their numbers in the order in which the batch names them. */
  list: usize;
  /** For each place in x where its row stands in the list, −1 where it counts as nothing. */
  slots: usize;
  steps: i32;
  bag: i32;
  pad: i32;
}

/**
 * Rows of the list lie one behind the other, each with all its panels: `rows` of sixteen numbers, shared out `unit` at
 * a time.
 */
@unmanaged
export class RowsGradient extends Op {
  dw: usize;
  dy: usize;
  x: usize;
  slots: usize;
  columns: i32;
  steps: i32;
  bag: i32;
  pad: i32;
  rows: i32;
  unit: i32;
}

@unmanaged
export class MoveRows extends Op {
  /** The listed rows, one behind the other. */
  rowwise: usize;
  /** All rows, in panels. */
  table: usize;
  list: usize;
  vocabulary: i32;
  columns: i32;
  rows: i32;
  unit: i32;
}

export function nameRows(r: NameRows): void {
  if (partNumber() != 0) return;
  const c = controlsOf(r);
  const samples = c.rows;
  const rows = r.list + 4;
  let count = c.taken > 1 ? load<i32>(r.list) : 0;
  for (let sample = 0; sample < samples; sample++) {
    for (let step = 0; step < r.steps; step++) {
      const index = indexAt(r.x, samples, sample, step);
      let slot = -1;
      if (isMeant(index, r.pad)) {
        // What lies there may be of another step, or nothing yet: it counts where the list says the same.
        slot = load<i32>(r.found + (<usize>index << 2));
        if (<u32>slot >= <u32>count || load<i32>(rows + (<usize>slot << 2)) != index) {
          slot = count++;
          store<i32>(r.found + (<usize>index << 2), slot);
          store<i32>(rows + (<usize>slot << 2), index);
        }
      }
      store<i32>(r.slots + (<usize>(sample * r.steps + step) << 2), slot);
    }
  }
  store<i32>(r.list, count);
}

/** {@link embeddingGradient} for the listed rows alone. */
export function rowsGradient(r: RowsGradient): void {
  const samples = controlsOf(r).rows;
  const height = rowsOf(r);
  const panels = panelsOf(r.columns);
  const first = firstOf(r.rows, r.unit) / panels;
  const last = lastOf(r.rows, r.unit) / panels;
  memory.fill(r.dw + <usize>(first * panels) * ROW, 0, <usize>max((last - first) * panels, 0) * ROW);
  for (let sample = 0; sample < samples; sample++) {
    const share = f32x4.splat(shareOf(r.x, samples, sample, r.steps, r.bag, r.pad));
    for (let step = 0; step < r.steps; step++) {
      const place = sample * r.steps + step;
      const slot = load<i32>(r.slots + (<usize>place << 2));
      if (slot < first || slot >= last) continue;
      for (let panel = 0; panel < panels; panel++) {
        const to = r.dw + <usize>(slot * panels + panel) * ROW;
        const from = r.dy + <usize>(panel * height + (r.bag ? sample : place)) * ROW;
        for (let group: usize = 0; group < <usize>ROW; group += 16) {
          v128.store(to + group, f32x4.add(v128.load(to + group), f32x4.mul(v128.load(from + group), share)));
        }
      }
    }
  }
}

/** Takes the listed rows out of the table; what is left of their place is 0, of which an optimiser makes nothing. */
export function takeRows(r: MoveRows): void {
  const panels = panelsOf(r.columns);
  const count = load<i32>(r.list);
  for (let slot = firstOf(r.rows, r.unit) / panels, last = lastOf(r.rows, r.unit) / panels; slot < last; slot++) {
    const to = r.rowwise + <usize>(slot * panels) * ROW;
    if (slot >= count) {
      memory.fill(to, 0, <usize>panels * ROW);
      continue;
    }
    const index = load<i32>(r.list + 4 + (<usize>slot << 2));
    for (let panel = 0; panel < panels; panel++) {
      memory.copy(to + <usize>panel * ROW, r.table + <usize>(panel * r.vocabulary + index) * ROW, ROW);
    }
  }
}

/** Puts them back, unless an update has left the finite numbers and the parameters from before it are to be kept. */
export function returnRows(r: MoveRows): void {
  const c = controlsOf(r);
  const panels = panelsOf(r.columns);
  const first = firstOf(r.rows, r.unit) / panels;
  const last = min(lastOf(r.rows, r.unit) / panels, load<i32>(r.list));
  let poison = f32x4.splat(0);
  const end = r.rowwise + <usize>(last * panels) * ROW;
  for (let at = r.rowwise + <usize>(first * panels) * ROW; at < end; at += 16) {
    poison = f32x4.mul(poison, v128.load(at));
  }
  tell(r, poison);
  if (c.keeps && r.controls.broken) return;
  for (let slot = first; slot < last; slot++) {
    const index = load<i32>(r.list + 4 + (<usize>slot << 2));
    const from = r.rowwise + <usize>(slot * panels) * ROW;
    for (let panel = 0; panel < panels; panel++) {
      memory.copy(r.table + <usize>(panel * r.vocabulary + index) * ROW, from + <usize>panel * ROW, ROW);
    }
  }
}
