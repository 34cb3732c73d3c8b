import type { Plan, Step } from '@unroll/expr';
import { linear, type Shader, type Workgroups } from '../program.ts';
import type { Job, Scene } from './cells.ts';
import type { WholeLayout } from './layout.ts';
import { emitMeans } from './means.ts';
import { Bindings, type Memory } from './memory.ts';
import type { Packing } from './pack.ts';
import { emitTilePart, isUnkept, type Part, type TilePart } from './parts.ts';
import { emitPointwise } from './pointwise.ts';
import { scratch, type Region } from './regions.ts';
import { residentKey, Room, type Cursor, type Resident, type Residents, type Surroundings } from './room.ts';
import { declareSizes, plus, scanShader, timeText, type Sizes } from './shader.ts';
import type { TileJob } from './tile.ts';
import { isSoftware } from '../subgroups.ts';
import { UseList } from './uses.ts';

/** The loop as one dispatch for up to `chunk` steps: a workgroup owns some rows of the batch from the first step to the last. */
export function wholeJob(scene: Scene, packing: Packing, parts: readonly (readonly Part[])[], layout: WholeLayout, chunk: number): Job {
  const { regions, step, steps, batch, target } = scene;
  const isOne = chunk >= steps;
  // From one dispatch to the next, states go through buffers of the scan's own.
  const carried = step.states.map(({ name, width }) => scratch(`${name}_carried`, { row: width }));
  const [from, to] = isOne ? [regions.initial, regions.final] : [carried, carried];
  const uses = usesOf(scene, packing, parts, layout, from, to);
  return {
    users: [uses], homes: [],
    build(memory) {
      const { shader, bindings } = new WholeCode({ scene, packing, parts, layout, memory, uses, from, to }).build();
      const workgroups: Workgroups = linear(Math.ceil(batch / layout.rows), 1, target);
      return (recorder) => {
        if (!isOne) regions.initial.forEach((region, k) => recorder.move(recorder.whole(region), recorder.whole(carried[k] as Region)));
        for (let first = 0; first < steps; first += chunk) recorder.dispatch(shader, bindings, workgroups, first, Math.min(chunk, steps - first));
        if (!isOne) regions.final.forEach((region, k) => recorder.move(recorder.whole(carried[k] as Region), recorder.whole(region)));
      };
    },
  };
}

/**
 * How many steps one dispatch takes so that it stays far below the two seconds after which some systems take a GPU for hung: a tenth
 * of a second on a slow one, which reads 10 GB/s of weights into each workgroup and makes 50 billion multiplications a second. A
 * processor makes two, and nobody but a browser asks how long it takes: there it is a second.
 */
export function chunkOf({ plan, step, batch, target }: Pick<Scene, 'plan' | 'step' | 'batch' | 'target'>, rows: number): number {
  const weights = loopWeights(plan, step);
  const multiplications = weights * Math.ceil(batch / rows) * rows;
  const isSoft = isSoftware(target);
  const seconds = isSoft ? Math.max(multiplications / 2e9, 2e-5) : Math.max(weights * 4 / 10e9, multiplications / 50e9, 2e-6);
  return Math.max(1, Math.floor((isSoft ? 1 : 0.1) / seconds));
}

/** Numbers of all weights that the loop multiplies with at every step. */
export function loopWeights({ loop }: Pick<Plan, 'loop'>, { weights }: Step): number {
  return loop.flatMap(({ products }) => products).reduce((sum, { weight, blocks }) => sum + blocks.length * (weights[weight]?.rows ?? 0) * (weights[weight]?.columns ?? 0), 0);
}

// Private.

interface Whole {
  readonly scene: Scene;
  readonly packing: Packing;
  readonly parts: readonly (readonly Part[])[];
  readonly layout: WholeLayout;
  readonly memory: Memory;
  readonly uses: UseList;
  readonly from: readonly Region[];
  readonly to: readonly Region[];
}

function usesOf({ regions, plan, masked }: Scene, packing: Packing, parts: readonly (readonly Part[])[], { residents }: WholeLayout, from: readonly Region[], to: readonly Region[]): UseList {
  const tiles = parts.flat().filter((part) => part.kind === 'tile');
  const uses = new UseList(regions, (place) => {
    if (place.kind === 'vector') return packing.vectors.has(place.index);
    return tiles.some((part) => isUnkept(part, place)) || (residents.has(residentKey(place)) && (place.kind !== 'scratch' || !regions.isSeries(place)));
  });
  from.forEach((region) => uses.read(region));
  to.forEach((region) => uses.write(region));
  for (const stage of plan.loop) uses.stage(stage, masked);
  return uses.read(packing.region);
}

class WholeCode {
  readonly #whole: Whole;
  readonly #shader = scanShader('whole');
  readonly #sizes: Sizes;
  readonly #bindings: Bindings;
  readonly #residents: Residents;
  readonly #partial: string;
  readonly #staged: string;
  readonly #barrier: string;

  constructor(whole: Whole) {
    const { scene: { regions }, layout, memory, uses } = whole;
    this.#whole = whole;
    this.#sizes = declareSizes(this.#shader);
    this.#bindings = new Bindings(this.#shader, memory, uses, this.#sizes);
    this.#residents = new Map([...layout.residents].map(([key, { slots, stride }]): [string, Resident] => {
      const [kind, index] = key.split(' ') as ['state' | 'scratch', string];
      return [key, { array: this.#shader.workgroup(`own_${regions.of({ kind, index: Number(index), offset: 0, width: 1 }).name}`, 'f32', slots * layout.rows * stride), rows: layout.rows, stride, slots }];
    }));
    this.#partial = layout.partial === 0 ? '' : this.#shader.workgroup('partial', 'f32', layout.partial);
    this.#staged = layout.stagedVectors === 0 ? '' : 'staged';
    this.#barrier = this.#readsWhatItWrites() ? 'workgroupBarrier(); storageBarrier();' : 'workgroupBarrier();';
  }

  build(): { readonly shader: Shader; readonly bindings: Bindings } {
    const shader = this.#shader;
    const { layout } = this.#whole;
    const { first, count, batch } = this.#sizes;
    const from = shader.let('from', `(group.y * groups.x + group.x) * ${layout.rows}u`);
    this.#start(from);
    shader.line(this.#barrier);
    shader.loop('n', '0u', count, '1u', (n) => {
      const time = shader.let('time', timeText(this.#sizes, `(${first} + ${n})`));
      const cell = shader.let('cell', `${time} * ${batch} + ${from}`);
      const [now, next] = this.#hasTwoSlots() ? [shader.let('now', `${n} & 1u`), shader.let('next', `1u - (${n} & 1u)`)] : ['0u', '0u'];
      const room = this.#room(now, next);
      const at = (local: string, channel: string): Cursor => ({ cell: `(${plus(cell, local)})`, time, row: `(${plus(from, local)})`, local, channel });
      for (const stage of this.#whole.parts) this.#stage(stage, room, at);
    });
    this.#end(from);
    return { shader: shader.build([layout.threads]), bindings: this.#bindings };
  }

  // Loads and stores of states.

  #start(from: string): void {
    const { scene, from: initial } = this.#whole;
    const room = this.#room('0u', '0u');
    scene.step.states.forEach(({ width }, k) => this.#rows(width, from, (cursor) => {
      room.store({ kind: 'next', index: k, offset: 0, width }, cursor, this.#bindings.element(initial[k] as Region, `${cursor.row} * ${width}u + ${cursor.channel}`));
    }));
  }

  #end(from: string): void {
    const { scene, to } = this.#whole;
    const room = this.#room(`(${this.#sizes.count} & 1u)`, '0u');
    scene.step.states.forEach(({ width }, k) => this.#rows(width, from, (cursor) => {
      this.#shader.line(`${this.#bindings.element(to[k] as Region, `${cursor.row} * ${width}u + ${cursor.channel}`)} = ${room.load({ kind: 'state', index: k, offset: 0, width }, cursor, width)};`);
    }));
  }

  // Every channel of the rows that exist.
  #rows(width: number, from: string, body: (cursor: Cursor) => void, at?: (local: string, channel: string) => Cursor): void {
    const shader = this.#shader;
    const { rows, threads } = this.#whole.layout;
    const element = (local: string, channel: string): void => {
      const cursor = at?.(local, channel) ?? { cell: '0u', time: '0u', row: `(${plus(from, local)})`, local, channel };
      shader.block(`if (${cursor.row} < ${this.#sizes.batch})`, () => body(cursor));
    };
    shader.loop('i', 'local.x', `${rows * width}u`, `${threads}u`, (i) => {
      if (rows === 1) element('0u', i);
      else element(shader.let('r', `${i} / ${width}u`), width === 1 ? '0u' : shader.let('c', `${i} % ${width}u`));
    });
  }

  // Stages.

  #stage(stage: readonly Part[], room: Room, at: (local: string, channel: string) => Cursor): void {
    const shader = this.#shader;
    const { scene: { step, masked }, layout } = this.#whole;
    stage.forEach((part, k) => {
      if (k > 0 && !(part.kind === 'map' && stage[k - 1]?.kind === 'map')) shader.line(this.#barrier);
      switch (part.kind) {
        case 'tile': this.#tile(part, room, at); break;
        case 'means': emitMeans({ shader, room, rows: layout.rows, threads: layout.threads, means: part.means, partial: this.#partial, at, exists: ({ row }) => `${row} < ${this.#sizes.batch}` }); break;
        case 'map': this.#rows(part.map.width, '', (cursor) => emitPointwise(shader, room, cursor, { step, map: part.map, masked }), at); break;
      }
    });
    shader.line(this.#barrier);
  }

  #tile(part: TilePart, room: Room, at: (local: string, channel: string) => Cursor): void {
    const shader = this.#shader;
    const { scene: { step, masked }, packing, layout } = this.#whole;
    const tile = layout.tiles.get(part);
    if (tile === undefined || packing.region === undefined) throw new RangeError('scan: a part of the loop has no place in the layout.');
    const job = (unit: string): TileJob => ({
      shader, room, tile, threads: layout.threads, products: part.products, width: part.width, weights: this.#bindings.array(packing.region as Region), unit,
      partial: this.#partial, staged: this.#staged, stagedVectors: layout.stagedVectors, at,
    });
    if (tile.lanes * tile.columns >= part.width) emitTilePart(shader, job('0u'), part, { step, masked });
    else shader.loop('unit', '0u', `${part.width}u`, `${tile.lanes * tile.columns}u`, (unit) => {
      emitTilePart(shader, job(unit), part, { step, masked });
      shader.line('workgroupBarrier();');
    });
  }

  #room(now: string, next: string): Room {
    const { scene: { regions }, packing } = this.#whole;
    const vectors = packing.region === undefined ? undefined : { array: this.#bindings.array(packing.region), from: packing.vectors, format: packing.format };
    const around: Surroundings = { shader: this.#shader, regions, bindings: this.#bindings, sizes: this.#sizes, now, next, residents: this.#residents, vectors };
    return new Room(around);
  }

  #hasTwoSlots(): boolean {
    const { scene: { step } } = this.#whole;
    return step.states.some((_, index) => this.#residents.get(residentKey({ kind: 'state', index }))?.slots !== 1);
  }

  // Whether something goes through buffers from one part of the workgroup to another.
  #readsWhatItWrites(): boolean {
    const { reads, writes } = this.#whole.uses;
    return [...reads].some((region) => writes.has(region));
  }
}
