/** Small pictures in grey, side by side, as a PNG file. */
import { writeFileSync } from 'node:fs';
import { encode } from 'fast-png';

export interface Tile {
  readonly height: number;
  readonly width: number;
  /** From 0, black, to 1, white. */
  readonly shades: ArrayLike<number>;
}

/** So many tiles a row, each pixel a square of `zoom`, with a line between tiles. */
export function writeTiles(path: string, tiles: readonly Tile[], perRow: number, zoom: number): void {
  const [{ height, width } = { height: 0, width: 0 }] = tiles;
  const [down, across] = [height * zoom + 1, width * zoom + 1];
  const rows = Math.ceil(tiles.length / perRow) * down + 1;
  const columns = perRow * across + 1;
  const data = new Uint8Array(rows * columns).fill(90);
  for (const [index, { shades }] of tiles.entries()) {
    const [top, left] = [1 + Math.floor(index / perRow) * down, 1 + (index % perRow) * across];
    for (let row = 0; row < height * zoom; row++) {
      for (let column = 0; column < width * zoom; column++) {
        const shade = shades[Math.floor(row / zoom) * width + Math.floor(column / zoom)] ?? 0;
        data[(top + row) * columns + left + column] = Math.round(255 * Math.min(1, Math.max(0, shade)));
      }
    }
  }
  writeFileSync(path, encode({ width: columns, height: rows, data, channels: 1 }));
}

/** Numbers of any size from black, the least, to white. */
export function spread(values: ArrayLike<number>): number[] {
  const all = Array.from(values);
  const [least, most] = [Math.min(...all), Math.max(...all)];
  return all.map(value => (value - least) / (most - least || 1));
}

/** What was taken for what: a row for each class, whose shares are the lighter the larger. */
export function confusionTile(truth: ArrayLike<number>, guesses: ArrayLike<number>, classes: number): Tile {
  const counts = new Float64Array(classes * classes);
  const rows = new Float64Array(classes);
  for (const [i, kind] of Array.from(truth).entries()) {
    counts[kind * classes + (guesses[i] ?? 0)] = (counts[kind * classes + (guesses[i] ?? 0)] ?? 0) + 1;
    rows[kind] = (rows[kind] ?? 0) + 1;
  }
  // Square roots, so that few mistakes are seen beside many right ones.
  const shades = counts.map((count, i) => Math.sqrt(count / (rows[Math.floor(i / classes)] || 1)));
  return { height: classes, width: classes, shades };
}

/** Which is the largest of each row's. */
export function largest(values: ArrayLike<number>, width: number): number[] {
  return Array.from({ length: values.length / width }, (_, row) => {
    let best = 0;
    for (let i = 1; i < width; i++) {
      if ((values[row * width + i] ?? 0) > (values[row * width + best] ?? 0)) best = i;
    }
    return best;
  });
}

/** The kernels of a first layer, `[height, width, 1, filters]`, each a tile. */
export function kernelTiles({
  shape,
  data,
}: {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}): Tile[] {
  const [height = 0, width = 0, , filters = 0] = shape;
  const shades = spread(data);
  return Array.from({ length: filters }, (_, filter) => {
    const own = Array.from({ length: height * width }, (_, i) => shades[i * filters + filter] ?? 0);
    return { height, width, shades: own };
  });
}
