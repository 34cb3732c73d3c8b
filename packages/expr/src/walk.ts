import { children, withChildren, type Expr } from './node.ts';

/** Every node below `roots`, each once, operands before the nodes that use them. */
export function topological(roots: Iterable<Expr>): Expr[] {
  const seen = new Set<Expr>();
  const order: Expr[] = [];
  const visit = (node: Expr): void => {
    if (seen.has(node)) return;
    seen.add(node);
    children(node).forEach(visit);
    order.push(node);
  };
  for (const root of roots) visit(root);
  return order;
}

/**
 * Rewrites a graph from the leaves up. `change` sees each node after its children were rewritten, beside the node it came from;
 * whatever it returns stands in the node's place. Nodes that do not change keep their identity.
 */
export function rewrite(change: (node: Expr, original: Expr) => Expr): (root: Expr) => Expr {
  const done = new Map<Expr, Expr>();
  const visit = (node: Expr): Expr => {
    const known = done.get(node);
    if (known !== undefined) return known;
    const before = children(node);
    const after = before.map(visit);
    const rebuilt = after.every((child, k) => child === before[k]) ? node : withChildren(node, after);
    const result = change(rebuilt, node);
    done.set(node, result);
    return result;
  };
  return visit;
}

/** Puts expressions in the place of nodes, from the roots down: what stands below a replaced node is not looked at. */
export function substitute(replacement: (node: Expr) => Expr | undefined): (root: Expr) => Expr {
  const done = new Map<Expr, Expr>();
  const visit = (node: Expr): Expr => {
    const known = done.get(node);
    if (known !== undefined) return known;
    const before = children(node);
    const replaced = replacement(node);
    const after = replaced === undefined ? before.map(visit) : before;
    const result = replaced ?? (after.every((child, k) => child === before[k]) ? node : withChildren(node, after));
    done.set(node, result);
    return result;
  };
  return visit;
}

/** Makes equal expressions one object, so that identity means equality. One such function is used for all roots of a graph. */
export function sharing(): (root: Expr) => Expr {
  const known = new Map<string, Expr>();
  const identity = new Map<Expr, number>();
  return rewrite((node) => {
    const key = localKey(node, (child) => identity.get(child) ?? -1);
    const first = known.get(key) ?? node;
    known.set(key, first);
    if (!identity.has(first)) identity.set(first, identity.size);
    return first;
  });
}

/** The names of the inputs below `roots`. */
export function freeNames(roots: Iterable<Expr>): Set<string> {
  const names = new Set<string>();
  for (const node of topological(roots)) if (node.kind === 'input') names.add(node.name);
  return names;
}

/** The nodes below `roots` for which `start` holds, and every node that is computed from one of them. */
export function dependents(roots: Iterable<Expr>, start: (node: Expr) => boolean): Set<Expr> {
  const found = new Set<Expr>();
  for (const node of topological(roots)) if (start(node) || children(node).some((child) => found.has(child))) found.add(node);
  return found;
}

function localKey(node: Expr, identity: (child: Expr) => number): string {
  const below = children(node).map(identity).join(',');
  switch (node.kind) {
    case 'constant': return `#${Object.is(node.value, -0) ? '-0' : node.value}`;
    case 'input': return `$${node.name}`;
    case 'random': return `?${node.stream} ${node.span}`;
    case 'apply': return `${node.op}(${below})`;
    case 'dot': return `${node.weight}${node.transposed ? 'ᵀ' : ''}[${node.terms.map((term) => term.block).join(',')}](${below})`;
    case 'mean': return `mean(${below})`;
  }
}
