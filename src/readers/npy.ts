import { placed, quote, wrongKind, wrongValue } from '../errors.js';
import type { Bytes } from '../kinds.js';
import type { DataSource } from '../platform.js';
import { type ArrayData, type ArrayHeader, elements, type HeaderReader, readArray, streamArray } from './arrays.js';
import { type ChunkOptions, chunkRows } from './idx.js';
import { openSource, wholeOf } from './source.js';
import { readZip } from './zip.js';

/**
 * Reads a NumPy file, what `np.save` writes: `{ shape, data }`, row-major. Whole numbers of 64 bits come as an
 * Int32Array where they all fit, and as a Float64Array otherwise; float16 comes as a Float32Array, truth values as 0
 * and 1.
 *
 * @throws where it is none, is not all there, or holds texts, complex numbers or objects
 */
export async function readNpy(source: DataSource): Promise<ArrayData> {
  const opened = openSource('readNpy', source);
  return npyOf(opened.name, await wholeOf(opened));
}

/** The same in chunks of rows, one at a time, for files larger than memory. */
export function streamNpy(source: DataSource, options: ChunkOptions = {}): AsyncGenerator<ArrayData> {
  return streamArray(openSource('streamNpy', source), npyHeader, chunkRows('streamNpy', options));
}

/** Reads what `np.savez` and `np.savez_compressed` write: the arrays by their names. */
export async function readNpz(source: DataSource): Promise<Record<string, ArrayData>> {
  const opened = openSource('readNpz', source);
  const arrays: [string, ArrayData][] = [];
  for (const { name, bytes } of await readZip(opened.name, await wholeOf(opened))) {
    if (name.endsWith('.npy')) arrays.push([name.slice(0, -4), npyOf(`${opened.name}: ${quote(name)}`, bytes)]);
  }
  if (arrays.length === 0) throw wrongValue(opened.name, 'arrays, as np.savez writes them', 'a zip file without any');
  return Object.fromEntries(arrays);
}

function npyOf(name: string, bytes: Bytes): ArrayData {
  try {
    return readArray(name, bytes, npyHeader);
  } catch (error) {
    throw (error as Error).message.startsWith(name) ? error : placed(name, error);
  }
}

/** numpy.lib.format: a magic string, a version, the header's length, and the header as a Python dictionary. */
const npyHeader: HeaderReader = (name, bytes): ArrayHeader | undefined => {
  if (bytes.length < 12) return undefined;
  const isNpy = String.fromCharCode(...bytes.subarray(1, 6)) === 'NUMPY' && bytes[0] === 0x93;
  if (!isNpy) throw wrongKind(name, 'a NumPy file, as np.save writes it', 'other bytes', 'check the file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const isFirstVersion = bytes[6] === 1;
  const start = isFirstVersion ? 10 : 12;
  const offset = start + (isFirstVersion ? view.getUint16(8, true) : view.getUint32(8, true));
  if (bytes.length < offset) return undefined;
  const header = new TextDecoder().decode(bytes.subarray(start, offset));
  const type = /'descr': *'([^']*)'/.exec(header)?.[1];
  const axes = /'shape': *\(([^)]*)\)/.exec(header)?.[1];
  const order = /'fortran_order': *(True|False)/.exec(header)?.[1];
  if (axes === undefined || order === undefined) {
    throw wrongKind(name, 'a header with descr, fortran_order and shape', quote(header.trim()), 'the file is damaged');
  }
  const code = type?.slice(1) ?? '';
  const element = Object.hasOwn(elements, code) ? elements[code] : undefined;
  if (type === undefined || element === undefined) {
    const mend = 'save an array of numbers: a.astype(np.float32)';
    throw wrongKind(name, 'real numbers', type === undefined ? 'records of several' : `the dtype ${quote(type)}`, mend);
  }
  const written = axes.split(',').map(axis => axis.trim());
  const shape = written.filter(axis => axis !== '').map(Number);
  if (!shape.every(axis => Number.isSafeInteger(axis) && axis >= 0)) {
    throw wrongKind(name, 'a shape of whole numbers', quote(`(${axes})`), 'the file is damaged');
  }
  return {
    shape,
    element: { ...element, isBig: type.startsWith('>') },
    offset,
    isFortran: order === 'True' && shape.length > 1,
  };
};
