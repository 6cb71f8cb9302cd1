/** What a run of benchmarks ran on. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { dense, Model, sequential } from '../entries/inside.js';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** Such as `{ L1d: 32768, L2: 524288 }`, in bytes; empty where the system does not tell. */
  readonly caches: Readonly<Record<string, number>>;
  /** Wide instructions that the processor has, as far as the system tells. */
  readonly instructions: readonly string[];
  readonly platform: string;
  readonly runtime: string;
  readonly version: string;
  /** Of myelin: its version, the commit that it was built from, and the WebAssembly that models run here. */
  readonly myelin: string;
  readonly commit: string;
  readonly binary: string;
  readonly threads: number;
  readonly date: string;
}

/** Put in by the bundler. */
declare const MYELIN_COMMIT: string;

export async function describeMachine(packageFolder: string): Promise<Machine> {
  const { bun, deno, node } = process.versions;
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  const { backend } = await Model.create(sequential(1, [dense(1)]));
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    caches: caches(),
    instructions: instructions(),
    platform: `${process.platform} ${process.arch}`,
    runtime: bun ? 'Bun' : deno ? 'Deno' : 'Node',
    version: bun ?? deno ?? node,
    myelin: version,
    commit: MYELIN_COMMIT,
    binary: `${backend.binary} (${backend.reason})`,
    threads: backend.threads,
    date: new Date().toISOString(),
  };
}

/** In one paragraph, for people. */
export function headerOf(machine: Machine): string {
  const { cpu, cores, caches, instructions, platform, runtime, version, myelin, commit, binary, threads, date } =
    machine;
  const sizes = Object.entries(caches).map(
    ([name, bytes]) => `${name} ${bytes / 1024 >= 1024 ? `${bytes / 2 ** 20} MiB` : `${bytes / 1024} KiB`}`,
  );
  return [
    [`${cpu} × ${cores}`, ...sizes, ...(instructions.length > 0 ? [instructions.join(' ')] : []), platform].join(', '),
    `${runtime} ${version}; myelin ${myelin} of commit ${commit}; ${date.slice(0, 10)}`,
    `binary: ${binary}; threads: ${threads}`,
  ].join('\n');
}

/** Which program tells sizes of caches, and what it calls them. */
const SYSTEMS: Readonly<Record<string, readonly [program: string, option: string[], names: Record<string, string>]>> = {
  linux: ['getconf', [], { L1d: 'LEVEL1_DCACHE_SIZE', L2: 'LEVEL2_CACHE_SIZE', L3: 'LEVEL3_CACHE_SIZE' }],
  darwin: ['sysctl', ['-n'], { L1d: 'hw.l1dcachesize', L2: 'hw.l2cachesize', L3: 'hw.l3cachesize' }],
};

/** What is not to be had stops nothing. */
function tried<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

function caches(): Record<string, number> {
  const [program, options = [], names = {}] = SYSTEMS[process.platform] ?? [];
  if (program === undefined) return {};
  const sizes = Object.entries(names).map(([name, key]) => {
    const print = () => execFileSync(program, [...options, key], { encoding: 'utf8', stdio: 'pipe' });
    return [name, tried(() => Number(print()), 0)] as const;
  });
  return Object.fromEntries(sizes.filter(([, bytes]) => bytes > 0));
}

/** From AVX2 on, as these decide what native libraries run. */
function instructions(): string[] {
  const text = tried(() => readFileSync('/proc/cpuinfo', 'utf8'), '');
  const flags = new Set(/^flags\s*:(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/));
  return [...(flags.has('avx2') && flags.has('fma') ? ['AVX2'] : []), ...(flags.has('avx512f') ? ['AVX-512'] : [])];
}
