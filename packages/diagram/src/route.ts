/** A point of the lattice. */
export interface Point { readonly x: number; readonly y: number }
/** A rectangle of lattice points that wires go around, borders included. */
export interface Box { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number }
/** A place on a border and the direction in which a wire passes it. */
export interface Port extends Point { readonly direction: Direction }
export type Direction = 0 | 1 | 2 | 3;
export const right: Direction = 0, down: Direction = 1, up: Direction = 3;
const left: Direction = 2;

/** One wire to lay: wires of one net carry the same value and may share their way. */
export interface Route { readonly net: number; readonly from: readonly Port[]; readonly to: readonly Port[] }

const dx = [1, 0, -1, 0] as const;
const dy = [0, 1, 0, -1] as const;
const price = { bend: 5, crossing: 9, near: 2, branch: 3, overlap: 400 } as const;

/** Lays wires along a lattice, one after the other, each the cheapest way: short, with few bends and crossings, never over a box or along another net. */
export class Router {
  readonly #width: number;
  readonly #size: number;
  readonly #blocked: Uint8Array;
  readonly #near: Uint8Array;
  // The net whose wire leaves a point to the right or downwards, plus 1.
  readonly #across: Uint16Array;
  readonly #along: Uint16Array;
  readonly #taken = new Set<number>();
  readonly #nets = new Map<number, Set<number>>();

  constructor(width: number, height: number, boxes: readonly Box[]) {
    this.#width = width;
    this.#size = width * height;
    this.#blocked = new Uint8Array(this.#size);
    this.#near = new Uint8Array(this.#size);
    this.#across = new Uint16Array(this.#size);
    this.#along = new Uint16Array(this.#size);
    for (const { left, top, right, bottom } of boxes) {
      this.#fill(this.#near, { left: left - 1, top: top - 1, right: right + 1, bottom: bottom + 1 });
      this.#fill(this.#blocked, { left, top, right, bottom });
    }
    for (let k = 0; k < this.#size; k += 1) if (k % width === 0 || k % width === width - 1 || k < width || k >= this.#size - width) this.#blocked[k] = 1;
  }

  /** The corners of the way, ends included; it starts at a free port of `from`, or somewhere on the net. */
  lay(route: Route): Point[] {
    const net = route.net + 1;
    const points = this.#nets.get(net) ?? new Set<number>();
    this.#nets.set(net, points);
    const start = new Map<number, number>();
    if (points.size === 0) for (const port of route.from) if (!this.#taken.has(this.#at(port))) start.set(this.#state(port), 0);
    for (const point of points) for (let d = 0; d < 4; d += 1) start.set(point * 4 + d, price.branch);
    const free = route.to.filter((port) => !this.#taken.has(this.#at(port)));
    const goals = new Set((free.length > 0 ? free : route.to).map((port) => this.#state(port)));
    const path = this.#search(net, start, goals);
    this.#occupy(net, path, points);
    return this.#corners(path);
  }

  #fill(map: Uint8Array, { left, top, right, bottom }: Box): void {
    for (let y = top; y <= bottom; y += 1) map.fill(1, y * this.#width + left, y * this.#width + right + 1);
  }

  #at({ x, y }: Point): number {
    return y * this.#width + x;
  }

  #state(port: Port): number {
    return this.#at(port) * 4 + port.direction;
  }

  // Dijkstra over points and directions; costs are small whole numbers, so the queue is a list of lists.
  #search(net: number, start: ReadonlyMap<number, number>, goals: ReadonlySet<number>): number[] {
    const cost = new Int32Array(this.#size * 4).fill(2 ** 30);
    const parent = new Int32Array(this.#size * 4).fill(-1);
    const queue: number[][] = [];
    const push = (state: number, value: number, from: number): void => {
      if (value >= (cost[state] as number)) return;
      cost[state] = value;
      parent[state] = from;
      (queue[value] ??= []).push(state);
    };
    for (const [state, value] of start) push(state, value, -1);
    for (let value = 0; value < queue.length; value += 1) {
      for (const state of queue[value] ?? []) {
        if (cost[state] !== value) continue;
        if (goals.has(state)) return this.#back(state, parent);
        this.#expand(net, state, value, goals, push);
      }
    }
    throw new RangeError('diagram: a wire found no way; this is a defect of the layout.');
  }

  #expand(net: number, state: number, value: number, goals: ReadonlySet<number>, push: (state: number, value: number, from: number) => void): void {
    const point = state >> 2;
    const direction = state & 3;
    const next = point + (dx[direction] as number) + (dy[direction] as number) * this.#width;
    const ahead = next * 4 + direction;
    const goal = goals.has(ahead);
    if (this.#blocked[next] === 1 && !goal) return;
    const crossing = this.#meets(net, next, direction);
    const along = this.#edge(point, direction);
    const extra = (along !== 0 && along !== net ? price.overlap : 0) + crossing + (this.#near[next] === 1 && !goal ? price.near : 0);
    push(ahead, value + 1 + extra, state);
    if (goal) return;
    // To turn on another net's way would look like joining it: only where there is no other way at all.
    const turning = price.bend + (crossing > 0 ? price.overlap : 0);
    for (const turn of [(direction + 1) & 3, (direction + 3) & 3]) push(next * 4 + turn, value + 1 + extra + turning, state);
  }

  #edge(point: number, direction: number): number {
    if (direction === right) return this.#across[point] as number;
    if (direction === left) return this.#across[point - 1] as number;
    return direction === down ? this.#along[point] as number : this.#along[point - this.#width] as number;
  }

  // What it costs to come to a point of other nets: they may be crossed at a right angle where they go straight.
  #meets(net: number, point: number, direction: number): number {
    const [east = 0, south = 0, west = 0, north = 0] = [right, down, left, up].map((way) => this.#edge(point, way)).map((other) => (other === net ? 0 : other));
    if (east + south + west + north === 0) return 0;
    const horizontal = direction === right || direction === left;
    const straight = horizontal ? north !== 0 && south !== 0 && east + west === 0 : east !== 0 && west !== 0 && north + south === 0;
    return straight ? price.crossing : price.overlap;
  }

  #back(end: number, parent: Int32Array): number[] {
    const path: number[] = [];
    for (let state = end; state >= 0; state = parent[state] as number) {
      if (path[0] !== state >> 2) path.unshift(state >> 2);
    }
    return path;
  }

  #occupy(net: number, path: readonly number[], points: Set<number>): void {
    path.forEach((point, k) => {
      const next = path[k + 1];
      if (k > 0 && next !== undefined) points.add(point);
      if (next === undefined) return;
      const low = Math.min(point, next);
      if (Math.abs(next - point) === 1) this.#across[low] = net;
      else this.#along[low] = net;
    });
    for (const end of [path[0], path.at(-1)]) if (end !== undefined) this.#taken.add(end);
  }

  #corners(path: readonly number[]): Point[] {
    const corner = path.filter((point, k) => {
      const [before, after] = [path[k - 1], path[k + 1]];
      return before === undefined || after === undefined || point - before !== after - point;
    });
    return corner.map((point) => ({ x: point % this.#width, y: Math.floor(point / this.#width) }));
  }
}
