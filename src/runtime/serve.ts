/** What a worker does: joins a program's memory, runs its part when told, and forgets all of it when the program is done. */
import type { FromWorker, ToWorker } from './crew.js';
import type { MachineExports } from './program.js';

/** Returns what to do with each message; answers go to `reply`. */
export function serve(reply: (message: FromWorker) => void): (message: ToWorker) => void {
  let machine: MachineExports | undefined;
  let part = 0;
  return message => {
    if (message.kind === 'leave') {
      machine = undefined;
    } else if (message.kind === 'join') {
      part = message.part;
      const env = { memory: message.memory, part, parts: message.parts };
      // Without the loader: then this file is all that a worker loads.
      machine = new WebAssembly.Instance(message.module, { env }).exports as MachineExports;
      reply({ kind: 'joined' });
    } else if (machine) {
      const steps = machine.run(message.first, message.last, message.steps);
      // All parts end together; one tells.
      if (part === 0 && steps >= 0) reply({ kind: 'finished', steps });
    }
  };
}
