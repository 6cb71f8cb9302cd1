/** For node, bun and deno; ends by itself. */
import * as myelin from '../../../dist/entries/node.js';
import { train } from './train.js';

console.log(JSON.stringify(await train(myelin)));
