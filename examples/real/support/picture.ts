/**
 * What examples draw: small pictures in grey, side by side, as PNG files; tables and texts as SVG, for light and dark.
 */
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

/** An SVG of such a size, whose ink is dark on light pages and light on dark ones. */
export function writeSvg(path: string, width: number, height: number, label: string, body: string): void {
  const style =
    'svg{--ink:#1b1b1b;--paper:#fff;--mark:#0072b2}' +
    '@media(prefers-color-scheme:dark){svg{--ink:#e8e8e8;--paper:#16181d;--mark:#56b4e9}}' +
    'text{fill:var(--ink);font:12px system-ui,sans-serif}.mono{font:12px ui-monospace,monospace;white-space:pre}' +
    '.paper{fill:var(--paper)}.mark{fill:var(--mark)}';
  const size = `viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`;
  const open = `<svg xmlns="http://www.w3.org/2000/svg" ${size}`;
  const paper = `<rect class="paper" width="${width}" height="${height}"/>`;
  writeFileSync(
    path,
    `${open} role="img" aria-label="${escaped(label)}"><style>${style}</style>${paper}${body}</svg>\n`,
  );
}

export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** What was taken for what: a row for each class, with the hundredths of it that were taken for each. */
export function writeConfusion(
  path: string,
  classes: readonly (string | number)[],
  truth: ArrayLike<number>,
  guesses: ArrayLike<number>,
): void {
  const counts = classes.map(() => classes.map(() => 0));
  for (const [i, kind] of Array.from(truth).entries()) {
    const row = counts[kind] ?? [];
    row[guesses[i] ?? 0] = (row[guesses[i] ?? 0] ?? 0) + 1;
  }
  const [side, left, top] = [40, 100, 62];
  const cells = counts.flatMap((row, kind) => {
    const all = row.reduce((sum, count) => sum + count, 0) || 1;
    return row.map((count, guess) => {
      const [x, y, hundredths] = [left + guess * side, top + kind * side, Math.round((100 * count) / all)];
      // Square roots, so that few mistakes are seen beside many right ones.
      const opacity = (0.6 * Math.sqrt(count / all)).toFixed(3);
      const square = `x="${x}" y="${y}" width="${side - 1}" height="${side - 1}"`;
      const shade = `<rect class="mark" ${square} fill-opacity="${opacity}"/>`;
      const figure = `<text x="${x + side / 2}" y="${y + side / 2 + 4}" text-anchor="middle">${hundredths}</text>`;
      return hundredths > 0 ? shade + figure : shade;
    });
  });
  const names = classes.flatMap((name, i) => {
    const at = (i + 0.5) * side;
    const [row, column] = [top + at + 4, left + at];
    return [
      `<text x="${left - 8}" y="${row}" text-anchor="end">${escaped(String(name))}</text>`,
      `<text x="${column}" y="${top - 8}" transform="rotate(-35 ${column} ${top - 8})">${escaped(String(name))}</text>`,
    ];
  });
  const [width, height] = [left + classes.length * side + 50, top + classes.length * side + 26];
  const about = `<text x="8" y="${height - 8}">Of each row’s class, how many of 100 were taken for the column’s.</text>`;
  writeSvg(path, Math.max(width, 430), height, 'What was taken for what', [...cells, ...names, about].join(''));
}
