import type { Part } from 'myelin/distributed';

export function rows(which: Part): { x: Float32Array; y: Int32Array };
