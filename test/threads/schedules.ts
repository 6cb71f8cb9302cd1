/**
 * A runtime whose workers are moved by hand: each takes its next message, comes to a meeting, leaves it, is heard or
 * dies when it is told to. What they run is nothing but one meeting of all parts.
 */
import type { Program } from '../../src/runtime/program.js';
import type { FromWorker, ThreadHost, ToWorker } from '../../src/runtime/workers.js';

/** Where the parts of one run meet. */
interface Meeting {
  readonly parts: number;
  arrived: number;
}

/** As much of a program as a crew needs; its memory is not there, only its size. */
export class FakeProgram {
  readonly memory: WebAssembly.Memory;
  readonly plan = { work: 0 };
  abandoned = false;

  constructor(bytes: number) {
    this.memory = { buffer: { byteLength: bytes } } as WebAssembly.Memory;
  }

  section() {
    return { first: 0, last: 64 };
  }

  abandon(): void {
    this.abandoned = true;
  }

  get asProgram(): Program {
    return this as unknown as Program;
  }
}

export class FakeWorker {
  readonly inbox: ToWorker[] = [];
  readonly #answers: FromWorker[] = [];
  readonly #joined = new Map<number, { readonly memory: WebAssembly.Memory; readonly parts: number }>();
  readonly #meetings: WeakMap<WebAssembly.Memory, Meeting>;
  #inside: { readonly memory: WebAssembly.Memory; readonly meeting: Meeting } | undefined;
  onMessage: (message: FromWorker) => void = () => {};
  onEnd: (reason: string) => void = () => {};
  state: 'alive' | 'dead' | 'gone' = 'alive';

  constructor(meetings: WeakMap<WebAssembly.Memory, Meeting>) {
    this.#meetings = meetings;
  }

  /** Whether it may still touch that memory. */
  isIn(memory: WebAssembly.Memory): boolean {
    return this.state === 'alive' && this.#inside?.memory === memory;
  }

  /** What may happen to it next. */
  get steps(): (() => void)[] {
    const steps: (() => void)[] = [];
    const answer = this.#answers[0];
    if (this.state !== 'gone' && answer) {
      steps.push(() => {
        this.#answers.shift();
        this.onMessage(answer);
      });
    } else if (this.state === 'dead') {
      steps.push(() => {
        this.state = 'gone';
        this.onEnd('died');
      });
    }
    if (this.state !== 'alive') return steps;
    const { meeting } = this.#inside ?? {};
    const message = this.inbox[0];
    if (meeting && meeting.arrived === meeting.parts) steps.push(() => this.#leaveMeeting());
    if (!meeting && message) steps.push(() => this.#take(message));
    return steps;
  }

  #take(message: ToWorker): void {
    this.inbox.shift();
    if (message.kind === 'leave') {
      this.#joined.delete(message.crew);
    } else if (message.kind === 'join') {
      this.#joined.set(message.crew, message);
      this.#answers.push({ kind: 'joined' });
    } else {
      const joined = this.#joined.get(message.crew);
      if (!joined) throw new Error(`a worker is to run what it has not joined: crew ${message.crew}`);
      const { memory, parts } = joined;
      const known = this.#meetings.get(memory);
      const meeting = known && known.arrived < known.parts ? known : { parts, arrived: 0 };
      this.#meetings.set(memory, meeting);
      meeting.arrived += 1;
      this.#inside = { memory, meeting };
    }
  }

  #leaveMeeting(): void {
    this.#inside = undefined;
    this.#answers.push({ kind: 'finished', steps: 1 });
  }
}

/** The host, and its workers in the order in which they were started. */
export function fakeThreads(cores: number): { host: ThreadHost; workers: FakeWorker[] } {
  const workers: FakeWorker[] = [];
  const meetings = new WeakMap<WebAssembly.Memory, Meeting>();
  const host: ThreadHost = {
    cores,
    after: () => () => {},
    spawn() {
      const worker = new FakeWorker(meetings);
      workers.push(worker);
      return {
        post: message => void worker.inbox.push(message),
        listen: (onMessage, onEnd) => void Object.assign(worker, { onMessage, onEnd }),
        keepAlive() {},
        terminate() {
          worker.state = 'gone';
        },
      };
    },
  };
  return { host, workers };
}
