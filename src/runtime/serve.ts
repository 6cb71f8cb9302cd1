/** What a worker does: joins a program's memory, runs its part when told, and forgets all of it when the program is done. */
import type { FromWorker, ToWorker } from './crew.js';
import type { MachineExports } from './program.js';

/** Returns what to do with each message; answers go to `reply`. */
export function serve(reply: (message: FromWorker) => void): (message: ToWorker) => void {
  let machine: MachineExports | undefined;
  return message => {
    if (message.kind === 'leave') {
      machine = undefined;
    } else if (message.kind === 'join') {
      const env = { memory: message.memory, part: message.part, parts: message.parts };
      // Without the loader: then this file is all that a worker loads.
      machine = new WebAssembly.Instance(message.module, { env }).exports as MachineExports;
      reply({ kind: 'joined' });
    } else if (machine) {
      const steps = machine.run(message.first, message.last, message.steps);
      // Each part tells: only when all have is nobody left in the barrier. A run that was ended has nobody to tell.
      if (steps >= 0) reply({ kind: 'finished', steps });
    }
  };
}
