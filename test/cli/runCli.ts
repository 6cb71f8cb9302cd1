import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const program = resolve('dist/cli/myelin.js');

export interface Outcome {
  code: number | null;
  out: string;
  err: string;
}

/**
 * Runs the built command line with its output piped; `interruptAt` sends it a Ctrl-C as soon as its output, or what it
 * says on standard error, holds that text, `closeAt` closes its output then, as head does.
 */
export function runCli(
  args: readonly string[],
  options: { cwd: string; interruptAt?: string; closeAt?: string; watch?: 'out' | 'err' },
): Promise<Outcome> {
  if (!existsSync(program)) throw new Error(`${program} is missing: run «npm run build» first`);
  const { cwd, interruptAt, closeAt, watch = 'out' } = options;
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [program, ...args], { cwd });
    let out = '';
    let err = '';
    let isInterrupted = false;
    const interrupt = () => {
      if (interruptAt === undefined || isInterrupted || !(watch === 'out' ? out : err).includes(interruptAt)) return;
      isInterrupted = true;
      child.kill('SIGINT');
    };
    child.stdout.on('data', chunk => {
      out += chunk;
      interrupt();
      if (closeAt !== undefined && out.includes(closeAt)) child.stdout.destroy();
    });
    child.stderr.on('data', chunk => {
      err += chunk;
      interrupt();
    });
    child.on('error', fail);
    child.on('close', code => done({ code, out, err }));
  });
}

/** A folder of its own for files of a test. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'myelin-cli-'));

  write(name: string, text: string): string {
    writeFileSync(join(this.path, name), text);
    return name;
  }

  run(...args: string[]): Promise<Outcome> {
    return runCli(args, { cwd: this.path });
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}

/** The JSON objects that a command printed, one a line. */
export function eventsOf(out: string): Record<string, unknown>[] {
  return out
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));
}
