/** Where a fit's rows come from, epoch by epoch: memory that holds all of them, or chunks that are read on the way. */
import { checkInteger, wrongKind, wrongType, wrongValue } from './errors.js';
import { bytesPerRow, type ReadyData } from './judge.js';
import type { ChunkedData } from './trainingOptions.js';

/** Rows that are shuffled among each other and lie in the machine's memory together. */
export type Block = ReadyData;

/** The blocks of one epoch, one after the other; the one before is of no use any more when the next is asked for. */
export interface Blocks {
  next(): Promise<Block | undefined> | Block | undefined;
  /** Nobody asks for more. */
  close(): void;
}

/** What a fit takes its rows from. */
export interface RowSource {
  /** Rows of an epoch, as far as they are known before it. */
  readonly rows: number | undefined;
  /**
   * As much as a block has at most: what room is made for. The first block is read to tell, of the epoch of that
   * number; each further one's is `step` more.
   */
  open(epoch: number, step: number): Promise<Block> | Block;
  /** Another epoch's; where more are to come, the next one's first block is read while this one's last is in use. */
  epoch(more: boolean): Blocks;
  /** Nobody asks for another epoch. */
  close(): void;
}

/** Data in memory are one block, the same in each epoch. */
export class Whole implements RowSource {
  readonly #data: ReadyData;

  constructor(data: ReadyData) {
    this.#data = data;
  }

  get rows(): number {
    return this.#data.samples.rows;
  }

  open(): Block {
    return this.#data;
  }

  epoch(): Blocks {
    let left: Block | undefined = this.#data;
    const next = () => {
      const block = left;
      left = undefined;
      return block;
    };
    return { next, close: () => undefined };
  }

  close(): void {}
}

/** About as many bytes as a block has. */
const BLOCK_BYTES = 2 ** 25;
const MOST_ROWS = 2 ** 31 - 1;

/**
 * Chunks of any size as blocks of whole steps, about 32 MB each, whatever the chunks' own: so the bits hang on the
 * rows alone. While a block is trained on, the next is read.
 */
export class Chunks implements RowSource {
  readonly rows: number | undefined;
  readonly #where: string;
  readonly #chunks: (epoch: number) => unknown;
  readonly #read: (where: string, chunk: unknown) => ReadyData;
  readonly #rowsOfStep: number;
  readonly #blockBytes: number;
  /** Two blocks' room by turns: one is trained on while the other fills. */
  #rooms: Block[] = [];
  /** Which of them fills next. */
  #turn = 0;
  /** The blocks of an epoch that has not begun. */
  #begun: Ahead | undefined;
  /** The number of the epoch that is read next, and from one to the next. */
  #epoch = 0;
  #step = 1;

  constructor(
    where: string,
    { chunks, rows }: ChunkedData,
    rowsOfStep: number,
    read: (where: string, chunk: unknown) => ReadyData,
    blockBytes = BLOCK_BYTES,
  ) {
    if (typeof chunks !== 'function') {
      throw wrongType(`${where}: chunks`, 'a function that gives an async iterable of { x, y }', chunks);
    }
    this.#where = where;
    this.#chunks = chunks;
    this.rows = rows === undefined ? undefined : checkInteger(`${where}: rows`, rows, 1, MOST_ROWS);
    this.#rowsOfStep = rowsOfStep;
    this.#blockBytes = blockBytes;
    this.#read = read;
  }

  async open(epoch = 0, step = 1): Promise<Block> {
    this.#epoch = epoch;
    this.#step = step;
    this.#begun ??= this.#ahead();
    await this.#begun.coming;
    const [room] = this.#rooms;
    if (room === undefined) throw new Error('expected a first block');
    return room;
  }

  epoch(more: boolean): Blocks {
    const blocks = this.#begun ?? this.#ahead();
    this.#begun = undefined;
    if (more) {
      blocks.onRead = () => {
        this.#begun = this.#ahead();
      };
    }
    return blocks;
  }

  close(): void {
    this.#begun?.close();
    this.#begun = undefined;
  }

  #ahead(): Ahead {
    const epoch = this.#epoch;
    this.#epoch += this.#step;
    return new Ahead(this.#blocks(epoch));
  }

  /** One pass through all rows before the first epoch. */
  async *pass(): AsyncGenerator<Block> {
    const blocks = new Ahead(this.#blocks(0));
    try {
      for (let block = await blocks.next(); block; block = await blocks.next()) yield block;
    } finally {
      blocks.close();
    }
  }

  async *#blocks(epoch: number): AsyncGenerator<Block> {
    let [filled, rows, index] = [0, 0, 0];
    for await (const given of this.#iterate(epoch)) {
      const chunk = this.#read(`${this.#where}: chunk ${index++}`, given);
      rows += chunk.samples.rows;
      if (rows > (this.rows ?? MOST_ROWS)) throw this.#wrongRows('more');
      for (let taken = 0; taken < chunk.samples.rows; ) {
        const room = this.#roomFor(chunk, index - 1);
        const count = Math.min(chunk.samples.rows - taken, room.samples.rows - filled);
        copyRows(chunk, taken, count, room, filled);
        taken += count;
        filled += count;
        if (filled < room.samples.rows) continue;
        filled = 0;
        yield this.#handed(room.samples.rows);
      }
    }
    if (rows === 0) {
      throw wrongValue(
        this.#where,
        'at least one row',
        'none',
        'give another iterable each time that chunks is called',
      );
    }
    if (rows < (this.rows ?? 0)) throw this.#wrongRows(rows);
    if (filled > 0) yield this.#handed(filled);
  }

  /** So many rows of the room at hand; the other one fills from now on. */
  #handed(rows: number): Block {
    const room = this.#rooms[this.#turn] as Block;
    this.#turn = 1 - this.#turn;
    return firstRows(room, rows);
  }

  #iterate(epoch: number): AsyncIterable<unknown> {
    const iterable: unknown = this.#chunks(epoch);
    const has = (key: symbol) => typeof iterable === 'object' && iterable !== null && key in iterable;
    if (has(Symbol.asyncIterator) || has(Symbol.iterator)) return iterable as AsyncIterable<unknown>;
    throw wrongType(`${this.#where}: chunks`, 'a function that gives an async iterable of { x, y }', iterable);
  }

  #wrongRows(got: number | string): RangeError {
    return wrongValue(`${this.#where}: rows`, `${this.rows} in all chunks, as it says`, got);
  }

  /** The room at hand, of the same kind as the chunk, which is that of all of them. */
  #roomFor(chunk: ReadyData, index: number): Block {
    const { sample, target, lengths } = bytesPerRow(chunk);
    if (this.#rooms.length === 0) {
      const stepBytes = this.#rowsOfStep * (sample + target + lengths);
      const most = this.#rowsOfStep * Math.max(1, Math.floor(this.#blockBytes / stepBytes));
      const rows = Math.min(most, this.rows ?? most);
      this.#rooms = [roomLike(chunk, rows), roomLike(chunk, rows)];
    }
    const room = this.#rooms[this.#turn] as Block;
    const is = kindOfData(chunk);
    const was = kindOfData(room);
    if (is !== was) throw wrongKind(`${this.#where}: chunk ${index}`, `${was}, as in the chunks before it`, is);
    return room;
  }
}

/** What chunks of one source have in common, in words. */
function kindOfData({ samples: { values, scale, lengths }, targets }: ReadyData): string {
  const x = values instanceof Uint8Array ? `bytes times ${scale}` : 'numbers';
  const ends = lengths ? ' with lengths' : '';
  return `x of ${x}${ends} and y of ${targets instanceof Int32Array ? 'class indices' : 'numbers'}`;
}

/** Room for so many rows of the same kind. */
function roomLike({ samples, targets }: ReadyData, rows: number): Block {
  const length = (all: ArrayLike<number>) => (all.length / samples.rows) * rows;
  const values = new (samples.values.constructor as typeof Float32Array)(length(samples.values));
  const y = new (targets.constructor as typeof Float32Array)(length(targets));
  const lengths = samples.lengths && new Int32Array(length(samples.lengths));
  return { samples: { ...samples, rows, values, lengths }, targets: y };
}

function copyRows(from: ReadyData, first: number, count: number, to: Block, at: number): void {
  for (const [source, target] of [
    [from.samples.values, to.samples.values],
    [from.targets, to.targets],
    [from.samples.lengths, to.samples.lengths],
  ] as const) {
    if (!source || !target) continue;
    const columns = source.length / from.samples.rows;
    target.set(source.subarray(first * columns, (first + count) * columns), at * columns);
  }
}

function firstRows({ samples, targets }: Block, rows: number): Block {
  const part = <A extends Float32Array | Uint8Array | Int32Array>(all: A): A =>
    all.subarray(0, (all.length / samples.rows) * rows) as A;
  const { values, lengths } = samples;
  const own = { ...samples, rows, values: part(values), lengths: lengths && part(lengths) };
  return { samples: own, targets: part(targets) };
}

/** Blocks, of which the next one is read while one is in use. */
class Ahead implements Blocks {
  /** Called when the last block has been read, which is in use by then. */
  onRead: (() => void) | undefined;
  readonly #blocks: AsyncGenerator<Block>;
  #coming: Promise<IteratorResult<Block>>;

  constructor(blocks: AsyncGenerator<Block>) {
    this.#blocks = blocks;
    this.#coming = this.#ask();
  }

  /** Settles when the next block is there. */
  get coming(): Promise<unknown> {
    return this.#coming;
  }

  async next(): Promise<Block | undefined> {
    const { done, value } = await this.#coming;
    if (done) return undefined;
    this.#coming = this.#ask();
    return value;
  }

  close(): void {
    this.onRead = undefined;
    void this.#blocks.return(undefined).catch(() => undefined);
  }

  #ask(): Promise<IteratorResult<Block>> {
    const coming = this.#blocks.next();
    // Whoever asks for it hears of what fails; it may fail before.
    coming.then(
      ({ done }) => done && this.onRead?.(),
      () => undefined,
    );
    return coming;
  }
}
