/** What a worker does: joins programs' memories, runs its part when told, and forgets a program when it is done. */
import type { MachineExports } from './program.js';
import type { FromWorker, ToWorker } from './workers.js';

/** Returns what to do with each message; answers go to `reply`. */
export function serve(reply: (message: FromWorker) => void): (message: ToWorker) => void {
  const machines = new Map<number, MachineExports>();
  return message => {
    if (message.kind === 'leave') {
      machines.delete(message.crew);
    } else if (message.kind === 'join') {
      const env = { memory: message.memory, part: message.part, parts: message.parts };
      // Without the loader: then this file is all that a worker loads.
      machines.set(message.crew, new WebAssembly.Instance(message.module, { env }).exports as MachineExports);
      reply({ kind: 'joined' });
    } else {
      const steps = machines.get(message.crew)?.run(message.first, message.last, message.steps) ?? -1;
      // Each part tells: only when all have is nobody left in the barrier. A run that was ended has nobody to tell.
      if (steps >= 0) reply({ kind: 'finished', steps });
    }
  };
}
