/**
 * The contestants that are JavaScript, each a file, in one program: `peers.js NAME OPTION THREADS`. And myelin from
 * nothing, which takes no longer to read than they do.
 */
import { type Library, takePart } from '../../src/bench/contest.js';

/** What an adapter exports: imports its library, or says that it is absent. */
interface Adapter {
  open(option: string, threads: number): Promise<Library>;
}

const [, , name = '', option = '', threads = '1'] = process.argv;

function adapter(): Promise<Adapter> {
  if (name === 'predictor') return import('../../src/bench/own/predictor.js');
  if (name === 'plainLoop') return import('./adapters/plainLoop.js');
  return import(`./adapters/${name}.js`);
}

const { open } = await adapter();
await takePart(() => open(option, Number(threads)));
