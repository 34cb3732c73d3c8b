import { cellFromText, cells, gruWith, lstmWith, rnnWith, withClip, type Cell } from '@unroll/cells';
import { expect, test } from 'vitest';
import { graphOf, layoutOf, svg, valuesAt, wayOf, type DiagramLayout, type PlacedNode, type Point } from './index.ts';

const own = cellFromText(`
  a = sigmoid(W_a x + R_a h)
  b = tanh(R_b (a * c) + a)
  c = a * c + (1 - a) * b - 0.1 * h
  h = relu(c) * exp(b) + mean(c)
`, { name: 'own' });
const all: readonly (readonly [string, Cell])[] = [
  ...Object.entries(cells), ['own', own],
  ['clipped', withClip(cells['lstm-peephole'], 3)],
  ['hard', lstmWith({ activations: ['hardSigmoid', 'tanh', 'elu'], peepholes: true, coupled: true, clip: 3 })],
  ['leaky', gruWith({ activations: ['hardSigmoid', 'leakyRelu'] })], ['affine', rnnWith({ activation: 'affine' })],
];

const pictures = new Map(all.map(([name, cell]) => [name, layoutOf(graphOf(cell))]));
const pictureOf = (name: string): DiagramLayout => pictures.get(name) as DiagramLayout;

test.each(all)('%s: the same picture every time', (name, cell) => {
  expect(svg(layoutOf(graphOf(cell)))).toBe(svg(pictureOf(name)));
});

test.each(all)('%s: nodes keep clear of one another and stay inside', (name) => {
  const { nodes, width, height } = pictureOf(name);
  for (const [k, node] of nodes.entries()) {
    expect(node.x - node.width / 2 >= 0 && node.x + node.width / 2 <= width && node.y - node.height / 2 >= 0 && node.y + node.height / 2 <= height).toBe(true);
    for (const other of nodes.slice(k + 1)) expect(overlap(node, other, 7), `${node.id} and ${other.id}`).toBe(false);
  }
});

test.each(all)('%s: each wire goes from its source, or a wire of it, to its target, around all nodes', (name) => {
  const { nodes, wires } = pictureOf(name);
  expect(wires.length).toBe(graphOf(all.find(([other]) => other === name)?.[1] as Cell).wires.length);
  for (const wire of wires) {
    const [first, last] = [wire.points[0] as Point, wire.points.at(-1) as Point];
    const source = nodes.find(({ id }) => id === wire.from) as PlacedNode;
    expect(onBorder(last, nodes.find(({ id }) => id === wire.to) as PlacedNode)).toBe(true);
    const siblings = wires.filter((other) => other !== wire && other.from === wire.from).flatMap(({ points }) => lattice(points));
    expect(wire.branches ? siblings.some(({ x, y }) => x === first.x && y === first.y) : onBorder(first, source)).toBe(true);
    expect(nodes.filter((node) => lattice(wire.points).slice(1, -1).some((point) => inside(point, node)))).toEqual([]);
  }
});

test.each(all)('%s: wires of different values cross, but never share a way', (name) => {
  const owners = new Map<string, string>();
  for (const { from, points } of pictureOf(name).wires) {
    lattice(points).forEach((point, k, list) => {
      const next = list[k + 1];
      if (next === undefined) return;
      const edge = [point, next].map(({ x, y }) => `${x},${y}`).toSorted().join(' ');
      expect(owners.get(edge) ?? from).toBe(from);
      owners.set(edge, from);
    });
  }
});

test.each(all)('%s: every value that the author named is in the picture, and every state comes in and goes out', (name, cell) => {
  const { nodes } = graphOf(cell);
  for (const state of cell.state) {
    expect(nodes.some(({ id }) => id === `state ${state}`)).toBe(true);
    expect(nodes.some(({ id }) => id === `next ${state}`)).toBe(true);
  }
  const drawn = new Set(nodes.map((node) => node.name));
  for (const value of cell.values) expect(drawn.has(value.name), `${name}: ${value.name}`).toBe(true);
  expect(new Set(nodes.map(({ id }) => id)).size).toBe(nodes.length);
});

test('an LSTM is what teachers draw: four gates, three products, one sum, the conveyor straight through', () => {
  const { nodes, wires } = pictureOf('lstm');
  expect(nodes.filter(({ kind }) => kind === 'gate').map(({ name, label }) => `${name} ${label}`)).toEqual(['i σ', 'f σ', 'g tanh', 'o σ']);
  expect(nodes.filter(({ kind }) => kind === 'operator').map(({ label }) => label).toSorted()).toEqual(['+', '×', '×', '×']);
  const belt = wires.filter(({ conveyor }) => conveyor === 'c');
  expect(new Set(belt.flatMap(({ points }) => points.map(({ y }) => y))).size).toBe(1);
  expect(belt.map(({ from }) => from)).toContain('state c');
  expect(new Set(nodes.filter(({ kind }) => kind === 'gate').map(({ y }) => y)).size).toBe(1);
});

test('wires know their weights', () => {
  const weights = graphOf(cells['gru-original']).wires.filter(({ to }) => to === 'gate n').map((wire) => wire.weights);
  expect(weights).toEqual([['W_n'], ['R_n']]);
});

test('text in a picture is text, whatever a cell is called', () => {
  const layout = layoutOf(graphOf({ ...cells.rnn, name: '<script>"&' }));
  expect(svg(layout)).toContain('aria-label="&lt;script&gt;&quot;&amp;"');
  expect(svg(layout)).not.toContain('<script');
  expect(svg(layout, { style: false })).not.toContain('<style');
});

test('whatever people write, every wire finds a way', () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const layout = layoutOf(graphOf(scribbled(seed)));
    expect(layout.wires.every(({ points }) => points.length > 1), `seed ${seed}`).toBe(true);
    for (const [k, node] of layout.nodes.entries()) for (const other of layout.nodes.slice(k + 1)) expect(overlap(node, other, 7), `seed ${seed}: ${node.id} and ${other.id}`).toBe(false);
  }
});

test('a way is a path with rounded corners', () => {
  expect(wayOf({ points: [{ x: 0, y: 0 }, { x: 24, y: 0 }, { x: 24, y: 24 }] })).toBe('M0 0L18 0Q24 0 24 6L24 24');
  expect(wayOf({ points: [] })).toBe('');
});

test('numbers of a step come to the nodes: kept ones by name, the others computed from them', () => {
  const graph = graphOf(cells.lstm);
  const at = valuesAt(graph, { input: [1, 2, 3], before: { h: [0, 0], c: [2, -1] }, values: { i: [0.5, 1], f: [0.25, 0.5], g: [1, -1], o: [1, 0.5], c: [1, -1.5], h: [0.76, -0.45] } });
  const rowFor = (label: string): number[][] => graph.nodes.filter((node) => node.label === label && node.name === '').map(({ id }) => Array.from(at.get(id) ?? []));
  expect(rowFor('×')).toContainEqual([0.5, -0.5]);
  expect(rowFor('×')).toContainEqual([0.5, -1]);
  expect(rowFor('tanh')[0]?.[1]).toBeCloseTo(Math.tanh(-1.5), 12);
  expect(at.get('state c')).toEqual([2, -1]);
  expect(at.get('next c')).toEqual([1, -1.5]);
  expect(at.get('input x')).toEqual([1, 2, 3]);
});

test('what needs a weight or a vector has no numbers, a mean is the same in all channels', () => {
  const peephole = graphOf(cells['lstm-peephole']);
  const empty = valuesAt(peephole, { before: { c: [1] }, values: { c: [1] } });
  for (const { id } of peephole.nodes.filter(({ label }) => label.startsWith('p_'))) expect(empty.has(id)).toBe(false);
  const mean = cellFromText('c = W_c x + R_c c\nh = c - mean(c)', { name: 'mean' });
  const graph = graphOf(mean);
  const at = valuesAt(graph, { before: {}, values: { c: [1, 3] } });
  expect(Array.from(at.get('operator h') ?? [])).toEqual([-1, 1]);
});

function overlap(a: PlacedNode, b: PlacedNode, gap: number): boolean {
  return Math.abs(a.x - b.x) < (a.width + b.width) / 2 + gap && Math.abs(a.y - b.y) < (a.height + b.height) / 2 + gap;
}

function inside({ x, y }: Point, node: PlacedNode): boolean {
  return Math.abs(x - node.x) <= node.width / 2 && Math.abs(y - node.y) <= node.height / 2;
}

function onBorder(point: Point, node: PlacedNode): boolean {
  return inside(point, node) && (Math.abs(point.x - node.x) === node.width / 2 || Math.abs(point.y - node.y) === node.height / 2);
}

function lattice(corners: readonly Point[]): Point[] {
  const points: Point[] = [];
  corners.forEach((corner, k) => {
    const next = corners[k + 1];
    if (next === undefined) {
      points.push(corner);
      return;
    }
    const steps = Math.max(Math.abs(next.x - corner.x), Math.abs(next.y - corner.y)) / 8;
    for (let step = 0; step < steps; step += 1) points.push({ x: corner.x + (next.x - corner.x) / steps * step, y: corner.y + (next.y - corner.y) / steps * step });
  });
  return points;
}

// A cell without sense: values over values, chosen by a small generator.
function scribbled(seed: number): Cell {
  let state = seed * 2654435761 % 2 ** 32;
  const pick = (count: number): number => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return Math.floor(state / 2 ** 32 * count);
  };
  const names = ['h', 'c', 's'].slice(0, 1 + pick(3));
  const known = [...names];
  const atom = (): string => known[pick(known.length)] as string;
  const forms = [
    (k: number) => `sigmoid(W_v${k} x + R_v${k} ${atom()} + p_v${k} * ${atom()})`, () => `${atom()} * ${atom()} + ${atom()}`, () => `tanh(${atom()}) - ${atom()} / ${atom()}`,
    (k: number) => `tanh(W_v${k} x + ${atom()} * ${atom()} + ${atom()} * (1 - ${atom()}))`, () => `select(less(${atom()}, 0), ${atom()}, ${atom()})`, (k: number) => `layernorm(R_v${k} (${atom()} * ${atom()})) + ${atom()}`,
  ];
  const lines = Array.from({ length: 3 + pick(6) }, (_, k) => {
    const line = `v${k} = ${(forms[pick(forms.length)] as (k: number) => string)(k)}`;
    known.push(`v${k}`);
    return line;
  });
  return cellFromText([`state ${names.join(', ')}`, ...lines, ...names.map((name) => `${name} = ${atom()} * v${lines.length - 1} + ${name}`)].join('\n'), { name: 'scribble' });
}
