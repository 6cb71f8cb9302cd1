/** A plan as a table for people. */
import { table } from '../summary.js';
import { type Plan, sectionName } from './builder.js';
import { Region } from './memory.js';
import { opName } from './ops/op.js';
import { RECORD_BYTES } from './record.js';

/**
 * Every section's records with their regions and numbers, then every region with its place and how many others share
 * it.
 */
export function printPlan(plan: Plan): string {
  const start = plan.sections.values().next().value?.first ?? 0;
  const lines: string[] = [];
  for (const [key, { first, last }] of plan.sections) {
    const records = plan.records.slice((first - start) / RECORD_BYTES, (last - start) / RECORD_BYTES);
    const rows = records.map(({ op, owner, fields, positions }, index) => {
      const shown = positions === 1 ? fields : { positions, ...fields };
      const words = Object.entries(shown).map(([field, value]) => {
        return `${field}=${value instanceof Region ? value.name : Number(value.toPrecision(6))}`;
      });
      return [String(index), opName(op), owner, words.join(' ')];
    });
    lines.push(
      `${sectionName(key)}: ${records.length} ${records.length === 1 ? 'record' : 'records'}`,
      table([['#', 'op', 'for', 'fields'], ...rows]),
      '',
    );
  }
  const uses = usesOf(plan);
  const used = plan.regions.filter(region => region.bytes > 0);
  const regions = used.map(region => {
    const { name, address, bytes } = region;
    const others = used.filter(other => other.address < address + bytes && address < other.address + other.bytes);
    const shared = others.length > 1 ? `${others.length - 1}` : '';
    return [name, String(address), String(bytes), shared, uses.get(region)?.join(', ') ?? ''];
  });
  lines.push(`memory for up to ${plan.capacity} rows: ${plan.end} bytes, at most ${plan.live} needed at once`);
  lines.push(table([['region', 'address', 'bytes', 'others there', 'used by'], ...regions]));
  return lines.join('\n');
}

/** By which records of which sections, from the first to the last, each region is used. */
function usesOf(plan: Plan): Map<Region, string[]> {
  const start = plan.sections.values().next().value?.first ?? 0;
  const uses = new Map<Region, string[]>();
  for (const [key, { first, last }] of plan.sections) {
    const ends = new Map<Region, [from: number, to: number]>();
    plan.records.slice((first - start) / RECORD_BYTES, (last - start) / RECORD_BYTES).forEach(({ fields }, index) => {
      for (const field of Object.values(fields)) {
        if (field instanceof Region) ends.set(field.root, [ends.get(field.root)?.[0] ?? index, index]);
      }
    });
    for (const [region, [from, to]] of ends) {
      const range = from === to ? from : `${from}–${to}`;
      uses.set(region, [...(uses.get(region) ?? []), `${sectionName(key)} ${range}`]);
    }
  }
  return uses;
}
