import type * as myelin from '../../../src/entries/node.js';

export function train(entry: Pick<typeof myelin, 'Model' | 'adam' | 'dense' | 'dropout' | 'sequential'>): Promise<{
  bits: Record<string, string>;
  backend: { threads: number; reason: string };
  longest: number;
}>;
