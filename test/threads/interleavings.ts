/**
 * A barrier in every order of its steps. The source itself is run: each atomic operation of assembly/barrier.ts is a
 * step, after which any other thread may take the next one. Around it stands what serve.ts, crew.ts and program.ts do,
 * a step for each message: threads join a memory and tell so, take a run, meet some times and tell that they are done;
 * then the same crew runs again, or the memory goes to another one, of as many threads or others. That a thread leaves
 * a memory is no message that anybody waits for.
 */
import { readFile } from 'node:fs/promises';
import { transform } from 'esbuild';

/** An atomic operation of one thread: its name, the word, and what else it takes. */
type Operation = readonly ['load' | 'store' | 'add' | 'sub' | 'wait' | 'notify', word: number, value: number];
type Barrier = (parties: number) => Generator<Operation, boolean, number>;

/** Where the words lie, as in assembly/barrier.ts. */
const GENERATION = 832;
const ABORTED = 960;

/** The barrier as it stands in assembly/barrier.ts, or with a change; a thread looks `spins` times before it sleeps. */
export async function barrierOf(spins: number, change = (source: string) => source): Promise<Barrier> {
  const source = await readFile(new URL('../../assembly/barrier.ts', import.meta.url), 'utf8');
  const { code } = await transform(change(source), { loader: 'ts' });
  const stepwise = code
    .replace(/atomic\.(\w+)\(([^()]*)\)/g, "(yield ['$1', $2])")
    .replace('export function', 'return function*')
    .replace(/SPINS = [^;]+/, `SPINS = ${spins}`);
  return new Function(stepwise)();
}

export interface Protocol {
  readonly barrier: Barrier;
  /** How many threads each run has, one after the other over the same memory. */
  readonly runs: readonly number[];
  /** How often they meet in a run. */
  readonly meetings: number;
  /** Whose word it takes that the run has ended. */
  readonly answers: 'of all' | 'of the first';
  /** Whether the words are set back to 0 before each run. */
  readonly clears?: boolean;
  /** Whether the last run is ended by force, at any time, with the first thread dead or not. */
  readonly aborts?: boolean;
}

/** What a thread is about. */
interface Thread {
  /** Messages that it has yet to take, and the run that it took last. */
  readonly inbox: readonly ('join' | 'run')[];
  readonly run: number;
  /** Meetings of this run behind it; −1 outside a run. */
  readonly met: number;
  /** What its steps since the last meeting gave. */
  readonly seen: readonly number[];
  readonly asleep: boolean;
  readonly dead: boolean;
}

interface State {
  readonly words: Readonly<Record<number, number>>;
  readonly threads: readonly Thread[];
  /** The run under way, or whose threads are to join first, and how many have told that they are done with that. */
  readonly run: number;
  readonly joining: boolean;
  readonly told: number;
  /** Lines of `abortBarrier` carried out. */
  readonly aborting: number;
}

const away = { met: -1, seen: [], asleep: false } as const;
const newcomer: Thread = { inbox: [], run: -1, ...away, dead: false };

const put = ({ threads, ...rest }: State, part: number, thread: Partial<Thread>): State => ({
  ...rest,
  threads: threads.map((other, index) => (index === part ? { ...other, ...thread } : other)),
});

const set = (state: State, word: number, value: number): State => ({
  ...state,
  words: { ...state.words, [word]: value },
});

/** Only the generation is waited for. Who wakes looks again: the look before the wait is as if it had not been. */
const wake = (state: State): State => ({
  ...state,
  threads: state.threads.map(thread => {
    return thread.asleep ? { ...thread, seen: thread.seen.slice(0, -1), asleep: false } : thread;
  }),
});

/** The states that one step of a thread leads to. */
function* stepsOf(state: State, part: number, protocol: Protocol): Generator<State> {
  const { inbox, run, met, seen, asleep, dead } = state.threads[part] ?? newcomer;
  if (dead) return;
  if (met < 0) {
    // serve: takes the next message.
    const [message, ...rest] = inbox;
    if (message === 'join') yield put({ ...state, told: state.told + 1 }, part, { inbox: rest });
    const next = protocol.runs.findIndex((parties, index) => index > run && parties > part);
    if (message === 'run') yield put(state, part, { inbox: rest, run: next, met: 0 });
  } else if (met === protocol.meetings) {
    // serve: tells that its part is done.
    const counts = protocol.answers === 'of all' || part === 0;
    yield put({ ...state, told: state.told + Number(counts) }, part, away);
  } else if (!asleep) {
    const steps = protocol.barrier(protocol.runs[run] ?? 0);
    let step = steps.next();
    for (const result of seen) step = steps.next(result);
    if (step.done) {
      // carryOut: on to the next meeting, or out of the run where it was ended.
      yield put(state, part, step.value ? { met: met + 1, seen: [] } : away);
      return;
    }
    const [operation, word, value] = step.value;
    const before = state.words[word] ?? 0;
    const then = (next: State, result = 0) => put(next, part, { seen: [...seen, result] });
    if (operation === 'load') yield then(state, before);
    else if (operation === 'store') yield then(set(state, word, value));
    else if (operation === 'add') yield then(set(state, word, before + value), before);
    else if (operation === 'sub') yield then(set(state, word, before - value));
    else if (operation === 'notify') yield then(wake(state));
    else if (before === value) yield put(state, part, { asleep: true });
    else yield put(state, part, { seen: seen.slice(0, -1) });
  }
}

/** The states that one step of JavaScript leads to. */
function* stepsOfCaller(state: State, { runs, answers, clears, aborts }: Protocol): Generator<State> {
  const last = state.run === runs.length - 1;
  const parties = runs[state.run] ?? 0;
  const post = (message: 'join' | 'run', to: number) =>
    state.threads.map((thread, part) => (part < to ? { ...thread, inbox: [...thread.inbox, message] } : thread));
  if (state.joining) {
    // Crew.join: all have joined.
    if (state.told === parties) yield { ...state, threads: post('run', parties), joining: false, told: 0 };
  } else if (!last && state.told >= (answers === 'of all' ? parties : 1)) {
    const run = state.run + 1;
    const next = runs[run] ?? 0;
    // Crew.run: the same crew's next run.
    if (next === parties) yield { ...state, threads: post('run', next), run, told: 0 };
    // Crew.join: another crew.
    yield { ...state, words: clears ? {} : state.words, threads: post('join', next), run, joining: true, told: 0 };
  }
  if (aborts && last && !state.joining) {
    // What `abortBarrier` does.
    const next = { ...state, aborting: state.aborting + 1 };
    if (state.aborting === 0) yield put(state, 0, { dead: true });
    if (state.aborting === 0) yield set(next, ABORTED, 1);
    if (state.aborting === 1) yield set(next, GENERATION, (state.words[GENERATION] ?? 0) + 1);
    if (state.aborting === 2) yield wake(next);
  }
}

/**
 * Whether a thread has come to a meeting: it has gone on, or has counted itself in, which is the barrier's third step.
 */
const hasCome = ({ run, met, seen }: Thread, to: Thread): boolean => {
  if (run !== to.run || met < 0) return run >= to.run;
  return met >= to.met || (met === to.met - 1 && seen.length >= 3);
};

/** What is wrong with a state, if anything. */
function faultOf({ threads, told, run, aborting }: State, { runs, answers }: Protocol): string | undefined {
  const inside = threads.filter(({ met }) => met >= 0);
  if (answers === 'of all' && told === runs[run] && inside.length > 0) return 'a thread is in a memory given away';
  const alone = inside.some(thread => {
    return thread.met > 0 && threads.slice(0, runs[thread.run]).some(other => !hasCome(other, thread));
  });
  return alone && aborting === 0 ? 'a thread went on before all had come' : undefined;
}

/** Threads are interchangeable where each is in every run and all are to tell. */
function keyOf({ words, threads, run, joining, told, aborting }: State, { runs, answers }: Protocol): string {
  const each = threads.map(thread => Object.values(thread).join());
  if (answers === 'of all' && runs.every(parties => parties === threads.length)) each.sort();
  return [run, joining, told, aborting, Object.values(words), ...each].join(';');
}

/** Goes through all states; returns how many there are, and what is wrong with the first that is. */
export function explore(protocol: Protocol): { states: number; fault: string } {
  const { runs } = protocol;
  const threads = Array.from({ length: Math.max(...runs) }, (_, part) => {
    return part < (runs[0] ?? 0) ? { ...newcomer, inbox: ['join'] as const } : newcomer;
  });
  const stack: State[] = [{ words: {}, threads, run: 0, joining: true, told: 0, aborting: 0 }];
  const known = new Set<string>();
  for (let state = stack.pop(); state; state = stack.pop()) {
    const key = keyOf(state, protocol);
    if (known.has(key)) continue;
    known.add(key);
    const next = [...stepsOfCaller(state, protocol)];
    for (const part of threads.keys()) next.push(...stepsOf(state, part, protocol));
    const over =
      state.run === runs.length - 1 &&
      state.threads.every(({ inbox, met, dead }) => dead || (inbox.length === 0 && met < 0));
    const fault = faultOf(state, protocol) ?? (next.length === 0 && !over ? 'nobody can go on' : undefined);
    if (fault !== undefined) return { states: known.size, fault: `${fault}: ${key}` };
    stack.push(...next);
  }
  return { states: known.size, fault: 'none' };
}
