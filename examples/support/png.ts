/** Grey pictures as PNG files, with nothing but zlib. */
import { deflateSync } from 'node:zlib';

/** Pixels from 0, black, to 1, white, row after row. */
export function png(pixels: readonly number[], width: number): Uint8Array {
  const height = pixels.length / width;
  // Before each line of pixels is the filter that it went through: none.
  const lines = Array.from({ length: height }, (_, row) => {
    const shades = pixels
      .slice(row * width, (row + 1) * width)
      .map(value => Math.round(255 * Math.min(Math.max(value, 0), 1)));
    return [0, ...shades];
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 8 bits, grey.
  header.writeUInt8(8, 8);
  const signature = Buffer.from([0x89, ...Buffer.from('PNG\r\n\x1a\n', 'latin1')]);
  const data = deflateSync(Uint8Array.from(lines.flat()));
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, data: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(type), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, checksum]);
}

/** CRC-32, as in ISO 3309. */
function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
