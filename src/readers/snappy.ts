/**
 * Unpacks Snappy, with literals and copies moved whole where they are long.
 *
 * Source: https://github.com/google/snappy/blob/main/format_description.txt
 */

/** Bytes from which on moving them whole is quicker. */
const LONG = 24;

/** @throws where these are no `length` bytes packed so */
export function unpackSnappy(bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  let [at, filled] = [0, 0];
  const little = (count: number) => {
    let value = 0;
    for (let i = 0; i < count; i++) value += (bytes[at++] ?? 0) * 2 ** (8 * i);
    return value;
  };
  // How long all of it is, which the page says too.
  while ((bytes[at++] ?? 0) > 127);
  while (at < bytes.length) {
    const tag = bytes[at++] ?? 0;
    const kind = tag & 3;
    let size = (tag >> 2) + 1;
    let from = at;
    let source = bytes;
    if (kind === 0) {
      if (size > 60) size = little(size - 60) + 1;
      from = at;
      at += size;
    } else {
      if (kind === 1) size = ((tag >> 2) & 7) + 4;
      const back = kind === 1 ? (tag >> 5) * 256 + little(1) : little(kind === 2 ? 2 : 4);
      from = back === 0 ? -1 : filled - back;
      source = out;
    }
    if (from < 0 || at > bytes.length || filled + size > length) throw new RangeError('damaged');
    // A copy may reach into what it writes itself, and then repeats it.
    if (size < LONG || (source === out && from + size > filled)) {
      for (let i = 0; i < size; i++) out[filled + i] = source[from + i] ?? 0;
    } else out.set(source.subarray(from, from + size), filled);
    filled += size;
  }
  if (filled !== length) throw new RangeError('damaged');
  return out;
}
