/** Does what Lambda's runtime does: loads the handler, hands it two requests, and prints the answer. */
import { handler } from './lambda.mjs';

const event = { version: '2.0', requestContext: { http: { method: 'POST' } }, body: '{}', isBase64Encoded: false };
const [first, second] = [await handler(event, {}), await handler(event, {})];
if (first.body !== second.body) throw new Error('the second request is answered otherwise');
console.log(first.body);
