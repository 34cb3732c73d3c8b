import type { Source } from './tree.ts';

/** Groups of files that import each other in a ring, imports of types included; each group is sorted. */
export function importCycles(sources: readonly Source[]): string[][] {
  const edges = new Map(sources.map((source) => [source.path, targets(source)]));
  return components(edges).filter((group) => group.length > 1 || edges.get(group[0] ?? '')?.includes(group[0] ?? ''));
}

function targets(source: Source): string[] {
  return source.imports
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier }) => new URL(specifier, `file:///${source.path}`).pathname.slice(1));
}

/** Strongly connected components (Tarjan 1972). */
function components(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const groups: string[][] = [];
  const visit = (node: string): number => {
    const order = index.size;
    index.set(node, order);
    low.set(node, order);
    open.push(node);
    for (const next of edges.get(node) ?? []) {
      if (!edges.has(next)) continue;
      if (!index.has(next)) low.set(node, Math.min(low.get(node) ?? order, visit(next)));
      else if (open.includes(next)) low.set(node, Math.min(low.get(node) ?? order, index.get(next) ?? order));
    }
    const least = low.get(node) ?? order;
    if (least === order) groups.push(open.splice(open.indexOf(node)).sort());
    return least;
  };
  for (const node of edges.keys()) if (!index.has(node)) visit(node);
  return groups;
}
