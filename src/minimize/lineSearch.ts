/** How far to go along a direction: Nocedal and Wright, «Numerical Optimization», 2006, algorithms 3.5 and 3.6. */

/** What there is at some length along the direction. */
export interface Point {
  readonly length: number;
  /** Infinity where it is no finite number. */
  readonly cost: number;
  /** The cost's derivative along the direction. */
  readonly slope: number;
}

/** How much of what the slope promises a step is to bring at least: c₁. */
const SUFFICIENT = 1e-4;
/** Costs that differ by less, relatively, may differ by the rounding of float32 alone. */
const ROUNDING = 2 ** -22;
/** Lengths that are tried, and how many times longer one is than that before it. */
const MOST_TRIED = 30;
const [LEAST_LONGER, MOST_LONGER] = [1.1, 10];
/** How near an end of an interval the next length may be, as a share of it. */
const NEAREST = 0.1;

/** Whether a cost is that of all rows' rounding above or below another. */
export function roundingOf(cost: number): number {
  return ROUNDING * Math.abs(cost);
}

/**
 * Asks for the points of lengths, `first` to begin with, until one satisfies the strong Wolfe conditions with c₂ =
 * `flatness`: its cost is lower by a share of what the slope at `start` promises, and its slope is at most `flatness`
 * of that one. Costs within their rounding count as equal, and the slope decides (Hager and Zhang 2005). Where the
 * interval becomes too small, or enough were tried, it ends with the lowest it knows; with none where that is the
 * start.
 */
export function* lineSearch<P extends Point>(
  start: P,
  first: number,
  flatness: number,
): Generator<number, P | undefined, P> {
  const rounding = roundingOf(start.cost);
  const falls = ({ length, cost }: P) => cost <= start.cost + SUFFICIENT * length * start.slope + rounding;
  const isFlat = ({ slope }: P) => Math.abs(slope) <= -flatness * start.slope;
  let [low, high]: [P, P | undefined] = [start, undefined];
  let length = first;
  for (let tried = 0; tried < MOST_TRIED; tried++) {
    const point = yield length;
    if (!falls(point) || point.cost > low.cost + rounding) high = point;
    else {
      if (isFlat(point)) return point;
      if (!high && point.slope < 0) length = longer(low, point);
      if (point.slope * ((high?.length ?? Infinity) - low.length) >= 0) high = low;
      low = point;
    }
    if (!high) continue;
    // Float32 parameters hardly tell such lengths apart.
    if (Math.abs(high.length - low.length) <= 2 ** -20 * Math.max(high.length, low.length)) break;
    length = between(low, high);
  }
  return low === start ? undefined : low;
}

/** Beyond a point where the cost still falls: where the slope would be 0 if it changed as it did up to there. */
function longer(before: Point, { length, slope }: Point): number {
  const change = (slope - before.slope) / (length - before.length);
  const zero = change > 0 ? length - slope / change : Infinity;
  return Math.min(Math.max(zero, LEAST_LONGER * length), MOST_LONGER * length);
}

/** Within an interval: the minimum of the cubic that has the costs and slopes of its ends (their 3.59). */
function between(low: Point, high: Point): number {
  const width = high.length - low.length;
  const nearest = (share: number) => low.length + width * Math.min(Math.max(share, NEAREST), 1 - NEAREST);
  if (!Number.isFinite(high.cost) || !Number.isFinite(high.slope)) return nearest(0);
  const d1 = low.slope + high.slope - (3 * (low.cost - high.cost)) / (low.length - high.length);
  const square = d1 * d1 - low.slope * high.slope;
  if (!(square >= 0)) return nearest(0.5);
  const d2 = Math.sign(width) * Math.sqrt(square);
  const share = 1 - (high.slope + d2 - d1) / (high.slope - low.slope + 2 * d2);
  return nearest(Number.isFinite(share) ? share : 0.5);
}
