import type { DiagramGraph, DiagramNode, DiagramWire, NodeKind } from './graph.ts';
import { placementOf, type Placement } from './place.ts';
import { down, right, Router, up, type Box, type Point, type Port } from './route.ts';

/** A node with its centre and its size in pixels. */
export interface PlacedNode extends DiagramNode { readonly x: number; readonly y: number; readonly width: number; readonly height: number }
/** A wire as the corners of its way, from the border of its source, or from another wire of that source, to the border of its target. */
export interface PlacedWire extends DiagramWire {
  readonly points: readonly Point[];
  /** Whether it starts on another wire. */
  readonly branches: boolean;
  /** The state whose conveyor it is part of. */
  readonly conveyor: string;
}
/** A picture: everything has its place, within `width` and `height` pixels. The same cell gives the same picture. */
export interface DiagramLayout {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** The border of the cell: old states stand to its left, new ones to its right. */
  readonly frame: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  readonly nodes: readonly PlacedNode[];
  readonly wires: readonly PlacedWire[];
}

/** Pixels between two points of the lattice. */
const unit = 8;
const pitch = { column: 11, row: 8 } as const;
const margin = { x: 14, y: 5 } as const;
/** Half widths and half heights in units. */
const halves: Readonly<Record<NodeKind, { readonly x: number; readonly y: number }>> = {
  gate: { x: 4, y: 2 }, operator: { x: 2, y: 2 }, function: { x: 4, y: 2 }, input: { x: 2, y: 2 }, state: { x: 2, y: 2 }, next: { x: 2, y: 2 }, vector: { x: 3, y: 2 },
};

/** Finds a place for every node and a way for every wire. */
export function layoutOf(graph: DiagramGraph): DiagramLayout {
  const placement = placementOf(graph);
  const nodes = new Map(graph.nodes.map((node) => [node.id, placed(node, placement)]));
  const columns = margin.x * 2 + pitch.column * placement.columns - 3;
  const rows = margin.y * 2 + pitch.row * (placement.rows - 1) + 1;
  const router = new Router(columns, rows, [...nodes.values()].map(({ box }) => box));
  const sources = [...nodes.keys()];
  const ways = new Map<DiagramWire, PlacedWire>();
  for (const { wire, conveyor } of ordered(graph, placement)) {
    const [from, to] = [nodes.get(wire.from), nodes.get(wire.to)];
    if (from === undefined || to === undefined) continue;
    const branches = [...ways.keys()].some((laid) => laid.from === wire.from);
    const points = router.lay({ net: sources.indexOf(wire.from), from: exits(from), to: entries(from, to, wire, graph) });
    ways.set(wire, { ...wire, points: points.map(({ x, y }) => ({ x: x * unit, y: y * unit })), branches, conveyor });
  }
  const width = (columns - 1) * unit;
  const height = (rows - 1) * unit;
  return {
    name: graph.name, width, height,
    frame: { x: 7.5 * unit, y: unit, width: width - 15 * unit, height: height - 2 * unit },
    nodes: [...nodes.values()].map(({ node }) => node),
    wires: graph.wires.flatMap((wire) => ways.get(wire) ?? []),
  };
}

interface Spot { readonly node: PlacedNode; readonly centre: Point; readonly half: Point; readonly box: Box }

function placed(node: DiagramNode, { places, columns }: Placement): Spot {
  const place = places.get(node.id) ?? { column: 0, row: 0 };
  const half = halves[node.kind];
  const edge = place.column < 0 ? 4 : place.column === columns ? margin.x * 2 + pitch.column * columns - 8 : margin.x + pitch.column * place.column + 1;
  const centre = { x: edge, y: margin.y + pitch.row * place.row };
  return {
    node: { ...node, x: centre.x * unit, y: centre.y * unit, width: 2 * half.x * unit, height: 2 * half.y * unit },
    centre, half,
    box: { left: centre.x - half.x, right: centre.x + half.x, top: centre.y - half.y, bottom: centre.y + half.y },
  };
}

// Conveyors first, so that they are straight; then what is near; buses from left to right; at last what goes out.
function ordered(graph: DiagramGraph, { places, conveyors }: Placement): { wire: DiagramWire; conveyor: string }[] {
  const on = (wire: DiagramWire): string => {
    for (const [state, path] of conveyors) {
      const all = [...path, `next ${state}`];
      if (all.some((id, k) => id === wire.from && all[k + 1] === wire.to)) return state;
    }
    return '';
  };
  const rank = ({ wire, conveyor }: { wire: DiagramWire; conveyor: string }): number => {
    const [from, to] = [places.get(wire.from), places.get(wire.to)];
    if (from === undefined || to === undefined || conveyor !== '') return 0;
    if (from.column < 0) return 1000 - to.column;
    return to.row === from.row || to.column === from.column ? 1 + Math.abs(to.column - from.column) + Math.abs(to.row - from.row) : 100 + Math.abs(to.column - from.column);
  };
  return graph.wires.map((wire) => ({ wire, conveyor: on(wire) })).toSorted((a, b) => rank(a) - rank(b));
}

function exits({ node, centre: { x, y }, half }: Spot): Port[] {
  const east: Port = { x: x + half.x, y, direction: right };
  if (node.kind === 'state' || node.kind === 'input') return [east];
  const north: Port = { x, y: y - half.y, direction: up };
  return node.kind === 'gate' ? [north, east] : [east, north, { x, y: y + half.y, direction: down }];
}

// Weighted values come into a gate from below, each at its own place; all others from the left or, elsewhere, from any side but the right.
function entries(from: Spot, to: Spot, wire: DiagramWire, graph: DiagramGraph): Port[] {
  const { node: { id, kind }, centre: { x, y }, half } = to;
  const west: Port = { x: x - half.x, y, direction: right };
  if (kind === 'next') return [west];
  const below = (offset: number): Port => ({ x: x + offset, y: y + half.y, direction: up });
  if (kind !== 'gate') return [west, below(0), { x, y: y - half.y, direction: down }];
  if (from.centre.y === y || wire.weights.length === 0 || from.node.kind === 'operator') return [west, { ...west, y: y + 1 }, { ...west, y: y - 1 }, { x: x - 2, y: y - half.y, direction: down }];
  const bus = graph.wires.filter((other) => other.to === id && other.weights.length > 0 && /^(state|input) /.test(other.from)).map((other) => other.from);
  return [below(bus.length > 1 ? 4 * (bus.indexOf(from.node.id) / (bus.length - 1)) - 2 : 0)].map((port) => ({ ...port, x: Math.round(port.x) }));
}
