/** Takes linear memory from the engine, and says what has run out where it gives none. */
import { wrongValue } from '../errors.js';

const PAGE = 65536;
/** Pages that addresses of 32 bits reach. A memory that threads share has to say beforehand how far it may grow. */
const MOST_PAGES = 65536;

const MEND = 'take fewer units, a smaller batchSize or fewer rows, or give x as Uint8Array with a scale';

/** A new memory of at least so many bytes, all 0. */
export function allocate(bytes: number, shared: boolean): WebAssembly.Memory {
  const pages = pagesOf(bytes);
  try {
    return create(pages, shared);
  } catch (cause) {
    throw Object.assign(refusal(bytes, shared), { cause });
  }
}

/** Makes a memory at least so long; what was taken of its buffer before is then of no use. */
export function growTo(memory: WebAssembly.Memory, bytes: number): void {
  const missing = pagesOf(bytes) - memory.buffer.byteLength / PAGE;
  if (missing <= 0) return;
  try {
    memory.grow(missing);
  } catch (cause) {
    throw Object.assign(outOfMemory(bytes), { cause });
  }
}

function create(initial: number, shared: boolean): WebAssembly.Memory {
  return new WebAssembly.Memory(shared ? { initial, maximum: MOST_PAGES, shared } : { initial });
}

function pagesOf(bytes: number): number {
  const pages = Math.ceil(bytes / PAGE);
  if (pages <= MOST_PAGES) return pages;
  const most = (MOST_PAGES * PAGE) / 2 ** 20;
  throw wrongValue('memory', `at most the ${most} MiB that WebAssembly can address`, mebibytes(bytes), MEND);
}

/**
 * Engines reserve gigabytes of addresses for each memory, however small it is: where they refuse the smallest too, it
 * is those that have run out.
 */
function refusal(bytes: number, shared: boolean): RangeError {
  try {
    create(1, shared);
    return outOfMemory(bytes);
  } catch {
    const got = 'none: address space has run out, of which each model takes gigabytes whatever its size';
    const mend = 'let go of some, raise ulimit -v, or give node --disable-wasm-trap-handler';
    return wrongValue('memory', 'addresses for one more', got, mend);
  }
}

function outOfMemory(bytes: number): RangeError {
  return wrongValue('memory', `${mebibytes(bytes)} in one piece`, 'a refusal: memory has run out', MEND);
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
