/** Regions of linear memory: named first, counted, then given their places all at once. */

/** Regions begin on a cache line. */
export const ALIGNMENT = 64;

/** From here to its end threads wait for one another (assembly/barrier.ts): nobody ever sets these words back. */
export const BARRIERS = 768;

/** The constants region ends here; nothing else may lie below (assembly/simd/constants.ts). */
export const CONSTANTS_END = 1024;

export function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** A stretch of linear memory with a name. It has an address once the plan is placed. */
export class Region {
  readonly name: string;
  #bytes: number;
  #address = -1;
  readonly #within: { parent: Region; offset: number } | undefined;

  constructor(name: string, bytes = 0, within?: { parent: Region; offset: number }) {
    this.name = name;
    this.#bytes = align(bytes);
    this.#within = within;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get address(): number {
    if (this.#within) return this.#within.parent.address + this.#within.offset;
    if (this.#address < 0) throw new Error(`region ${this.name} has no place yet`);
    return this.#address;
  }

  /** Appends a stretch of its own to this region, which grows by it. */
  part(name: string, bytes: number): Region {
    const part = new Region(name, bytes, { parent: this, offset: this.#bytes });
    this.#bytes += part.bytes;
    return part;
  }

  /** Some bytes of this region, or all. */
  stretch(offset: number, bytes: number): Region {
    if (bytes === this.#bytes) return this;
    return new Region(`${this.name}+${offset}`, bytes, { parent: this, offset });
  }

  /** The region that this is a part of, or itself. */
  get root(): Region {
    return this.#within?.parent.root ?? this;
  }

  /** Where in the region that this is a part of it begins. */
  get offset(): number {
    return this.#within?.offset ?? 0;
  }

  /** Makes the region at least this large. */
  growTo(bytes: number): void {
    this.#bytes = Math.max(this.#bytes, align(bytes));
  }

  /** @internal */
  place(address: number): void {
    this.#address = address;
  }
}

/** Gives every region its place, one behind the other from `start`; returns the first free address. */
export function placeRegions(regions: readonly Region[], start: number): number {
  let address = align(start);
  for (const region of regions) {
    region.place(address);
    address += region.bytes;
  }
  return address;
}
