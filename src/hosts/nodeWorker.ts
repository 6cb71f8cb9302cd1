/** A worker of node:worker_threads. */
import { parentPort } from 'node:worker_threads';
import { serve } from '../runtime/serve.js';

const handle = serve(message => parentPort?.postMessage(message));
parentPort?.on('message', handle);
