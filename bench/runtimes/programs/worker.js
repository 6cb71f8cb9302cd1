/** For Workers: `/?suite=training&times=3` asks for work, and the pieces done answer. */
import * as myelin from 'myelin';
import { work } from './work.js';

export default {
  async fetch(request) {
    const { searchParams } = new URL(request.url);
    return new Response(String(await work(myelin, searchParams.get('suite'), Number(searchParams.get('times')))));
  },
};
