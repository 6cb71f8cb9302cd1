/** How the nodes of a graph that is no chain hang together, checked before anything is made of it. */
import { checkInteger, describe, quote, wrongType, wrongValue } from './errors.js';
import { definitionOf, type Layer } from './layers/index.js';

/** Refuses a name of an input or output that no record could have, or that would be read as a path. */
export function checkEndName(where: string, name: string): void {
  const isWord = /^[^.]{1,64}$/.test(name) && name !== '__proto__' && !/^\d+$/.test(name);
  if (!isWord) throw wrongValue(where, 'names without a dot, none a number', quote(name));
}

export function checkSources(
  where: string,
  from: unknown,
  layers: readonly Layer[],
  inputs: readonly string[],
): readonly (readonly (number | string)[])[] {
  if (!Array.isArray(from) || from.length !== layers.length) {
    throw wrongType(`${where}: from`, `a list of ${layers.length} lists, what each node reads`, from);
  }
  const checked = Array.from(from, (sources: unknown, node) => {
    const place = `${where}: node ${node}`;
    if (!Array.isArray(sources) || sources.length === 0) throw wrongType(place, 'a list of what it reads', sources);
    const merges = definitionOf(layers[node] as Layer).merges ?? false;
    if (!merges && sources.length > 1) throw wrongValue(place, 'one node to read', String(sources.length));
    for (const source of sources as unknown[]) {
      if (typeof source === 'string' && inputs.includes(source)) continue;
      const isNode = typeof source === 'number' && Number.isInteger(source) && source >= 0 && source < layers.length;
      if (!isNode) throw wrongValue(place, 'an input or a node of the same graph', describe(source));
      if ((source as number) >= node) {
        throw wrongValue(
          place,
          'nodes before it',
          `node ${source}, which is a cycle`,
          'no node reads what is made of it',
        );
      }
    }
    return Object.freeze([...(sources as (number | string)[])]);
  });
  return Object.freeze(checked);
}

export function checkOutputs(
  where: string,
  outputs: unknown,
  nodes: number,
): number | Readonly<Record<string, number>> {
  const node = (value: unknown) => checkInteger(`${where}: outputs`, value, 0, nodes - 1);
  if (typeof outputs !== 'object' || outputs === null) return node(outputs);
  const entries = Object.entries(outputs).map(([name, value]) => {
    checkEndName(`${where}: outputs`, name);
    return [name, node(value)] as const;
  });
  if (entries.length === 0) throw wrongValue(`${where}: outputs`, 'at least one', 'none');
  return Object.freeze(Object.fromEntries(entries));
}

/** Refuses inputs that nothing reads, and nodes that lead to no output. */
export function refuseUnread(
  where: string,
  graph: {
    inputs: readonly string[];
    from: readonly (readonly (number | string)[])[];
    outputs: number | Readonly<Record<string, number>>;
    layers: readonly Layer[];
  },
): void {
  const { inputs, from, outputs, layers } = graph;
  const read = new Set<number | string>(typeof outputs === 'number' ? [outputs] : Object.values(outputs));
  for (let node = layers.length - 1; node >= 0; node--) {
    const layer = layers[node] as Layer;
    if (!read.has(node)) {
      const got = `node ${node} (${definitionOf(layer).describe(layer)}), which none reads`;
      throw wrongValue(where, 'nodes that lead to an output', got, 'leave it out, or make an output of it');
    }
    for (const source of from[node] ?? []) read.add(source);
  }
  const unread = inputs.find(name => !read.has(name));
  if (unread !== undefined) throw wrongValue(where, 'inputs that are read', `${quote(unread)}, which none reads`);
}

export function checkShared(
  where: string,
  shared: unknown,
  layers: readonly Layer[],
): Readonly<Record<number, number>> {
  if (typeof shared !== 'object' || shared === null) throw wrongType(`${where}: shared`, 'an object', shared);
  const entries = Object.entries(shared).map(([key, value]) => {
    const node = checkInteger(`${where}: shared`, Number(key), 1, layers.length - 1);
    const first = checkInteger(`${where}: shared: ${node}`, value, 0, node - 1);
    if (first in shared || JSON.stringify(layers[first]) !== JSON.stringify(layers[node])) {
      throw wrongValue(`${where}: shared: ${node}`, 'the node that has the same layer first', `node ${first}`);
    }
    return [node, first] as const;
  });
  return Object.freeze(Object.fromEntries(entries));
}
