import pc from 'picocolors';
import { counted } from '../tabular/words.js';
import { terminalWidth, wrapped } from './wrap.js';

/** Bold on a terminal (unless NO_COLOR is set), plain in files and pipes. */
export const { bold } = pc.createColors(pc.isColorSupported && process.stdout.isTTY === true);

/** What a command says: words for people, or one JSON object per event on its own line. */
export interface Output {
  say(text: string): void;
  event(event: string, figures: object): void;
}

export function createOutput(json = false): Output {
  return json
    ? { say: () => {}, event: (event, figures) => write(JSON.stringify({ event, ...figures })) }
    : { say: text => write(onScreen(text, process.stdout)), event: () => {} };
}

/** Text as it is written to a terminal, whose width it keeps within by breaking lines between words, or elsewhere. */
export function onScreen(text: string, stream: { readonly isTTY?: boolean; readonly columns?: number }): string {
  return stream.isTTY ? wrapped(text, terminalWidth(stream)) : text;
}

function write(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** 0.97531 as `97.5%`. */
export function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(1)}%`;
}

/** A byte count in words: `38.6 KB`. */
export function fileSize(bytes: number): string {
  if (bytes < 1000) return counted(bytes, 'byte');
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
