/** Regions that share places: those whose lives, from their first use in a section to their last, never meet. */
import { FORWARD_ONLY } from '../forwardOnly.js';
import type { PlannedRecord } from './builder.js';
import { align, CONSTANTS_END, placeRegions, Region } from './memory.js';
import { scalarsOf } from './ops/op.js';

/** A section's records, from the first up to, not with, the last. */
export interface Stretched {
  readonly first: number;
  readonly last: number;
}

/** Of each section that uses a region, its first record that does, and its last. */
export type Life = ReadonlyMap<Stretched, { readonly from: number; readonly to: number }>;

/** A region that somebody outside the plan looks at once the records before that one have run. */
export interface Hold {
  readonly region: Region;
  readonly at: number;
}

/** Smaller ones lie by themselves where they would save little, and threads would wait where one follows another. */
export const LEAST_SHARED = 2 ** 19;
/** So many of the largest share places: finding them takes time as their square. */
const MOST_SHARING = 1024;

/**
 * The lives of those `candidates` whose contents nothing relies on: in every section a record writes them before any
 * reads them.
 */
function livesOf(
  records: readonly PlannedRecord[],
  sections: Iterable<Stretched>,
  candidates: ReadonlySet<Region>,
  holds: readonly Hold[],
): Map<Region, Life> {
  const lives = new Map<Region, Map<Stretched, { from: number; to: number }>>();
  const relied = new Set<Region>();
  for (const section of sections) {
    for (let index = section.first; index < section.last; index++) {
      const record = records[index];
      for (const { region, isNew } of record ? usesOf(record) : []) {
        if (!candidates.has(region)) continue;
        const life = lives.get(region) ?? new Map<Stretched, { from: number; to: number }>();
        lives.set(region, life);
        const known = life.get(section);
        if (!known && !isNew) relied.add(region);
        life.set(section, { from: known?.from ?? index, to: index });
      }
    }
  }
  for (const { at, region } of holds) {
    for (const [section, { from, to }] of lives.get(region) ?? []) {
      if (at > section.first && at <= section.last) lives.get(region)?.set(section, { from, to: Math.max(to, at - 1) });
    }
  }
  for (const region of relied) lives.delete(region);
  return lives;
}

/** The regions that a record names, and whether it writes them as something new. */
function usesOf({ op, fields }: PlannedRecord): { region: Region; isNew: boolean }[] {
  const access = op.access(scalarsOf(fields));
  const uses = new Map<Region, boolean>();
  for (const [field, { writes, share }] of Object.entries(access)) {
    const region = fields[field];
    if (!(region instanceof Region)) continue;
    uses.set(region.root, (uses.get(region.root) ?? true) && writes && share !== 'own' && region.root === region);
  }
  return [...uses].map(([region, isNew]) => ({ region, isNew }));
}

function meet(a: Life, b: Life): boolean {
  for (const [section, { from, to }] of a) {
    const other = b.get(section);
    if (other && from <= other.to && other.from <= to) return true;
  }
  return false;
}

/** The most bytes of them that are needed at once. */
function mostLive(lives: ReadonlyMap<Region, Life>): number {
  const changes = new Map<Stretched, Map<number, number>>();
  for (const [{ bytes }, life] of lives) {
    for (const [section, { from, to }] of life) {
      const known = changes.get(section) ?? new Map<number, number>();
      changes.set(section, known);
      known.set(from, (known.get(from) ?? 0) + bytes);
      known.set(to + 1, (known.get(to + 1) ?? 0) - bytes);
    }
  }
  let most = 0;
  for (const known of changes.values()) {
    let live = 0;
    for (const [, change] of [...known].sort(([a], [b]) => a - b)) {
      live += change;
      most = Math.max(most, live);
    }
  }
  return most;
}

/**
 * Gives the regions places from `start` on, the largest first, each the lowest that is free for all of its life
 * (Pisarchyk and Lee 2020, «greedy by size»); returns the first free address.
 */
function placeSharing(lives: ReadonlyMap<Region, Life>, start: number): number {
  const bySize = [...lives].sort(([a], [b]) => b.bytes - a.bytes);
  const placed: { from: number; to: number; life: Life }[] = [];
  let end = align(start);
  bySize.forEach(([region, life], rank) => {
    let address = rank < MOST_SHARING ? align(start) : end;
    if (rank < MOST_SHARING) {
      const taken = placed.filter(other => meet(life, other.life)).sort((a, b) => a.from - b.from);
      for (const { from, to } of taken) {
        if (address + region.bytes <= from) break;
        address = Math.max(address, to);
      }
      placed.push({ from: address, to: address + region.bytes, life });
    }
    region.place(address);
    end = Math.max(end, address + region.bytes);
  });
  return end;
}

/**
 * Gives every region its place, where those of the `candidates` that have at least so many bytes share them; returns
 * the first free address, and how many bytes are needed at once at most.
 */
export function placeAll(
  regions: readonly Region[],
  {
    records,
    sections,
    candidates,
    holds,
    least,
  }: {
    readonly records: readonly PlannedRecord[];
    readonly sections: Iterable<Stretched>;
    readonly candidates: ReadonlySet<Region>;
    readonly holds: readonly Hold[];
    readonly least: number;
  },
): { end: number; live: number } {
  // What predicts alone takes so few rows at once that their values are a megabyte, and knows nothing of what ops read.
  if (FORWARD_ONLY) return { end: placeRegions(regions, CONSTANTS_END), live: 0 };
  const lives = livesOf(records, sections, candidates, holds);
  const sharing = new Map([...lives].filter(([{ bytes }]) => bytes >= least));
  const besides = (others: ReadonlyMap<Region, Life>) =>
    placeRegions(
      regions.filter(region => !others.has(region)),
      CONSTANTS_END,
    );
  const live = besides(lives) + mostLive(lives);
  return { end: placeSharing(sharing, besides(sharing)), live };
}
