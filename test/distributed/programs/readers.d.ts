import type { Part } from '../../../src/entries/distributed.js';

export function rows(which: Part): { x: Float32Array; y: Int32Array };
