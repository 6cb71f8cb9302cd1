import { answer } from './fetchHandler.js';

export default { fetch: answer };
