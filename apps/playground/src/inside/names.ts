import type { DiagramGraph } from '@unroll/diagram';

/** What people call the value of a node: its name, or what it is made of: `i × g`. */
export function titleOf(graph: DiagramGraph, id: string, depth = 0): string {
  const node = graph.nodes.find((one) => one.id === id);
  if (node === undefined) return '';
  if (node.name !== '') return node.kind === 'state' ? `${node.name}ₜ₋₁` : node.name;
  const parts = graph.wires.filter(({ to }) => to === id).map(({ from }) => titleOf(graph, from, depth + 1));
  if (node.kind === 'gate') return node.label.replace('_', '');
  if (node.kind === 'operator') {
    const whole = parts.join(` ${node.label} `);
    return depth > 0 ? `(${whole})` : whole;
  }
  const inner = parts[0] ?? '';
  return /[−×+÷]$/u.test(node.label) ? `(${node.label} ${inner})` : `${node.label}(${inner.replace(/^\((.*)\)$/u, '$1')})`;
}
