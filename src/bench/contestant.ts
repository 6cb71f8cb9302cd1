/** A contestant's process, as whoever asks it sees it. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Hello, Question, Ready, Round, Task } from './contest.js';

/** How a contestant is started. */
export interface Entrant {
  /** Its name before it has said one. */
  readonly peer: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly threads: number;
  readonly turbo?: true;
  readonly heldTo?: string;
}

/** Where a checkout installs the libraries of peers. */
const PEERS = fileURLToPath(new URL('../../bench/peers', import.meta.url));
/** Seconds in which a library has to be there, and a task or a round done. */
const STARTING = 90;
const ANSWERING = 40;

export class Contestant {
  readonly entrant: Entrant;
  name = '';
  version = '';
  /** What it took to import its library. */
  openSeconds = Number.NaN;
  /** Why it takes no part any more. */
  ended: string | undefined;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #answers: AsyncIterator<string>;
  #complaint = '';

  private constructor(entrant: Entrant) {
    this.entrant = entrant;
    const [program = '', ...options] = entrant.command;
    // Beside the answers nothing is written anywhere: no bytecode, and no notes of what TensorFlow finds.
    const env = {
      ...process.env,
      PYTHONDONTWRITEBYTECODE: '1',
      TF_CPP_MIN_LOG_LEVEL: '3',
      MYELIN_PEERS: PEERS,
      ...entrant.env,
    };
    this.#process = spawn(program, options, { env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    this.#process.on('error', error => {
      this.#complaint += error.message;
    });
    this.#process.stdin.on('error', () => {});
    this.#process.stderr.on('data', chunk => {
      this.#complaint = (this.#complaint + chunk).slice(-4000);
    });
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** Starts a contestant, or says why it does not take part. */
  static async start(entrant: Entrant): Promise<Contestant | string> {
    const contestant = new Contestant(entrant);
    const { name, version = '', absent, seconds = Number.NaN } = await contestant.#hear<Hello>(STARTING);
    if (name !== undefined) return Object.assign(contestant, { name, version, openSeconds: seconds });
    contestant.stop();
    return absent ?? `it failed: ${contestant.#reason}`;
  }

  prepare(id: number, task: Task): Promise<Ready> {
    return this.#ask<Ready>({ ask: 'prepare', id, task });
  }

  async run(id: number): Promise<Round> {
    const { pieces = 0, seconds = Number.NaN, ...more } = await this.#ask<Round>({ ask: 'run', id });
    return { ...more, pieces, seconds };
  }

  async drop(id: number): Promise<void> {
    if (this.ended === undefined) await this.#ask({ ask: 'drop', id });
  }

  stop(): void {
    this.ended ??= 'it was stopped';
    this.#process.kill('SIGKILL');
  }

  async #ask<Answer extends Ready | Round>(question: Question): Promise<Partial<Answer>> {
    if (this.ended !== undefined) return { error: this.ended } as Partial<Answer>;
    this.#process.stdin.write(`${JSON.stringify(question)}\n`);
    const answer = await this.#hear<Answer>(ANSWERING);
    // Who is late once would answer later questions with earlier answers.
    if (Object.keys(answer).length === 0 && question.ask !== 'drop') {
      const { exitCode, signalCode } = this.#process;
      const isLate = exitCode === null && signalCode === null;
      this.ended = (!isLate && this.#reason) || `no answer in ${ANSWERING} s`;
      this.#process.kill('SIGKILL');
      return { error: this.ended } as Partial<Answer>;
    }
    return answer;
  }

  /** The end of what it printed to stderr. */
  get #reason(): string {
    return this.#complaint.trimEnd().split('\n').slice(-1).join(' ').slice(0, 160);
  }

  /** The next line of JSON, or nothing where none comes in time; what libraries print of their own is passed over. */
  async #hear<Answer>(seconds: number): Promise<Partial<Answer>> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<IteratorResult<string>>(done => {
      timer = setTimeout(() => done({ done: true, value: undefined }), seconds * 1e3);
    });
    try {
      for (;;) {
        const next = await Promise.race([this.#answers.next(), late]);
        if (next.done) return {};
        if (next.value.startsWith('{')) return JSON.parse(next.value) as Partial<Answer>;
      }
    } finally {
      clearTimeout(timer);
    }
  }
}
