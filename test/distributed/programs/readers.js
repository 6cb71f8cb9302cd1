/** Readers of the tests' workers: 96 rows of 8 numbers, whose class is that of their largest number among three. */
const ROWS = 96;
const x = Float32Array.from({ length: ROWS * 8 }, (_, i) => ((i * 7919 + ((i * i) % 613)) % 1000) / 500 - 1);
const y = Int32Array.from({ length: ROWS }, (_, row) => {
  const [a, b, c] = x.subarray(8 * row);
  return a > b && a > c ? 0 : b > c ? 1 : 2;
});

export function rows({ part, parts }) {
  const [first, end] = [part, part + 1].map(count => Math.floor((ROWS * count) / parts));
  return { x: x.slice(8 * first, 8 * end), y: y.slice(first, end) };
}

/** The same, each part after a while: there is time to do things to a worker in the middle of its job. */
export async function slow(which) {
  await new Promise(resolve => setTimeout(resolve, 250));
  return rows(which);
}

/** The same, said when it begins, and longer. */
export async function announced(which) {
  console.log(JSON.stringify({ outcome: 'begun' }));
  await new Promise(resolve => setTimeout(resolve, 1000));
  return rows(which);
}

/** Says that it begins, and never comes back. */
export function stuck() {
  console.log(JSON.stringify({ outcome: 'begun' }));
  return new Promise(() => {});
}

/** Throws more than a job may tell. */
export function verbose() {
  throw new Error('no rows, '.repeat(1000));
}

export function throwing() {
  throw new Error('the table is locked');
}

/** Other rows on each worker. */
export function shifting(which) {
  const { x, y } = rows(which);
  return { x: x.map(value => value + process.pid), y };
}

/** Rows that are too wide on workers that are told so. */
export function wide(which) {
  return process.env.WIDE ? { ...rows(which), x: new Float32Array(9 * ROWS) } : rows(which);
}
