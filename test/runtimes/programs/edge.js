import { answer } from './fetchHandler.js';

addEventListener('fetch', event => event.respondWith(answer(event.request)));
