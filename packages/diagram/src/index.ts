export { graphOf, type DiagramGraph, type DiagramNode, type DiagramWire, type NodeKind } from './graph.ts';
export { layoutOf, type DiagramLayout, type PlacedNode, type PlacedWire } from './layout.ts';
export type { Point } from './route.ts';
export { svg, wayOf, type SvgOptions } from './svg.ts';
export { valuesAt, type StepRows } from './trace.ts';
