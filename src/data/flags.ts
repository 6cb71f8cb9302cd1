/** How the command line is told. */
import { shorten } from '../errors.js';

export const flags = {
  impute: '--impute',
  target: '--target',
  askedTask: 'as --task says',
  missing: () => '--missing',
  numbers: 'say how the file writes numbers with --decimal and --thousands',
  option: (_: string, name: string) => `--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`,
  task: (task: string) => `--task ${task}`,
  leaveOut: (name: string) => `--ignore${pasted(shorten(name), name)}`,
  kind: (name: string, kind: string) => `--columns${pasted(`${listWord(shorten(name))}=${kind}`, name)}`,
};

/** A name as a shell takes it, where it is short enough to be shown whole. */
function pasted(text: string, name: string): string {
  return text.includes('…') && !name.includes('…') ? '' : ` '${text.replaceAll("'", "'\\''")}'`;
}

/** A word as it stands in a list between commas. */
function listWord(text: string): string {
  return /[,"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
