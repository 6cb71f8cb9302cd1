/** Rows of numbers as pictures that a page holds within itself. */

/** Height, width, and 1 or 3 channels. */
export type PictureShape = readonly [height: number, width: number, channels: number];

/** The pictures that rows of such a shape are, if any. */
export function pictureShape(shape: readonly number[]): PictureShape | undefined {
  const [height = 0, width = 0, channels = 1] = shape;
  const isPicture = (shape.length === 2 || shape.length === 3) && (channels === 1 || channels === 3);
  return isPicture && height > 3 && width > 3 ? [height, width, channels] : undefined;
}

/** The square that columns are the pixels of: one name with numbers behind it, as `pixel00`, `pixel01` …. */
export function squareOf(names: readonly string[]): PictureShape | undefined {
  const side = Math.sqrt(names.length);
  const [stem] = /^\D*(?=\d+$)/.exec(names[0] ?? '') ?? [];
  const isSquare = Number.isInteger(side) && side > 3 && stem !== undefined;
  if (!isSquare || !names.every(name => name.startsWith(stem) && /^\d+$/.test(name.slice(stem.length)))) {
    return undefined;
  }
  return [side, side, 1];
}

/** A picture as the address of a bitmap (BMP, 24 bits), from black at `least` to white at `most`. */
export function pictureAddress(
  values: ArrayLike<number>,
  [height, width, channels]: PictureShape,
  least: number,
  most: number,
): string {
  const HEADER = 54;
  const line = Math.ceil((width * 3) / 4) * 4;
  const bytes = new Uint8Array(HEADER + line * height);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(2, bytes.length, true);
  view.setUint32(10, HEADER, true);
  view.setUint32(14, HEADER - 14, true);
  view.setInt32(18, width, true);
  view.setInt32(22, height, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  const scale = most > least ? 255 / (most - least) : 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      // From the bottom up, blue first.
      const at = HEADER + (height - 1 - y) * line + x * 3;
      for (let c = 0; c < 3; c++) {
        const channel = channels === 1 ? 0 : 2 - c;
        bytes[at + c] = Math.round(((values[(y * width + x) * channels + channel] ?? 0) - least) * scale);
      }
    }
  }
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return `data:image/bmp;base64,${btoa(binary)}`;
}
