/**
 * Memories that are handed on. The engine takes one back only when its garbage is collected, which nothing brings
 * about: a program that fits again and again would hold the data of all its fits.
 */
import { BARRIERS, CONSTANTS_END } from '../plan/memory.js';
import { allocate, growTo } from './allocation.js';

/** Who is to keep a memory takes none of more bytes than that, and of so many times more than are wanted. */
const MOST_KEPT = 2 ** 20;
const MOST_TIMES = 2;

/** Whoever has something in a memory that others may have meanwhile. */
export interface Holder {
  /** Saves it: the memory is another's from now on. */
  leave(): void;
}

/** A memory that is to be had. Both are held weakly, so that garbage collection takes back what nobody asks for. */
interface Spare {
  readonly memory: WeakRef<WebAssembly.Memory>;
  readonly holder: WeakRef<Holder> | undefined;
}

/** Memories of one kind that are to be had. */
export class Memories {
  readonly #shared: boolean;
  readonly #spare = new Set<Spare>();
  /** Those that would not be free if they were collected here, as workers may hold them too. */
  readonly #held = new Set<WebAssembly.Memory>();
  #holds = false;

  /** `shared`: whether threads share them. */
  constructor(shared: boolean) {
    this.#shared = shared;
  }

  /** Whether there are workers, which let go of a memory when they end. */
  set holds(on: boolean) {
    this.#holds = on;
    if (!on) this.#held.clear();
  }

  /**
   * A memory of at least `cleared + more` bytes, of which the first `cleared`, but for where threads wait for one
   * another, are 0. `kept`: whether it is not to be had again soon.
   */
  take(cleared: number, more = 0, kept = false): WebAssembly.Memory {
    const wanted = cleared + more;
    const found = this.#find(wanted, kept ? Math.max(MOST_KEPT, MOST_TIMES * wanted) : Infinity);
    if (!found) return allocate(cleared + more, this.#shared);
    const { memory, spare } = found;
    this.#remove(spare, memory);
    spare.holder?.deref()?.leave();
    try {
      growTo(memory, cleared + more);
    } catch {
      // Without it there may be enough for a new one.
      return allocate(cleared + more, this.#shared);
    }
    const bytes = new Uint8Array(memory.buffer, 0, cleared);
    bytes.fill(0, 0, BARRIERS).fill(0, CONSTANTS_END);
    return memory;
  }

  /** Of those with at most so many bytes the smallest that is large enough; else the largest, which is to grow. */
  #find(wanted: number, most: number): { memory: WebAssembly.Memory; spare: Spare } | undefined {
    let best: { memory: WebAssembly.Memory; spare: Spare } | undefined;
    for (const spare of this.#spare) {
      const memory = spare.memory.deref();
      const bytes = memory?.buffer.byteLength ?? 0;
      if (!memory) this.#spare.delete(spare);
      else if (bytes <= most && suits(bytes, wanted, best?.memory.buffer.byteLength)) best = { memory, spare };
    }
    return best;
  }

  /**
   * Others may have this memory, in which no thread runs any more. What a `holder` has in it stays until somebody takes
   * it; what is returned takes it off the others.
   */
  give(memory: WebAssembly.Memory, holder?: Holder): () => void {
    const spare = { memory: new WeakRef(memory), holder: holder && new WeakRef(holder) };
    this.#spare.add(spare);
    if (this.#holds) this.#held.add(memory);
    return () => this.#remove(spare, memory);
  }

  #remove(spare: Spare, memory: WebAssembly.Memory): void {
    this.#spare.delete(spare);
    this.#held.delete(memory);
  }
}

/** Whether so many bytes suit one who wants so many, and better than the best so far. */
function suits(bytes: number, wanted: number, best = 0): boolean {
  return best < wanted ? bytes > best : bytes >= wanted && bytes < best;
}

/** Somebody's place in a memory, which others may have whenever nothing runs in it. */
export class Tenancy implements Holder {
  readonly #memories: Memories;
  readonly #save: () => void;
  #memory: WebAssembly.Memory | undefined;
  #takeBack: (() => void) | undefined;
  /** Whether others have taken it away since it was last given by {@link offer}. */
  #lost = false;

  /** `save`: what is in the memory is to be saved at once, for it is another's from now on. */
  constructor(memories: Memories, save: () => void) {
    this.#memories = memories;
    this.#save = save;
  }

  /** A memory as {@link Memories.take} gives it; there was none before, or it has ended. */
  take(cleared: number, more = 0): WebAssembly.Memory {
    this.#memory = this.#memories.take(cleared, more, this.#lost);
    return this.#memory;
  }

  /** Others may have it. */
  offer(): void {
    this.#lost = false;
    this.offerOnce();
  }

  /**
   * Others may have it, unless it was needed again after that: two who take turns for a moment would do nothing but
   * move.
   */
  offerOnce(): void {
    if (this.#memory && !this.#lost) this.#takeBack ??= this.#memories.give(this.#memory, this);
  }

  /** Nobody else may have it. */
  hold(): void {
    this.#takeBack?.();
    this.#takeBack = undefined;
  }

  /** It is for others, with all that is in it; or for nobody, where threads may still be in it. */
  end(abandoned = false): void {
    this.hold();
    if (this.#memory && !abandoned) this.#memories.give(this.#memory);
    this.#memory = undefined;
  }

  leave(): void {
    this.#takeBack = undefined;
    this.#memory = undefined;
    this.#lost = true;
    this.#save();
  }
}

/** Those that only the caller's thread uses. */
export const ownMemories = new Memories(false);
