/** The builder of plans that train: gradients beside parameters and values, and what an optimiser updates. */
import { Builder, type Parameter, type Together, type Value } from './builder.js';
import type { Region } from './memory.js';
import { PANEL, panelBytes, panelCount, ROW_BYTES } from './panels.js';
import type { Rowwise } from './rowwise.js';

/** Parameters that an optimiser updates with one record, and everything beside them that lies alike. */
export interface Stretch {
  readonly parameters: Region;
  readonly gradients: Region;
  /** Rows of sixteen numbers. */
  readonly rows: number;
  /** Threads share out so many rows at a time. */
  readonly unit: number;
  /** The first of them. */
  readonly leader: Parameter;
  /** The buffer of that name of the optimiser's. */
  state(name: string): Region;
}

export class TrainingBuilder extends Builder {
  readonly #gradients = new Map<string, Map<Value, Region>>();
  readonly #further = new Map<Parameter, Region>();
  readonly #late: (() => void)[] = [];
  /** Tables whose rows are updated by themselves. */
  readonly rowwise: Rowwise[] = [];
  /** Batches whose gradients go into an update; 0 where no optimiser follows them. */
  readonly parts: number;

  /** `parts` as the field, 0 by default; the rest as of a builder. */
  constructor(
    capacity: number,
    options: { paired: boolean; parts?: number; leastShared?: number; together?: Together | undefined },
  ) {
    super(capacity, options);
    this.parts = options.parts ?? 0;
  }

  protected override gradientFor(name: string, bytes: number, rowwise: boolean): Region | undefined {
    return rowwise && this.parts > 0 ? undefined : this.gradientRegion.part(`d ${name}`, bytes);
  }

  /** Where the cost's gradient for a value is kept; with a `role`, something beside it that is as large. */
  gradientOf(value: Value, role = ''): Region {
    const gradients = this.#gradients.get(role) ?? new Map<Value, Region>();
    this.#gradients.set(role, gradients);
    const known = gradients.get(value);
    if (known) return known;
    const { name, positions, columns } = value;
    const gradient = this.newRegion(`${role}d ${name}`, panelBytes(this.capacity * positions, columns));
    this.perBatch.add(gradient);
    gradients.set(value, gradient);
    return gradient;
  }

  /** Keeps it for {@link emitLate}. */
  override later(emit: () => void): void {
    this.#late.push(emit);
  }

  emitLate(): void {
    for (const emit of this.#late.splice(0)) emit();
  }

  /** An optimiser's buffer of that name for so many bytes of the parameters, from `offset` on. */
  stateOf(name: string, offset: number, bytes: number): Region {
    // Those that learn lie in front of all others.
    const last = this.parameters.findLast(({ trainable }) => trainable)?.data;
    const all = last ? last.offset + last.bytes : 0;
    return this.region(`optimizer.${name}`, all).stretch(offset, bytes);
  }

  /**
   * Whether threads that train share out a layer's products by the panels of so many outputs: each then has to do with
   * its own weights alone, from the first product to the update, and they stay in its cache. Not where some thread
   * would have a fifth more to do than others.
   */
  override byOutputs(outputs: number): boolean {
    const panels = panelCount(outputs);
    const most = Math.ceil(panels / this.threads) * this.threads;
    return this.threads > 1 && most <= 1.2 * panels;
  }

  /**
   * All trainable parameters, in the stretches that an optimiser updates. One thread takes neighbours that are `alike`,
   * all of them by default, as one stretch. Several threads share out an update as they did the gradient, so that each
   * finds its part in its cache: a vector, or a matrix whose gradient was shared out by outputs, is one stretch; of any
   * other matrix each panel is one, shared out by inputs.
   */
  stretches(alike: (a: Parameter, b: Parameter) => boolean = () => true): Stretch[] {
    const { parameterRegion, gradientRegion } = this;
    const stretch = (leader: Parameter, offset: number, bytes: number, unit: number): Stretch => ({
      leader,
      parameters: parameterRegion.stretch(offset, bytes),
      gradients: gradientRegion.stretch(offset, bytes),
      rows: bytes / ROW_BYTES,
      unit,
      state: name => this.stateOf(name, offset, bytes),
    });
    const rowwise = this.rowwise.map(({ stretch: own }) => own);
    const learning = this.parameters.filter(({ gradient }) => gradient !== undefined);
    if (this.threads === 1) {
      const first = learning.filter((parameter, i) => !alike(learning[i - 1] ?? parameter, parameter) || i === 0);
      const ends = [...first.slice(1).map(({ data }) => data.offset), gradientRegion.bytes];
      const whole = first.map((parameter, i) => {
        const { offset } = parameter.data;
        return stretch(parameter, offset, (ends[i] ?? 0) - offset, PANEL);
      });
      return [...whole, ...rowwise];
    }
    const whole = learning.flatMap(parameter => {
      const { offset } = parameter.data;
      return this.partsOf(parameter).map(part => stretch(parameter, offset + part.offset, part.bytes, part.unit));
    });
    return [...whole, ...rowwise];
  }

  /** The parts of a parameter that are shared out as its gradient is, `unit` rows of sixteen numbers at a time. */
  partsOf({ rows, columns, data: { bytes } }: Parameter): { offset: number; bytes: number; unit: number }[] {
    if (this.threads === 1) return [{ offset: 0, bytes, unit: PANEL }];
    if (rows === 1 || this.byOutputs(columns)) return [{ offset: 0, bytes, unit: rows }];
    const panel = rows * ROW_BYTES;
    return Array.from({ length: panelCount(columns) }, (_, k) => ({ offset: k * panel, bytes: panel, unit: PANEL }));
  }

  /** What lies in these regions is to be there when the records so far have run: TypeScript looks at it then. */
  hold(regions: Iterable<Region>): void {
    for (const region of regions) this.holds.push({ region: region.root, at: this.emitted });
  }

  /** Room for the gradient of a parameter that is used at a further place, before it is added to the first place's. */
  furtherGradientOf(parameter: Parameter): Region {
    const known = this.#further.get(parameter);
    if (known) return known;
    const further = this.newRegion(`further d ${parameter.name}`, parameter.data.bytes);
    this.#further.set(parameter, further);
    return further;
  }
}
