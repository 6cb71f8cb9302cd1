import { quote, wrongKind, wrongValue } from '../errors.js';
import type { Bytes } from '../kinds.js';
import { inflated, joined } from './source.js';

/** A file in a zip file, unpacked. */
export interface ZipEntry {
  readonly name: string;
  readonly bytes: Bytes;
}

const [LOCAL, CENTRAL, END, END64] = [0x04034b50, 0x02014b50, 0x06054b50, 0x06064b50];
const FULL = 0xffffffff;

/**
 * The files in a zip file, stored or deflated, with their checksums checked.
 *
 * Source: PKWARE, «APPNOTE.TXT, .ZIP File Format Specification», 6.3, with its extension for 64 bits.
 */
export async function readZip(name: string, bytes: Bytes): Promise<ZipEntry[]> {
  const damaged = (got: string) =>
    wrongKind(name, 'a whole zip file, as np.savez writes it', got, 'fetch or write it again');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const signature = (at: number) => (at >= 0 && at + 4 <= bytes.length ? view.getUint32(at, true) : -1);
  const wide = (at: number) => Number(view.getBigUint64(at, true));
  let end = bytes.length - 22;
  while (end >= 0 && signature(end) !== END) end--;
  if (end < 0) throw damaged('no end of its directory');
  let count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (at === FULL || count === 0xffff) {
    const end64 = end >= 20 ? wide(end - 12) : -1;
    if (signature(end64) !== END64 || end64 + 56 > bytes.length) throw damaged('no end of its directory of 64 bits');
    count = wide(end64 + 32);
    at = wide(end64 + 48);
  }
  const entries: ZipEntry[] = [];
  for (; count > 0; count--) {
    if (signature(at) !== CENTRAL || at + 46 > bytes.length) throw damaged('a damaged directory');
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const entry = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    let [packed, whole, start] = [20, 24, 42].map(field => view.getUint32(at + field, true)) as [
      number,
      number,
      number,
    ];
    // What does not fit into 32 bits stands in the extra field 1, in this order.
    for (let extra = at + 46 + nameLength; extra < at + 46 + nameLength + extraLength - 4; ) {
      if (view.getUint16(extra, true) === 1) {
        let field = extra + 4;
        const next = (value: number) => {
          if (value !== FULL) return value;
          field += 8;
          return wide(field - 8);
        };
        whole = next(whole);
        packed = next(packed);
        start = next(start);
      }
      extra += 4 + view.getUint16(extra + 2, true);
    }
    if (signature(start) !== LOCAL) throw damaged(`${quote(entry)} not where its directory says`);
    const data = start + 30 + view.getUint16(start + 26, true) + view.getUint16(start + 28, true);
    if (data + packed > bytes.length) throw damaged(`${quote(entry)} cut off`);
    const method = view.getUint16(at + 10, true);
    if (method !== 0 && method !== 8) throw damaged(`${quote(entry)} packed by method ${method}`);
    const content = bytes.subarray(data, data + packed);
    const unpacked = method === 0 ? content : await inflate(`${name}: ${quote(entry)}`, content);
    if (unpacked.length !== whole || checksum(unpacked) !== view.getUint32(at + 16, true)) {
      throw wrongValue(`${name}: ${quote(entry)}`, 'the bytes of its checksum', 'others', 'the file is damaged');
    }
    entries.push({ name: entry, bytes: unpacked });
    at += 46 + nameLength + extraLength + view.getUint16(at + 32, true);
  }
  return entries;
}

async function inflate(name: string, bytes: Bytes): Promise<Bytes> {
  const pieces: Bytes[] = [];
  const packed = (async function* () {
    yield bytes;
  })();
  for await (const piece of inflated(name, packed, 'deflate-raw')) pieces.push(piece);
  return joined(pieces);
}

/** For each byte what it adds to the checksum. */
const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32, as in ISO 3309. */
function checksum(bytes: Uint8Array): number {
  let crc = -1;
  for (let at = 0; at < bytes.length; at++) crc = (crc >>> 8) ^ (TABLE[(crc ^ (bytes[at] ?? 0)) & 255] ?? 0);
  return (crc ^ -1) >>> 0;
}
