/** A Web Worker. */
import { serve } from '../runtime/serve.js';

const handle = serve(message => postMessage(message));
addEventListener('message', event => handle(event.data));
