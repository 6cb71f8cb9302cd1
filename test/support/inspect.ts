/** A program under a magnifying glass: every record runs by itself, and what it wrote is looked at. */
import type { Parameter, Plan, PlannedRecord, Section } from '../../src/plan/builder.js';
import { Region } from '../../src/plan/memory.js';
import { type Access, opName, scalarsOf } from '../../src/plan/ops/op.js';
import { PANEL, panelBytes, panelCount } from '../../src/plan/panels.js';
import { RECORD_BYTES } from '../../src/plan/record.js';
import type { Backend } from '../../src/runtime/binaries.js';
import { Program } from '../../src/runtime/program.js';

/** The plan with every record as a section of its own, named by its index. */
function recordByRecord(plan: Plan): Plan {
  const start = plan.region('records').address;
  const single = plan.records.map((_, index): [string, Section] => {
    const first = start + index * RECORD_BYTES;
    return [String(index), { first, last: first + RECORD_BYTES, work: 0 }];
  });
  return { ...plan, sections: new Map([...plan.sections, ...single]) };
}

/** The regions that a record writes, and which of them hold matrices. */
function writesOf({ op, fields }: PlannedRecord): { region: Region; matrix: Access['matrix'] }[] {
  return Object.entries(op.access(scalarsOf(fields))).flatMap(([field, { writes, matrix }]) => {
    const region = fields[field];
    return writes && region instanceof Region ? [{ region, matrix }] : [];
  });
}

export class Inspector {
  readonly program: Program;
  /** What went wrong; nothing, unless the machine is broken. */
  readonly problems: string[] = [];
  readonly #plan: Plan;
  readonly #persistent: ReadonlySet<string>;

  constructor(backend: Backend, plan: Plan) {
    this.#plan = plan;
    this.program = new Program(backend.module, recordByRecord(plan));
    const kept = plan.regions.filter(({ name }) => /^(optimizer\.|constant )/.test(name)).map(({ name }) => name);
    this.#persistent = new Set(['controls', 'records', 'parameters', ...kept]);
  }

  /** Makes everything that a step computes anew NaN, so that nothing can count on what lay there. */
  poison(): void {
    for (const region of this.#plan.regions) {
      if (!this.#persistent.has(region.name)) this.program.floats(region).fill(Number.NaN);
    }
  }

  /** Runs a section one record at a time, and looks at the memory after each. */
  run(name: string): void {
    const section = this.#plan.sections.get(name);
    if (!section) throw new Error(`no section '${name}'`);
    const start = this.#plan.region('records').address;
    const { buffer } = this.program.memory;
    const now = Buffer.from(buffer);
    const before = Buffer.alloc(now.length);
    for (let address = section.first; address < section.last; address += RECORD_BYTES) {
      const index = (address - start) / RECORD_BYTES;
      const record = this.#plan.records[index];
      if (!record) throw new Error(`no record ${index}`);
      before.set(now);
      if (this.program.run(String(index)) !== 1) this.#report(record, 'ended the run');
      this.#checkUntouched(record, before, now);
      this.#checkPadding(record);
    }
    if (this.program.memory.buffer !== buffer) this.problems.push(`${name}: the memory grew`);
  }

  #report({ op, owner }: PlannedRecord, what: string): void {
    this.problems.push(`${opName(op)} of ${owner}: ${what}`);
  }

  /** Every byte but those that the record says it writes must be as before. */
  #checkUntouched(record: PlannedRecord, before: Buffer, now: Buffer): void {
    const ranges = this.#rangesOf(record).sort(([a], [b]) => a - b);
    let from = 0;
    for (const [first, last] of [...ranges, [now.length, now.length] as const]) {
      if (first > from && before.compare(now, from, first, from, first) !== 0) {
        const at = now.findIndex((byte, i) => i >= from && byte !== before[i]);
        const region = this.#plan.regions.find(({ address, bytes }) => at >= address && at < address + bytes);
        this.#report(record, `wrote to address ${at} (${region?.name ?? 'outside every region'})`);
      }
      from = Math.max(from, last);
    }
  }

  #rangesOf(record: PlannedRecord): [first: number, last: number][] {
    const { controls } = this.#plan;
    const ranges: [number, number][] = [[controls.address, controls.address + controls.bytes]];
    for (const { address, rows, columns } of this.#matricesOf(record)) {
      ranges.push([address, address + panelBytes(rows, columns)]);
    }
    for (const { region, matrix } of writesOf(record)) {
      if (!matrix) ranges.push([region.address, region.address + region.bytes]);
    }
    return ranges;
  }

  #matricesOf(record: PlannedRecord): { address: number; rows: number; columns: number }[] {
    const batch = this.program.controls.rows * record.positions;
    return writesOf(record).flatMap(({ region, matrix }) => {
      if (!matrix) return [];
      const { columns, height } = matrix;
      if (!height) return [{ address: region.address, rows: matrix.rows ?? batch, columns }];
      return Array.from({ length: batch / height / panelCount(columns) }, (_, i) => {
        return { address: region.address + i * panelBytes(height, columns), rows: height, columns };
      });
    });
  }

  #checkPadding(record: PlannedRecord): void {
    const matrices = this.#matricesOf(record);
    if ('parameters' in record.fields) matrices.push(...this.#stateMatrices());
    for (const { address, rows, columns } of matrices) {
      const values = new Float32Array(this.program.memory.buffer, address, panelBytes(rows, columns) / 4);
      const lastPanel = (panelCount(columns) - 1) * rows * PANEL;
      const used = columns - (panelCount(columns) - 1) * PANEL;
      for (let i = lastPanel; i < values.length; i++) {
        if ((i - lastPanel) % PANEL >= used && values[i] !== 0) {
          this.#report(record, `padding [${rows}, ${columns}] holds ${values[i]} in column ${(i - lastPanel) % PANEL}`);
          break;
        }
      }
    }
  }

  /** Every parameter, and if it is trainable its share of each of the optimiser's buffers. */
  #stateMatrices(): { address: number; rows: number; columns: number }[] {
    const { parameterRegion, parameters, regions } = this.#plan;
    const buffers = regions.filter(({ name }) => name.startsWith('optimizer.'));
    return parameters.flatMap(({ data, rows, columns, trainable }: Parameter) => {
      return [parameterRegion, ...(trainable ? buffers : [])].map(({ address }) => {
        return { address: address + data.address - parameterRegion.address, rows, columns };
      });
    });
  }
}
