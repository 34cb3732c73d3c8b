import type { DiagramLayout, PlacedNode, PlacedWire } from './layout.ts';

/** How a picture is drawn. */
export interface SvgOptions {
  /** What the picture shows, for people who do not see it; by default the name of the cell. */
  readonly title?: string;
  /** Colours for light and for dark surroundings are part of the file. Default true; false leaves all colour to the page. */
  readonly style?: boolean;
}

/** The picture as one SVG file, without scripts or anything from outside. */
export function svg(layout: DiagramLayout, { title = layout.name, style = true }: SvgOptions = {}): string {
  const { width, height, frame } = layout;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    ...(style ? [`<style>${sheet}</style>`] : []),
    `<rect class="frame" x="${frame.x}" y="${frame.y}" width="${frame.width}" height="${frame.height}" rx="16"/>`,
    ...layout.wires.map((wire) => wirePath(wire)),
    ...branches(layout.wires).map(({ x, y, kind }) => `<circle class="dot ${kind}" cx="${x}" cy="${y}" r="3"/>`),
    ...layout.nodes.map((node) => shape(node)),
    '</svg>',
    '',
  ].join('\n');
}

/** The way of a wire as the `d` of a path, corners rounded. */
export function wayOf({ points }: Pick<PlacedWire, 'points'>, radius = 6): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  const parts = rest.map((point, k) => {
    const [before, after] = [points[k] ?? point, rest[k + 1]];
    if (after === undefined) return `L${point.x} ${point.y}`;
    const toward = (other: { x: number; y: number }): string => `${point.x + Math.sign(other.x - point.x) * radius} ${point.y + Math.sign(other.y - point.y) * radius}`;
    return `L${toward(before)}Q${point.x} ${point.y} ${toward(after)}`;
  });
  return `M${first.x} ${first.y}${parts.join('')}`;
}

// Private.

const sheet = `
svg{--ink:#1b2733;--soft:#5b6b7b;--paper:#fff;--frame:#f2f6f3;--edge:#b9c8bd;--gate:#fdf0cf;--gate-edge:#b8860b;--op:#ffe3e0;--op-edge:#c0503f;--fn:#e4ecfb;--fn-edge:#4a6fb5;--bus:#4c5a67;--belt:#1f6f54;--x:#8a5a00;font-family:ui-sans-serif,system-ui,sans-serif}
@media (prefers-color-scheme:dark){svg{--ink:#e8eef4;--soft:#9fb0c0;--paper:#12181f;--frame:#18221d;--edge:#3c4f44;--gate:#3b3218;--gate-edge:#d9ab3f;--op:#43241f;--op-edge:#e98573;--fn:#1f2c45;--fn-edge:#86a8ea;--bus:#9fb0c0;--belt:#57c79b;--x:#e0b060}}
.frame{fill:var(--frame);stroke:var(--edge);stroke-width:1.5}
.wire{fill:none;stroke:var(--bus);stroke-width:1.75}
.wire.input,.dot.input{stroke:var(--x)}.dot.input,.head.input{fill:var(--x)}
.wire.belt{stroke:var(--belt);stroke-width:4}.dot,.head{fill:var(--bus)}.dot.belt,.head.belt{fill:var(--belt)}
.node rect,.node circle{fill:var(--paper);stroke:var(--soft);stroke-width:1.5}
.gate rect{fill:var(--gate);stroke:var(--gate-edge)}.operator circle,.operator rect{fill:var(--op);stroke:var(--op-edge)}.function rect{fill:var(--fn);stroke:var(--fn-edge)}
text{fill:var(--ink);text-anchor:middle;dominant-baseline:central;font-size:14px}
.name{font-size:12px;font-style:italic;font-weight:600}.label{font-size:13px}.operator rect+.label{font-size:11px}.index{font-size:9px}.tag{text-anchor:start;font-size:15px;font-style:italic;font-weight:700}
`.trim();

function wirePath(wire: PlacedWire): string {
  const kind = kindOf(wire);
  return `<path class="wire ${kind}" d="${wayOf(wire)}"/>${head(wire, kind)}`;
}

function kindOf({ conveyor, from }: PlacedWire): string {
  if (conveyor !== '') return 'belt';
  return from.startsWith('input ') ? 'input' : 'bus';
}

function head({ points }: PlacedWire, kind: string): string {
  const [before, tip] = points.slice(-2);
  if (before === undefined || tip === undefined) return '';
  const [x, y] = [Math.sign(tip.x - before.x), Math.sign(tip.y - before.y)];
  const size = kind === 'belt' ? 8 : 6;
  const base = { x: tip.x - x * size, y: tip.y - y * size };
  const half = size / 2 + 0.5;
  return `<path class="head ${kind}" d="M${tip.x} ${tip.y}L${base.x - y * half} ${base.y + x * half}L${base.x + y * half} ${base.y - x * half}Z"/>`;
}

function branches(wires: readonly PlacedWire[]): { x: number; y: number; kind: string }[] {
  return wires.filter((wire) => wire.branches).flatMap((wire) => {
    const [start] = wire.points;
    const onBelt = wires.some((other) => other.from === wire.from && other.conveyor !== '');
    return start === undefined ? [] : [{ ...start, kind: onBelt ? 'belt' : kindOf(wire) }];
  });
}

function shape(node: PlacedNode): string {
  const { x, y, width, height, kind } = node;
  const round = kind === 'operator' && node.label.length === 1;
  const outline = round || kind === 'state' || kind === 'next' || kind === 'input'
    ? `<circle cx="${x}" cy="${y}" r="${width / 2}"/>`
    : `<rect x="${x - width / 2}" y="${y - height / 2}" width="${width}" height="${height}" rx="${kind === 'gate' ? 6 : height / 2}"/>`;
  return `<g class="node ${kind}" data-node="${escaped(node.id)}">${outline}${writing(node, round)}</g>`;
}

function writing(node: PlacedNode, round: boolean): string {
  const { x, y, width, height, kind, label, name } = node;
  if (kind === 'input') return said('name', x, y, symbol(name, 't'));
  if (kind === 'state') return said('name', x, y, symbol(name, 't−1'));
  if (kind === 'next') return said('name', x, y, symbol(name, 't'));
  const lines = said('label', x, y, round ? escaped(label) : symbol(label, ''));
  return name === '' ? lines : lines + said('tag', x + width / 2 + 2, y - height / 2 - 4, symbol(name, ''));
}

function said(kind: string, x: number, y: number, text: string): string {
  return `<text class="${kind}" x="${x}" y="${y}">${text}</text>`;
}

// p_i is p with an index; so is a time.
function symbol(text: string, time: string): string {
  const [first = '', ...more] = text.split(' ');
  const [base = '', ...index] = first.split('_');
  const below = [...index, time].filter((part) => part !== '').join(',');
  const tail = more.length > 0 ? `<tspan dy="${below === '' ? 0 : -3}"> ${escaped(more.join(' '))}</tspan>` : '';
  return below === '' ? `${escaped(base)}${tail}` : `${escaped(base)}<tspan class="index" dy="3">${escaped(below)}</tspan>${tail}`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
