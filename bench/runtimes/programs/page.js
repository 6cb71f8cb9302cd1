/** For pages: `work(suite, times)` resolves to the pieces done. */
import * as myelin from 'myelin';
import { work } from './work.js';

window.work = (suite, times) => work(myelin, suite, times);
