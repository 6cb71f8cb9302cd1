/** Lines at the end of a terminal that are written over by newer ones. */
import { clearScreenDown, cursorTo, moveCursor } from 'node:readline';
import { fitted, terminalWidth } from './wrap.js';

/** Milliseconds between two paintings: more would flicker, and cost what training could use. */
const BETWEEN = 80;

/** A block of lines on standard error; `lines` says what they are at the moment, for so many columns. */
export class Block {
  readonly #lines: (columns: number) => readonly string[];
  #painted = 0;
  #height = 0;

  constructor(lines: (columns: number) => readonly string[]) {
    this.#lines = lines;
  }

  /** Whether there is a terminal whose lines can be written over. */
  static get isPossible(): boolean {
    return process.stderr.isTTY === true && process.env.TERM !== 'dumb';
  }

  /** Paints, unless that was done a moment ago. */
  update(): void {
    const now = performance.now();
    if (this.#height > 0 && now - this.#painted < BETWEEN) return;
    this.#painted = now;
    this.#paint();
  }

  /** Paints what there is at the end and leaves it there, or removes it. */
  stop(isKept = true): void {
    if (this.#height === 0) return;
    if (isKept) this.#paint();
    else this.#clear();
    this.#height = 0;
  }

  #paint(): void {
    const columns = terminalWidth(process.stderr);
    const lines = this.#lines(columns).map(line => fitted(line, columns));
    this.#clear();
    process.stderr.write(lines.map(line => `${line}\n`).join(''));
    this.#height = lines.length;
  }

  #clear(): void {
    if (this.#height > 0) moveCursor(process.stderr, 0, -this.#height);
    cursorTo(process.stderr, 0);
    clearScreenDown(process.stderr);
  }
}
